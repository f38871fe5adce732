"""Links that are directories to whoever installs something below them: Debian's, since /usr was merged."""

visibility("//oci/...")

# What oci_rootfs writes, and what oci_debs follows, unless they are told otherwise.
ROOTFS_LINKS = {
    "/bin": "usr/bin",
    "/lib": "usr/lib",
    "/lib64": "usr/lib64",
    "/sbin": "usr/sbin",
    "/var/lock": "/run/lock",
    "/var/run": "/run",
}

def check_links(label, links):
    """Fails unless links are paths to targets that tools agree about.

    Args:
      label: string. The target, for messages.
      links: dict of path in the image to target.
    """
    for path, target in links.items():
        for text in (path, target):
            parts = text.strip("/").split("/")
            if "" in parts or "." in parts or ".." in parts or "=" in text or "\n" in text:
                fail("%s: links: %r to %r. Write paths as \"/bin\" and targets as \"usr/bin\" or \"/usr/bin\", without `.`, `..` and `=`." % (label, path, target))

def link_target(path, target):
    """Where a link leads.

    Args:
      path: string. Where the link is.
      target: string, absolute or relative to the link's directory.

    Returns:
      string. The path in the image, absolute.
    """
    if target.startswith("/"):
        return target
    return "/%s/%s" % (path.strip("/").rpartition("/")[0], target) if "/" in path.strip("/") else "/" + target
