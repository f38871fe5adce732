"""What an image takes over from the binary that it starts."""

load(":providers.bzl", "BinaryConfigInfo")

visibility("//oci/...")

def binary_config(ctx, spec):
    """Puts what a binary says where an image's attributes say nothing.

    Args:
      ctx: the image's context, with `binary`.
      spec: dict. What the attributes say.

    Returns:
      dict.
    """
    config = ctx.attr.binary[BinaryConfigInfo]
    below = {}
    if spec["entrypoint"] == None and not ctx.file.entrypoint:
        below["entrypoint"] = list(config.entrypoint)
        if spec["cmd"] == None and not ctx.file.cmd:
            below["cmd"] = list(config.cmd)

    # The variables of the image come after these, and may refer to them.
    below["binary_env"] = config.env.items()
    if not spec["workdir"]:
        below["workdir"] = config.workdir
    return spec | below
