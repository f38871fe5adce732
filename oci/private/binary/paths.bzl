"""Where a binary goes in the image."""

visibility("//oci/...")

def image_path(label, attribute, path):
    """A directory that a user names.

    Args:
      label: string. The target, for messages.
      attribute: string. Where it is named, for messages.
      path: string: ``, `/`, `app`, `./app`, `/app` and `/app/` are all understood.

    Returns:
      string. Empty for the root of the image, else absolute, without a slash at its end.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        fail("%s: %s is %r, and no path in an image leads out of a directory: write it without `..`." % (label, attribute, path))
    return "".join(["/" + part for part in parts])
