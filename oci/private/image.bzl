"""oci_image_rule: layers and a config as an image."""

load("//oci:providers.bzl", "OciImageInfo", "OciLayersInfo")
load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE", "PACK_TOOLCHAIN_TYPE")
load("//oci/private/actions:manifests.bzl", "write_manifest")
load("//oci/private/actions:run.bzl", "new_arguments")
load("//oci/private/binary:config.bzl", "binary_config")
load("//oci/private/binary:providers.bzl", "BinaryConfigInfo")
load(":base_import.bzl", "base_of")
load(":content.bzl", "content_of")
load(":declared.bzl", "declare_in_strata")
load(":expansion.bzl", "expand_make", "placeholders_of", "status_files_of")
load(":image_attrs.bzl", "IMAGE_ATTRS")
load(":image_groups.bzl", "IMAGE_GROUPS_DOC", "image_groups", "image_outputs")
load(":image_platform.bzl", "check_layers", "image_platform")
load(":labels.bzl", "display_label")
load(":resource_sets.bzl", "resource_set")
load(":stacking.bzl", "check_stacking")
load(":tar_import.bzl", "layers_of")
load(":transition.bzl", "platform_transition")

visibility("//oci/...")

# Attributes with a file form beside the literal one, and the flag of assemble that takes the file.
_FILE_FORMS = ["annotations", "cmd", "created", "entrypoint", "env", "exposed_ports", "labels", "volumes"]

def _texts(ctx, values):
    return [expand_make(ctx, value) for value in values] or None

def _map(ctx, values):
    return {key: expand_make(ctx, value) for key, value in values.items()} or None

def _list(ctx, name):
    """None inherits, [] unsets: Starlark attributes can't tell them apart, so `unset` does."""
    values = getattr(ctx.attr, name + "_list")
    if values and name in ctx.attr.unset:
        fail("%s: %s is both set and unset" % (ctx.label, name))
    return [] if name in ctx.attr.unset else _texts(ctx, values)

def _healthcheck(ctx):
    if not ctx.attr.healthcheck:
        return None
    healthcheck = json.decode(ctx.attr.healthcheck)
    if type(healthcheck) != "dict" or type(healthcheck.get("test", [])) != "list":
        fail('%s: healthcheck must be a JSON object such as {"test": ["CMD", "/bin/check"]}, not %s' % (ctx.label, ctx.attr.healthcheck))
    if "test" in healthcheck:
        # What is no string assemble refuses.
        healthcheck["test"] = [expand_make(ctx, word) if type(word) == "string" else word for word in healthcheck["test"]]
    return healthcheck

def _spec(ctx, label, base, platform):
    spec = _attributes(ctx, label, base, platform)
    return binary_config(ctx, spec) if ctx.attr.binary else spec

def _attributes(ctx, label, base, platform):
    return {
        "annotations": _map(ctx, ctx.attr.annotations_dict),
        "base_reference": getattr(base, "reference", None),
        "built_for": platform.built_for,
        "cmd": _list(ctx, "cmd"),
        "entrypoint": _list(ctx, "entrypoint"),
        "env": [(key, expand_make(ctx, value, in_env = True)) for key, value in ctx.attr.env_dict.items()] or None,
        "expand": placeholders_of(ctx, label),
        "exposed_ports": _texts(ctx, ctx.attr.exposed_ports_list),
        "healthcheck": _healthcheck(ctx),
        "label": label,
        "labels": _map(ctx, ctx.attr.labels_dict),
        "media_types": ctx.attr.media_types,
        "platform": platform.declared,
        "shell": _texts(ctx, ctx.attr.shell),
        "stop_signal": expand_make(ctx, ctx.attr.stop_signal) or None,
        "user": expand_make(ctx, ctx.attr.user) or None,
        "v": 1,
        "volumes": _texts(ctx, ctx.attr.volumes_list),
        "workdir": expand_make(ctx, ctx.attr.workdir) or None,
    }

def _status_files(ctx, spec):
    maps = [dict(spec["env"] or []), spec["labels"] or {}, spec["annotations"] or {}]
    texts = [text for map in maps for text in map.values()]
    return status_files_of(ctx, texts, [ctx.file.env, ctx.file.labels, ctx.file.annotations, ctx.file.created])

def _oci_image_impl(ctx):
    label = display_label(ctx.label)
    base = base_of(ctx)
    layers = layers_of(ctx)
    if ctx.attr.binary:
        layers = layers + ctx.attr.binary[OciLayersInfo].layers.values()
    platform = image_platform(ctx, label, base, layers)
    check_layers(label, platform.name, layers)
    check_stacking(label, base.layers if base else [], layers)

    arguments = new_arguments(ctx)
    arguments.add("manifest")
    spec = _spec(ctx, label, base, platform)
    status_files = _status_files(ctx, spec)
    arguments.add("--spec", json.encode(spec | {"stamp": bool(status_files)}))
    inputs = []
    for name in _FILE_FORMS:
        file = getattr(ctx.file, name)
        if file:
            arguments.add("--%s-file" % name.replace("_", "-"), file)
            inputs.append(file)
    if ctx.attr.binary:
        env_files = list(ctx.attr.binary[BinaryConfigInfo].env_files)
        arguments.add_all(env_files, before_each = "--binary-env-file")
        inputs.extend(env_files)
    if ctx.file.config:
        arguments.add("--config-fragment", ctx.file.config)
        inputs.append(ctx.file.config)

    outputs = declare_in_strata(ctx, {
        "config": "config.json",
        "descriptor": "descriptor.json",
        "digest": "digest",
        "manifest": "manifest.json",
    })
    write_manifest(
        ctx,
        arguments = arguments,
        inputs = inputs,
        status_files = status_files,
        base = base,
        layers = layers,
        **outputs
    )

    image = OciImageInfo(
        label = label,
        layers = tuple(base.layers if base else ()) + tuple(layers),
        blob_trees = base.blob_trees if base else depset(),
        sources = base.sources if base else depset(),
        platform = platform.name,
        **outputs
    )
    content = content_of(image)
    return image_outputs(
        ctx,
        image = image,
        content = content,
        groups = image_groups(ctx, image = image, content = content),
        resource_set = resource_set(ctx),
    )

oci_image_rule = rule(
    implementation = _oci_image_impl,
    doc = """An OCI image. `oci_image` is the macro that most people want.

Default output: an OCI image layout directory, made only where it is asked for; pushing and loading don't need it.
Output groups: `manifest`, `config`, `digest`; and, each made only where it is asked for, %s

A directory of a layer replaces a symbolic link that a lower layer has at the same path, on every container runtime:
`/bin/tool` over a base with `/bin -> usr/bin` hides all of the base's programs. The build warns where the layers below
are of this build, and names the place to use instead. Who means it deletes the link first, by the `whiteouts` of a layer
between.
""" % IMAGE_GROUPS_DOC,
    attrs = IMAGE_ATTRS,
    cfg = platform_transition,
    provides = [OciImageInfo],
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE, PACK_TOOLCHAIN_TYPE],
)
