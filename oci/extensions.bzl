"""The module extension `oci`: base images from registries.

```starlark
oci = use_extension("@rules_strata//oci:extensions.bzl", "oci")
oci.pull(
    name = "debian",
    digest = "sha256:…",
    image = "docker.io/library/debian",
    platforms = ["linux/amd64", "linux/arm64/v8"],
)
use_repo(oci, "debian")
```

See docs/pull.md.
"""

load("//oci/private/pull:declare.bzl", "declare_all")

visibility("public")

_pull = tag_class(
    doc = """Declares the repositories of an image. None of them asks a registry before something uses it.

- `@name`: `@name` itself is the image for the target platform; `@name//:any` is what the oci.pull names as a whole, an index
  where it names several platforms; `bazel run @name//:load` loads it, and `@name//:inspect` shows what is in it;
  `@name//:digest` is a file that holds the digest.
- `@name_linux_amd64`, `@name_linux_arm64_v8`, …: the image of one platform. Without `platforms`: `@name_single`.
""",
    attrs = {
        "bazel_tags": attr.string_list(doc = "Tags of the targets in the repositories."),
        "config": attr.label(
            doc = """A file like docker's `config.json`, the only one to look for credentials in. Default: those that docker and podman
use (docs/pull.md).""",
            allow_single_file = True,
        ),
        "digest": attr.string(doc = "`sha256:…` of the manifest or index. Decides where there is a tag, too."),
        "image": attr.string(
            doc = """`[registry/]repository[:tag][@digest]`, as for `docker pull`. `http://` in front for a registry that speaks plain
HTTP; loopback and `*.localhost` need none. Either this, or registry and repository.""",
        ),
        "layers": attr.string(
            doc = """`lazy`: manifest and config are fetched, and a layer only by a layout, an archive or a listing that needs its bytes; a push or a
load gets it straight from the registry. `eager`: the layers are fetched with the manifest, into the repository cache, from
which everything builds with the network off.""",
            default = "lazy",
            values = ["eager", "lazy"],
        ),
        "mirrors": attr.string_list(
            doc = """Registries that are asked before the image's own, in this order: `[http://]host[:port][/prefix]`. The image is there
under the prefix and its own repository.""",
        ),
        "name": attr.string(
            doc = "Name of the repository.",
            mandatory = True,
        ),
        "platforms": attr.string_list(
            doc = """`os/architecture[/variant]`, such as `linux/arm64/v8`. Needed for an image of several platforms: without, the error
lists them.""",
        ),
        "registry": attr.string(doc = "Such as `gcr.io`; with repository, instead of image."),
        "repository": attr.string(doc = "Such as `distroless/static`."),
        "reproducible": attr.bool(
            doc = "False: a tag without a digest is meant to move, and nothing is printed of how to pin it.",
            default = True,
        ),
        "tag": attr.string(doc = "With a digest, it is there for people and for tools that update the digest."),
        "www_authenticate_challenges": attr.string_dict(
            doc = """The header WWW-Authenticate by registry, such as `{"registry.corp": 'Bearer realm="https://auth.corp/token",service="registry.corp"'}`.
A key `.corp` stands for all registries below it, `{registry}` and `{repository}` in the header for those. It saves the request
that would find that out, and nothing else.""",
        ),
    },
)

_toolchains = tag_class(
    doc = "Accepted and ignored, for files written for rules_oci: rules_strata registers its toolchains itself.",
    attrs = {
        "crane_version": attr.string(doc = "Ignored."),
        "name": attr.string(
            doc = "Prefix of the empty repositories `<name>_crane_toolchains`, … that `use_repo` and `register_toolchains` may name.",
            default = "oci",
        ),
        "zot_version": attr.string(doc = "Ignored."),
    },
)

def _oci_impl(module_ctx):
    declare_all(module_ctx.modules)

    # Everything follows from the tags, so there is nothing to keep in a lock file. Which repositories are direct dependencies
    # is left open: with or without those of single platforms, use_repo is right.
    return module_ctx.extension_metadata(reproducible = True)

oci = module_extension(
    implementation = _oci_impl,
    doc = "Base images from registries: docs/pull.md.",
    tag_classes = {
        "pull": _pull,
        "toolchains": _toolchains,
    },
)
