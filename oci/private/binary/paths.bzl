"""Where a binary goes in the image."""

visibility("//oci/...")

def image_root(label, root):
    """The directory below which a binary is placed.

    Args:
      label: string. The target, for messages.
      root: string: ``, `/`, `app`, `./app`, `/app` and `/app/` are all understood.

    Returns:
      string. Empty for the root of the image, else absolute, without a slash at its end.
    """
    parts = [part for part in root.split("/") if part not in ("", ".")]
    if ".." in parts:
        fail("%s: root is %r, and no path in an image leads out of a directory: write it without `..`." % (label, root))
    return "".join(["/" + part for part in parts])
