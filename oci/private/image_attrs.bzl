"""The attributes of oci_image_rule.

Where an attribute has two forms, the file form has the name that rules_oci's rule gives it and the literal form ends in
`_list` or `_dict`; the macro `oci_image` picks. With a `select`, which no macro can look into, name the form yourself.

In every string of the config, `$(VAR)` stands for a make variable that is defined, and `$(location …)`, `$(rootpath …)` and
`$(rlocationpath …)` for paths of `data`; any other dollar stays. `$$(VAR)` is the text `$(VAR)`.
"""

load("//oci:providers.bzl", "OciLayersInfo")
load("//oci/private/binary:providers.bzl", "BinaryConfigInfo")
load(":base_import.bzl", "base_import_aspect")
load(":expansion.bzl", "EXPANSION_ATTRS")
load(":resource_sets.bzl", "RESOURCE_SET_ATTRS")
load(":tar_import.bzl", "COMPRESSIONS", "tar_import_aspect")
load(":target_platform.bzl", "PLATFORM_ATTRS")
load(":transition.bzl", "platform_attr")

visibility("//oci/...")

def _file(doc):
    return attr.label(doc = doc, allow_single_file = True)

_LAYERS = {
    "base": attr.label(
        doc = """The image to build on: an `oci_image`, an `oci_import`, or any target whose one output is an OCI image layout
directory or an archive of `docker save` or of such a layout, plain or compressed with gzip or zstd, told by its bytes. Of
an `oci_image_index`, and where a layout or an archive holds images of several platforms, the one for the target platform
is taken. Default: from scratch.""",
        allow_files = True,
        aspects = [base_import_aspect],
    ),
    "binary": attr.label(
        doc = """The layers of a binary, such as `<name>.layers` of a language's image. They go on top of `tars`, and entrypoint, cmd,
env and workdir are what starts it where they aren't set here; an entrypoint set here goes without the binary's cmd.""",
        providers = [OciLayersInfo, BinaryConfigInfo],
    ),
    "compression": attr.string(
        doc = """How `tars` that no `oci_layer` made are stored. `auto` compresses with gzip what isn't compressed and keeps
the rest (a plain tar that is named `.gz`, `.tgz`, `.zst` or `.tzst` stays, with a warning); `keep` keeps all; `gzip`, `zstd` and `none` convert. The tar inside stays the same, and so does its diff_id.""",
        default = "auto",
        values = COMPRESSIONS,
    ),
    "compression_level": attr.int(
        doc = "1 to 12 with gzip, 1 to 22 with zstd; -1 is the default level.",
        default = -1,
        values = list(range(-1, 23)),
    ),
    "tars": attr.label_list(
        doc = """The layers on top of base, lowest first: `oci_layer` targets, or tar files, plain or compressed with gzip
or zstd. What a file is, is told by its bytes.""",
        allow_files = True,
        aspects = [tar_import_aspect],
    ),
}

_PLATFORM = {
    "architecture": attr.string(doc = "CPU architecture as GOARCH names it, such as `amd64`. Required without base and `platform`, unless a layer says what it is for; an error with base."),
    "os": attr.string(doc = "Operating system as GOOS names it, such as `linux`. Required as architecture is."),
    "os_features": attr.string_list(doc = "Features of the operating system that the image needs (Windows: `win32k`)."),
    "os_version": attr.string(doc = "Version of the operating system that the image needs (Windows)."),
    "platform": platform_attr("""The platform to build the image for, with all that is in it: a `platform` target, such as one with
`@platforms//os:linux` and `@platforms//cpu:arm64`. Without base it also says os and architecture, where those are left out.
A `select()` here is resolved once for the platform before and once for the one after: where it then says None, os and
architecture aren't known from it. Default: the target platform, as it is. On a Mac, or anywhere else where that isn't Linux, programs that are compiled for an
image need one (or `--platforms`); files that aren't compiled don't."""),
    "variant": attr.string(doc = "Variant of the CPU, such as `v8`. An error with base."),
}

_CONFIG = {
    "annotations": _file("Annotations of the manifest, one `KEY=VALUE` a line."),
    "annotations_dict": attr.string_dict(doc = "Annotations of the manifest, merged over those of base."),
    "cmd": _file("Default arguments, one a line."),
    "cmd_list": attr.string_list(doc = "Default arguments. `BASE` stands for those of base."),
    "config": attr.label(
        doc = "A JSON file merged into the image config below the attributes, for fields that they lack.",
        allow_single_file = [".json"],
    ),
    "created": _file("Holds the image's creation time (RFC 3339). Default: 1970-01-01T00:00:00Z, so that it is reproducible. With `expand`, it may hold `{BUILD_TIMESTAMP}`."),
    "entrypoint": _file("The program to run and its first arguments, one a line."),
    "entrypoint_list": attr.string_list(doc = "The program to run and its first arguments. Clears an inherited cmd. `BASE` stands for those of base."),
    "env": _file("Environment variables, one `KEY=VALUE` a line; of a variable that is there twice, the later line counts."),
    "env_dict": attr.string_dict(doc = "Environment variables, merged over those of base. `$K` and `${K}` expand from base and earlier entries; `$$` is a dollar."),
    "exposed_ports": _file("Ports, one a line, or with commas between them."),
    "exposed_ports_list": attr.string_list(doc = "Ports that the image listens on, such as `8080` or `53/udp`, added to those of base."),
    "healthcheck": attr.string(doc = "JSON object: `test` (list), `interval`, `timeout`, `start_period` (such as `30s`), `retries`. Docker only."),
    "labels": _file("Labels of the config, one `KEY=VALUE` a line."),
    "labels_dict": attr.string_dict(doc = "Labels of the config, merged over those of base."),
    "media_types": attr.string(
        doc = "Family of media types: `base` keeps that of the base (OCI from scratch); `oci`; `docker`. Layers of zstd need OCI.",
        default = "base",
        values = ["base", "oci", "docker"],
    ),
    "shell": attr.string_list(doc = "The shell of the shell form of commands. Docker only."),
    "stop_signal": attr.string(doc = "Signal that stops the container, such as `SIGINT`."),
    "unset": attr.string_list(doc = "Which of `cmd` and `entrypoint` are emptied rather than inherited. The macro puts here what is given as `[]`."),
    "user": attr.string(doc = "User to run as: `user`, `uid`, `user:group` or `uid:gid`."),
    "volumes": _file("Volumes, one a line, or with commas between them."),
    "volumes_list": attr.string_list(doc = "Paths that hold data of their own, added to those of base."),
    "workdir": attr.string(doc = "Working directory, absolute."),
}

IMAGE_ATTRS = _LAYERS | _PLATFORM | _CONFIG | EXPANSION_ATTRS | PLATFORM_ATTRS | RESOURCE_SET_ATTRS
