"""Paths of the package store: one folder a package, in which it lies next to links to what it depends on."""

STORE = ".aspect_rules_js"

def store_name(key):
    """The folder of a package in the store.

    Args:
      key: `name@version`.

    Returns:
      The key, without slashes.
    """
    return key.replace("/", "+")

def store_path(key, package):
    """Where a package, or the link to one, lies in the store's folder of another.

    Args:
      key: `name@version` of the package whose folder it is.
      package: name of the package to be found there.

    Returns:
      A path below the Bazel package that has the store.
    """
    return "node_modules/{}/{}/node_modules/{}".format(STORE, store_name(key), package)

def _relative(path, target):
    """The shortest way to one path from another, both below the same folder."""
    above, below = path.split("/")[:-1], target.split("/")
    for _ in range(len(above)):
        if above and below and above[0] == below[0]:
            above, below = above[1:], below[1:]
    return "/".join([".."] * len(above) + below)

def link(ctx, path, target):
    """Declares a link to a path of the same Bazel package, which need not be there yet.

    Args:
      ctx: the rule's context.
      path: where the link is, below the Bazel package.
      target: where it leads, below the Bazel package.

    Returns:
      The link's File.
    """
    output = ctx.actions.declare_symlink(path)
    ctx.actions.symlink(output = output, target_path = _relative(path, target))
    return output
