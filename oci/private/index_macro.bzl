"""oci_image_index: the macro over oci_image_index_rule, with its helper targets."""

load(":index.bzl", "oci_image_index_rule")
load(":inspect.bzl", "inspect_target")
load(":macros.bzl", "common_attributes", "digest_target", "route")
load(":run_macros.bzl", "run_targets")

visibility("//oci/...")

def oci_image_index(name, *, images, annotations = None, repo_tags = None, repository = None, **kwargs):
    """An OCI image index: images of several platforms under one name.

    ```starlark
    oci_image_index(
        name = "index",
        images = [":image"],
        platforms = [":linux_amd64", ":linux_arm64"],  # builds :image for each
    )
    ```

    Targets: `<name>`, an OCI image layout directory with all images; `<name>.digest`, a file that holds `sha256:…`;
    `<name>.inspect`, which shows what is in it; `<name>.load` where repo_tags is given, `<name>.push` where repository is.

    Args:
      name: string.
      images: labels of `oci_image` or `oci_image_index` targets. With `platforms`, one `oci_image`, which is built for each.
      annotations: dict, or label of a file of `KEY=VALUE` lines.
      repo_tags: list of strings, or label of a file: the names that `<name>.load` gives the image.
      repository: string: where `<name>.push` pushes to.
      **kwargs: further attributes of oci_image_index_rule (platforms), and those common to all rules.
    """
    common = common_attributes(kwargs)
    route(kwargs, "annotations", annotations)
    oci_image_index_rule(name = name, images = images, **(kwargs | common))
    digest_target(name, common)
    inspect_target(name, common)
    run_targets(name, repo_tags = repo_tags, repository = repository, common = common)
