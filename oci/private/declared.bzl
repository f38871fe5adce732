"""Where targets declare outputs beside their default one."""

visibility("//oci/...")

def declare_in_strata(ctx, names):
    """Declares outputs in `<name>.strata/`, the folder that each target has for itself.

    Args:
      ctx: the rule's context.
      names: dict from what a file is, such as `digest`, to its name.

    Returns:
      dict from the same to File.
    """
    return {
        what: ctx.actions.declare_file("%s.strata/%s" % (ctx.label.name, name))
        for what, name in names.items()
    }
