"""A program as js_binary makes it: the launcher, Node, the package store, and links to what is in it."""

load("//oci:providers.bzl", "OciLayersInfo")

visibility("//oci/tests/...")

_LAUNCHER = """\
#!/usr/bin/env bash
export JS_BINARY__BINDIR="%s"
export JS_BINARY__TARGET_CPU="%s"
"""

def _written(ctx, path):
    file = ctx.actions.declare_file(path)
    ctx.actions.write(file, path)
    return file

def _linked(ctx, path, target):
    link = ctx.actions.declare_symlink(path)
    ctx.actions.symlink(output = link, target_path = target)
    return link

def _package(ctx, path):
    tree = ctx.actions.declare_directory(path)
    ctx.actions.run_shell(
        outputs = [tree],
        command = "cd $1 && mkdir lib && echo x > lib/x.js && echo {} > package.json",
        arguments = [tree.path],
    )
    return tree

def _js_program_impl(ctx):
    launcher = ctx.actions.declare_file("{0}_/{0}".format(ctx.label.name))
    ctx.actions.write(launcher, _LAUNCHER % (ctx.bin_dir.path, ctx.var["TARGET_CPU"]), is_executable = True)
    modules = ctx.label.name + "/node_modules/"
    store = modules + ".aspect_rules_js/"
    files = [
        _written(ctx, ctx.label.name + "/main.js"),
        _written(ctx, ctx.label.name + "/js/private/node_bin/node"),
        _written(ctx, ctx.label.name + "_node_bin/node"),
        _written(ctx, ctx.label.name + "/js/private/node-bootstrap/bootstrap.cjs"),
        _written(ctx, ctx.label.name + "/js/private/node-patches/register.cjs"),
        _written(ctx, ctx.label.name + "/library/index.js"),
        _package(ctx, store + "@a+b@1.0.0/node_modules/@a/b"),
        _package(ctx, store + "c@2.0.0/node_modules/c"),
        _linked(ctx, store + "@a+b@1.0.0/node_modules/c", "../../c@2.0.0/node_modules/c"),
        _linked(ctx, store + "own@0.0.0/node_modules/own", "../../../../library"),
        _linked(ctx, modules + "@a/b", "../.aspect_rules_js/@a+b@1.0.0/node_modules/@a/b"),
        _linked(ctx, modules + "own", ".aspect_rules_js/own@0.0.0/node_modules/own"),
    ]
    if ctx.attr.brings_node:
        files.append(_written(ctx, ctx.label.name + "/bin/nodejs/bin/node"))
    return [DefaultInfo(executable = launcher, runfiles = ctx.runfiles([launcher] + files))]

js_program = rule(
    implementation = _js_program_impl,
    doc = "What js_binary has for outputs and runfiles.",
    attrs = {"brings_node": attr.bool(default = True)},
    executable = True,
)

# Of directories, their attributes are enough.
_LIST = """\
out=$1
shift
while [ $# -gt 0 ]; do
  echo "= $1"
  grep -v -e '^#' -e ' type=dir ' "$2"
  sed -n 's/^[^ ]* type=dir /directories: /p' "$2" | sort -u
  shift 2
done > "$out"
"""

def _listing_impl(ctx):
    layers = ctx.attr.layers[OciLayersInfo].layers
    listing = ctx.actions.declare_file(ctx.label.name + ".txt")
    args = ctx.actions.args()
    args.add(listing)
    for name, layer in layers.items():
        args.add(name)
        args.add(layer.mtree)
    ctx.actions.run_shell(
        outputs = [listing],
        inputs = [layer.mtree for layer in layers.values()],
        arguments = [args],
        command = _LIST,
    )
    return [DefaultInfo(), OutputGroupInfo(listing = depset([listing]))]

listing = rule(
    implementation = _listing_impl,
    doc = "The files of all layers of a target, lowest first, each layer below its name, and the attributes of directories.",
    attrs = {"layers": attr.label(mandatory = True, providers = [OciLayersInfo])},
)
