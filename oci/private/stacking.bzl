"""Whether the layers of an image lie on each other as they were made to."""

visibility("//oci/...")

def check_stacking(label, base_layers, layers):
    """Fails if a layer leaves out what a layer has that is not below it, or that another one may have changed since.

    Args:
      label: string. The image's label, for messages.
      base_layers: list or tuple of OciLayerInfo, those of the base, which have been checked.
      layers: list of OciLayerInfo, those on top, lowest first.
    """
    labels = [layer.label for layer in base_layers]
    for layer in layers:
        if layer.below:
            _check_layer(label, layer, labels)
        labels.append(layer.label)

def _check_layer(label, layer, labels):
    places = []
    for lower in layer.below:
        if lower not in labels:
            fail("%s: its layer %s leaves out what %s has (`below`), which is not below it in this image. Add %s to `tars` before %s, or use a layer without it in `below`." % (
                label,
                layer.label,
                lower,
                lower,
                layer.label,
            ))
        places.append(labels.index(lower))
    if places != sorted(places):
        fail("%s: `below` of its layer %s is %s, and in this image they lie in another order. List them lowest first." % (
            label,
            layer.label,
            ", ".join(layer.below),
        ))
    for between in labels[places[0]:]:
        if between not in layer.below:
            fail("%s: its layer %s leaves out what %s has (`below`), and %s, which lies between them in this image, may change that. Add %s to `below`, or put it elsewhere in `tars`." % (
                label,
                layer.label,
                layer.below[0],
                between,
                between,
            ))
