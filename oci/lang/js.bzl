"""js_image_layer and js_image: a program of aspect_rules_js as layers, and as an image.

js_image_layer is attribute for attribute that of aspect_rules_js, which is read for facts and never loaded: all that is known of a
js_binary are its paths and the text of its launcher.
"""

load("//oci/private:labels.bzl", "display_label")
load("//oci/private/binary:binary.bzl", "binary_of")
load("//oci/private/binary:groups.bzl", "regex_group", "rest_group")
load("//oci/private/binary:image.bzl", "language_image")
load("//oci/private/binary:layers.bzl", "binary_layers_rule", "layer_providers")

visibility("//oci/...")

# As aspect_rules_js has them; of `node`, what its versions 2 and 3 call the scripts that Node loads first. What is in none is `app`.
_GROUPS = {
    "node": "/js/private/node-patches/|/js/private/node-bootstrap/|/bin/nodejs/",
    "package_store_3p": "/\\.aspect_rules_js/(?!.*@0\\.0\\.0).*/node_modules",
    "package_store_1p": "\\.aspect_rules_js/.*@0\\.0\\.0/node_modules",
    "node_modules": "/node_modules/",
}

_LAYERS = _GROUPS.keys() + ["app"]

# A toolchain may have Node anywhere. The other file of that name is the script by which programs start it, in js/private/node_bin or
# (2.x) <name>_node_bin.
_NODE = "(?<!node_bin)/node$"

def _check_names(label, layer_groups):
    for name in layer_groups:
        if not name or name[0].isdigit() or not name.replace("_", "a").isalnum():
            fail("%s: layer_groups: %r is no name of a group, which is one of an output group as well. Names are of letters, digits and _, and start with no digit, such as \"big_packages\"." % (
                label,
                name,
            ))

def _check_mode(label, attribute, mode):
    if not mode or len(mode) > 4 or mode.strip("01234567"):
        fail("%s: %s is %r, and must be octal, from \"0000\" to \"7777\", such as \"0555\"." % (label, attribute, mode))

def _launcher(ctx, path, target):
    """The launcher at a path, changed so that it runs where there is no output tree, and is the same whoever builds it."""
    launcher = ctx.actions.declare_file(ctx.label.name + ".strata/launcher" + path)
    template = target[DefaultInfo].files_to_run.executable
    bindirs = {directory: None for directory in (template.root.path, ctx.bin_dir.path)}
    ctx.actions.expand_template(
        template = template,
        output = launcher,
        substitutions = {
            "#!/usr/bin/env bash\n": "#!/usr/bin/env bash\n\n# Set for an image: stay in the working directory.\nexport BAZEL_BINDIR=.\n",
            "export JS_BINARY__TARGET_CPU=\"%s\"" % ctx.var["TARGET_CPU"]: "export JS_BINARY__TARGET_CPU=\"$(uname -m)\"",
        } | {
            "export JS_BINARY__BINDIR=\"%s\"" % bindir: "export JS_BINARY__BINDIR=\"$(pwd)\""
            for bindir in bindirs
        },
        is_executable = True,
    )
    return launcher

def _js_layers_impl(ctx):
    label = display_label(ctx.label)
    _check_names(label, ctx.attr.layer_groups)
    _check_mode(label, "directory_mode", ctx.attr.directory_mode)
    _check_mode(label, "file_mode", ctx.attr.file_mode)
    binary = binary_of(ctx)
    needs_node = None if ctx.attr.node_in_base else struct(
        regex = _NODE,
        message = "%s: the runfiles of %s hold no Node, so that nothing in the image could run it. Build it with a Node toolchain that brings Node (`node`, not a path of some machine), or set node_in_base = True where the base has Node at that path." % (
            label,
            display_label(binary.target.label),
        ),
    )
    return layer_providers(
        ctx,
        binary,
        groups = [
            regex_group(name, regex, expect = needs_node if name == "node" else None)
            for name, regex in _GROUPS.items()
        ] + [rest_group("app")],
        entrypoint = [binary.path],
        launchers = {path: _launcher(ctx, path, target) for path, target in binary.placed.items()},
    )

_ATTRS = {
    "directory_mode": attr.string(
        doc = "Mode of directories, octal, but for /tmp, /var/tmp and /root.",
        default = "0755",
    ),
    "file_mode": attr.string(
        doc = "Mode of files, octal.",
        default = "0555",
    ),
    "node_in_base": attr.bool(
        doc = "Whether the base has Node, at the path that the toolchain says. Else it is an error if the runfiles hold none.",
    ),
    "preserve_symlinks": attr.string(
        doc = """ECMAScript regex, matched as those of layer_groups are. A link at a path that it matches stays one, relative, also
where it leads into another layer; elsewhere links become what they lead to.""",
        default = ".*/node_modules/.*",
    ),
}

js_layers = binary_layers_rule(
    implementation = _js_layers_impl,
    doc = """The layers of a program of aspect_rules_js, lowest first: `node`, `package_store_3p` (packages from elsewhere),
`package_store_1p` (those of this repository), `node_modules` (links to both) and `app`.

All five are there, even if empty, below those that `layer_groups` adds. Each is an output group.""",
    attrs = _ATTRS,
)

def js_image_layer(name, binary, generate_empty_layers = None, **kwargs):  # buildifier: disable=unused-variable
    """Layers of a program of aspect_rules_js: its rule of that name, to be loaded from here instead.

    ```starlark
    js_binary(name = "bin", entry_point = "main.js")

    js_image_layer(name = "layers", binary = ":bin", root = "/app")

    oci_image(
        name = "image",
        base = "@debian",
        cmd = ["/app/bin"],
        entrypoint = ["bash"],
        tars = [":layers"],
        workdir = "/app/bin.runfiles/_main",
    )
    ```

    The launcher is at `<root>/<package>/<name of the binary>`, and needs Bash, `uname` and `dirname` of the base. Its runfiles are beside
    it. The layers are the default outputs, lowest first, and an output group each: `node`, `package_store_3p`, `package_store_1p`,
    `node_modules`, `app`.

    docs/languages/js.md says what goes where, and what differs from aspect_rules_js.

    Args:
      name: string.
      binary: label of a `js_binary`.
      generate_empty_layers: bool. No effect, as in aspect_rules_js: all layers are there anyway.
      **kwargs:
        root: string. The directory in the image below which packages are: `app`, `./app` and `/app` are the same. Default: `/`.
        owner: string, `uid:gid`, numbers. Default: `0:0`.
        directory_mode: string, octal. Default: `0755`.
        file_mode: string, octal, of all files. Default: `0555`.
        compression: `gzip`, `zstd` or `none`. Default: `gzip`. Further ones are those of `oci_layer`.
        platform: label of the platform to build the binary for. Default: the target platform.
        preserve_symlinks: string, a regex of paths at which links stay links. Default: `.*/node_modules/.*`.
        layer_groups: dict from name to regex. Further layers, in order, below the others; one with the name of a layer
          that there is anyway takes that one's place. A file is in the first layer whose regex matches it.
        node_in_base: bool. Whether the base has Node, at the path that the toolchain says; without it, a binary without Node
          in its runfiles is an error.
        Attributes common to all rules.
    """
    js_layers(name = name, binaries = [binary], **kwargs)

def js_image(name, **kwargs):
    """An image of a program of aspect_rules_js.

    ```starlark
    js_binary(name = "server", data = [":node_modules"], entry_point = "server.js")

    js_image(name = "image", binary = ":server", base = "@debian")
    ```

    The image starts the launcher, which is a script in Bash: base needs `/usr/bin/env`, `bash`, `uname` and `dirname`, beside what Node
    links (libc, libstdc++). docs/languages/js.md says how to do without.

    Targets and arguments are those of `binary_image`, with the layers of `js_image_layer` and its attributes root, owner, directory_mode,
    file_mode, compression, preserve_symlinks, layer_groups and node_in_base.

    Args:
      name: string.
      **kwargs: as of `binary_image` and `js_image_layer`.
    """
    attributes = {key: kwargs.pop(key) for key in _ATTRS if key in kwargs}
    language_image(name, layers_rule = js_layers, groups = _LAYERS, layers_attributes = attributes, **kwargs)
