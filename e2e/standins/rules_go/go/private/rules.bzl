"""go_library and go_binary: what a package and a program of Go become."""

load(":go.bzl", "PLATFORM_ATTRS", "run_go")
load(":providers.bzl", "GoArchive", "GoInfo")

# $1: the standard library; $2: what is made; then `importpath=archive`s, `--`, and what is read.
_IMPORTS = """
std=$1; out=$2; shift 2
cp "$std/importcfg" importcfg; chmod u+w importcfg
while [ "$1" != -- ]; do echo "packagefile $1" >> importcfg; shift; done
shift
"""
_COMPILE = _IMPORTS + '"$GO" tool compile -trimpath "$PWD" -importcfg importcfg -pack -o "$out" "$@"'
_LINK = _IMPORTS + '"$GO" tool link -importcfg importcfg -buildid=redacted -s -w -o "$out" "$@"'

def _package(archive):
    return "%s=%s" % (archive.importpath, archive.file.path)

def _arguments(ctx, out, archives):
    arguments = ctx.actions.args()
    arguments.add_all(ctx.files._std, expand_directories = False)
    arguments.add(out)
    arguments.add_all(archives, map_each = _package)
    arguments.add("--")
    return arguments

def _archive(ctx, importpath):
    embedded = [target[GoInfo] for target in ctx.attr.embed]
    srcs = ctx.files.srcs + [file for info in embedded for file in info.srcs]
    imported = [target[GoArchive] for target in ctx.attr.deps] + [archive for info in embedded for archive in info.deps]
    below = depset(transitive = [archive.transitive for archive in imported])
    file = ctx.actions.declare_file(ctx.label.name + ".a")
    arguments = _arguments(ctx, file, below)
    arguments.add("-p", importpath)
    arguments.add_all(srcs)
    inputs = depset(srcs + ctx.files._std + [archive.file for archive in below.to_list()])
    run_go(ctx, mnemonic = "GoCompilePkg", script = _COMPILE, arguments = arguments, inputs = inputs, outputs = [file])

    runfiles = ctx.runfiles(files = ctx.files.data)
    runfiles = runfiles.merge_all([target[DefaultInfo].default_runfiles for target in ctx.attr.data])
    runfiles = runfiles.merge_all([info.runfiles for info in embedded + imported])
    data = struct(importpath = importpath, file = file)
    archive = GoArchive(data = data, runfiles = runfiles, transitive = depset([data], transitive = [below]))
    return archive, GoInfo(
        deps = imported,
        importpath = importpath,
        label = ctx.label,
        name = ctx.label.name,
        runfiles = runfiles,
        srcs = srcs,
    )

def _go_library_impl(ctx):
    archive, info = _archive(ctx, ctx.attr.importpath)
    return [archive, info, DefaultInfo(files = depset([archive.data.file]), runfiles = archive.runfiles)]

def _go_binary_impl(ctx):
    archive, _ = _archive(ctx, "main")
    executable = ctx.actions.declare_file("%s_/%s" % (ctx.label.name, ctx.label.name))
    below = [other for other in archive.transitive.to_list() if other != archive.data]
    arguments = _arguments(ctx, executable, below)
    arguments.add(archive.data.file)
    inputs = depset([archive.data.file] + ctx.files._std + [other.file for other in below])
    run_go(ctx, mnemonic = "GoLink", script = _LINK, arguments = arguments, inputs = inputs, outputs = [executable])
    env = {
        name: ctx.expand_location(value, ctx.attr.data) if "$" in value else value
        for name, value in ctx.attr.env.items()
    }
    return [
        archive,
        OutputGroupInfo(compilation_outputs = [archive.data.file]),
        RunEnvironmentInfo(environment = env),
        DefaultInfo(executable = executable, files = depset([executable]), runfiles = archive.runfiles),
    ]

_ATTRS = PLATFORM_ATTRS | {
    "data": attr.label_list(allow_files = True),
    "deps": attr.label_list(providers = [GoArchive]),
    "embed": attr.label_list(providers = [GoInfo]),
    "srcs": attr.label_list(allow_files = [".go"]),
    "_std": attr.label(default = "@go_local_sdk//:std"),
}

go_library = rule(
    implementation = _go_library_impl,
    doc = "A package of Go.",
    attrs = _ATTRS | {"importpath": attr.string()},
)

go_binary = rule(
    implementation = _go_binary_impl,
    doc = "A program of Go: `NAME_/NAME`.",
    attrs = _ATTRS | {
        "env": attr.string_dict(),
        "importpath": attr.string(),
        # Here it is always on; the real one's `auto` takes cgo where there is a C compiler.
        "pure": attr.string(
            default = "auto",
            values = [
                "auto",
                "off",
                "on",
            ],
        ),
    },
    executable = True,
)
