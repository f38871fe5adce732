"""The targets that a rule's attributes name, for aspects."""

visibility("//oci/...")

def targets_in(attributes, names):
    """The targets of those attributes that a rule has.

    Args:
      attributes: `ctx.rule.attr`.
      names: list of strings. Attributes of labels, or of lists of them.

    Returns:
      list of Target.
    """
    found = []
    for name in names:
        values = getattr(attributes, name, None)
        found += [value for value in (values if type(values) == "list" else [values]) if type(value) == "Target"]
    return found
