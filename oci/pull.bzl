"""oci_pull: what `oci.pull` does, for a module extension of your own.

```starlark
load("@rules_strata//oci:pull.bzl", "oci_pull")

def _images_impl(module_ctx):
    oci_pull(
        name = "debian",
        digest = "sha256:…",
        image = "docker.io/library/debian",
        platforms = ["linux/amd64", "linux/arm64/v8"],
    )

images = module_extension(implementation = _images_impl)
```

Most people want the extension itself (extensions.bzl), of which this is the body.
"""

load("//oci/private/pull:declare.bzl", "declare_pull")

visibility("public")

# buildifier: disable=unused-variable
def oci_pull(
        name,
        *,
        image = "",
        registry = "",
        repository = "",
        digest = "",
        tag = "",
        platforms = [],
        reproducible = True,
        config = None,
        bazel_tags = [],
        www_authenticate_challenges = {},
        mirrors = [],
        layers = "lazy",
        is_bzlmod = True):
    """Declares the repositories of an image, `@name` and one for each platform: see `oci.pull`.

    Args:
      name: string. Name of the repository.
      image: string. `[registry/]repository[:tag][@digest]`; or registry and repository.
      registry: string.
      repository: string.
      digest: string. `sha256:…` of the manifest or index.
      tag: string.
      platforms: list of strings, `os/architecture[/variant]`.
      reproducible: bool. False: nothing is printed of how to pin a tag.
      config: label or None. A file like docker's `config.json`.
      bazel_tags: list of strings. Tags of the targets in the repositories.
      www_authenticate_challenges: dict of registry to its header WWW-Authenticate.
      mirrors: list of strings. Registries that are asked before the image's own.
      layers: `lazy` or `eager`.
      is_bzlmod: passed over, for files written for rules_oci.
    """
    declare_pull(struct(
        name = name,
        bazel_tags = bazel_tags or [],
        config = config,
        digest = digest or "",
        image = image or "",
        layers = layers,
        mirrors = mirrors,
        platforms = platforms or [],
        registry = registry or "",
        repository = repository or "",
        reproducible = reproducible,
        tag = tag or "",
        www_authenticate_challenges = www_authenticate_challenges or {},
    ))
