"""The shapes that are compared. Each package of this module holds one of them, so that no output is shared."""

load("@rules_strata//oci:defs.bzl", "oci_image", "oci_layer")
load(":peer.bzl", "bsdtar", "peer_image")

def _tars(name, folder, numbers, gzip):
    for number in numbers:
        bsdtar(
            name = "%s_%d" % (name, number),
            srcs = ["//inputs:%s_%d" % (folder, number)],
            gzip = gzip,
        )

def _layers(name, folder, numbers, gzip):
    for number in numbers:
        oci_layer(
            name = "%s_%d" % (name, number),
            srcs = ["//inputs:%s_%d" % (folder, number)],
            compression = "gzip" if gzip else "none",
        )

def _image(name, shape, tars):
    if shape in ("copies", "links"):
        peer_image(name = name, links = shape == "links", tars = tars)
        return
    oci_image(
        name = name,
        architecture = "amd64",
        compression = "keep",  # The tars are what they are in the other shapes.
        os = "linux",
        repository = "localhost/images/" + name,
        tars = tars,
    )

# buildifier: disable=unnamed-macro
def large_image(shape, gzip, layers):
    """One image, `:image`.

    Args:
      shape: `layers` (oci_layer and oci_image), `tars` (bsdtar and oci_image), `copies` or `links` (bsdtar, and the
        layout of rules_oci's shape).
      gzip: bool. Whether layers are compressed.
      layers: int. How many there are.
    """
    make = _layers if shape == "layers" else _tars
    make("layer", "layers", range(layers), gzip)
    _image("image", shape, [":layer_%d" % number for number in range(layers)])

# buildifier: disable=unnamed-macro
def many_images(shape, images, shared):
    """Many images, `:image_<number>`, that share all layers but the topmost.

    Args:
      shape: as of large_image.
      images: int. How many there are.
      shared: int. How many layers they share.
    """
    make = _layers if shape == "layers" else _tars
    make("layer", "small", range(shared + images), False)
    for number in range(images):
        tars = [":layer_%d" % layer for layer in list(range(shared)) + [shared + number]]
        _image("image_%d" % number, shape, tars)
