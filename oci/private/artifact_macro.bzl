"""oci_artifact: the macro over oci_artifact_rule, with its helper targets."""

load(":artifact.bzl", "oci_artifact_rule")
load(":macros.bzl", "common_attributes", "digest_target", "route")
load(":run_macros.bzl", "run_targets")

visibility("//oci/...")

def oci_artifact(name, *, files = None, annotations = None, repository = None, **kwargs):
    """An OCI artifact: files in a registry that are no image, such as a Helm chart, a wasm module, an SBOM.

    ```starlark
    oci_artifact(
        name = "sbom",
        artifact_type = "application/spdx+json",
        files = {"sbom.spdx.json": ":spdx"},
        subject = ":image",
    )
    ```

    `oci_push(image = ":sbom")` pushes it, and `referrers = [":sbom"]` on the push of its subject attaches it there.
    docs/artifacts.md shows charts, modules and attestations.

    Targets: `<name>`, an OCI image layout directory; `<name>.digest`, a file that holds `sha256:…`; `<name>.push` where
    repository is given.

    Args:
      name: string.
      files: dict from title, a relative path, to the label of a file.
      annotations: dict, or label of a file of `KEY=VALUE` lines. They go on the manifest. Make variables expand in a dict. None is
        there unless it is given: neither a time nor anything else that changes from build to build.
      repository: string: where `<name>.push` pushes to.
      **kwargs: artifact_type, config, config_media_type, media_types and subject of oci_artifact_rule, and the attributes common
        to all rules.
    """
    common = common_attributes(kwargs)
    route(kwargs, "annotations", annotations)
    oci_artifact_rule(name = name, files = files or {}, **(kwargs | common))
    digest_target(name, common)
    run_targets(name, repo_tags = None, repository = repository, common = common)
