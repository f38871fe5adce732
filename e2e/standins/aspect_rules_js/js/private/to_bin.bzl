"""Copies source files to the output tree, where the links in it find them."""

def copy_to_bin(ctx, files):
    """Declares copies of source text files at the same place below bazel-bin; outputs are there already.

    Args:
      ctx: the rule's context.
      files: list of Files.

    Returns:
      The list of Files, each in the output tree.
    """
    copied = []
    for file in files:
        if file.is_source:
            copy = ctx.actions.declare_file(file.basename, sibling = file)
            ctx.actions.expand_template(template = file, output = copy, substitutions = {})
            file = copy
        copied.append(file)
    return copied
