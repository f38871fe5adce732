"""Actions that make what layers of a base hold."""

load(":run.bzl", "assemble", "new_arguments")

visibility("//oci/...")

def unpack_debs(ctx, *, label, debs, links, exclude, platform, assumed, keep_mtime, tar):
    """OciDebs: Debian packages to a tar, which OciLayer merges into a layer.

    Args:
      ctx: the rule's context.
      label: string. The layer's target, for messages.
      debs: list of File, in the order in which they are unpacked.
      links: dict of path in the image to target. Directories of packages that are links there.
      exclude: list of string. Globs of paths that are left out.
      platform: string or None. What packages must be for, unless they are for all.
      assumed: bool. Whether that is only what is being built for.
      keep_mtime: bool. Whether files keep their times.
      tar: File, declared.
    """
    arguments = new_arguments(ctx)
    arguments.add("debs")
    arguments.add("--label", label)
    arguments.add_all(debs, before_each = "--deb")
    arguments.add_all(["%s=%s" % link for link in links.items()], before_each = "--link")
    arguments.add_all(exclude, before_each = "--exclude")
    if platform:
        arguments.add("--platform", platform)
        if assumed:
            arguments.add("--platform-is-assumed")
    if keep_mtime:
        arguments.add("--keep-mtime")
    arguments.add("--output", tar)
    assemble(ctx, "OciDebs", "Unpacking packages of", arguments, depset(debs), [tar])

def bundle_certificates(ctx, *, label, sources, bundle):
    """OciCaCerts: files, directories and packages to one file of certificates.

    Args:
      ctx: the rule's context.
      label: string. The layer's target, for messages.
      sources: list of File.
      bundle: File, declared.
    """
    arguments = new_arguments(ctx)
    arguments.add("ca-certs")
    arguments.add("--label", label)
    arguments.add_all(sources, before_each = "--source", expand_directories = False)
    arguments.add("--output", bundle)
    assemble(ctx, "OciCaCerts", "Bundling certificates of", arguments, depset(sources), [bundle])
