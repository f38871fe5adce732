"""oci_import: the macro over oci_import_rule, with its helper targets."""

load(":import.bzl", "oci_import_rule")
load(":inspect.bzl", "inspect_target")
load(":macros.bzl", "common_attributes", "digest_target")
load(":run_macros.bzl", "run_targets")

visibility("//oci/...")

def oci_import(name, *, src, repo_tags = None, repository = None, **kwargs):
    """An image from an archive of `docker save` or of an OCI image layout: to build on, to push, to load.

    ```starlark
    oci_import(
        name = "base",
        src = "base.tar.gz",
    )
    ```

    Targets: `<name>`, an OCI image layout directory; `<name>.digest`, a file that holds `sha256:…`; `<name>.inspect`, which shows
    what is in it; `<name>.load` where repo_tags is given, `<name>.push` where repository is.

    Args:
      name: string.
      src: label of the archive.
      repo_tags: list of strings, or label of a file: the names that `<name>.load` gives the image.
      repository: string: where `<name>.push` pushes to.
      **kwargs: reference, and the attributes common to all rules.
    """
    common = common_attributes(kwargs)
    oci_import_rule(name = name, src = src, **(kwargs | common))
    digest_target(name, common)
    inspect_target(name, common)
    run_targets(name, repo_tags = repo_tags, repository = repository, common = common)
