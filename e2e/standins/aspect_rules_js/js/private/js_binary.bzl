"""js_binary: a program that Node runs, started by a launcher in Bash."""

load("//js:providers.bzl", "JsInfo")
load(":to_bin.bzl", "copy_to_bin")

_TOOLCHAIN = "//nodejs:runtime_toolchain_type"

def _exports(ctx):
    """The lines of the launcher that say what was built, and how."""
    variables = dict(ctx.attr.env) | {
        "JS_BINARY__BINDIR": ctx.var["BINDIR"],
        "JS_BINARY__COMPILATION_MODE": ctx.var["COMPILATION_MODE"],
        "JS_BINARY__TARGET_CPU": ctx.var["TARGET_CPU"],
        "JS_BINARY__BUILD_FILE_PATH": ctx.build_file_path,
        "JS_BINARY__PACKAGE": ctx.label.package,
        "JS_BINARY__TARGET_NAME": ctx.label.name,
        "JS_BINARY__TARGET": "//{}:{}".format(ctx.label.package, ctx.label.name),
        "JS_BINARY__WORKSPACE": ctx.workspace_name,
    }
    if ctx.attr.chdir:
        variables["JS_BINARY__CHDIR"] = ctx.attr.chdir
    return "\n".join(["export {}={}".format(name, json.encode(value)) for name, value in variables.items()])

def _js_binary_impl(ctx):
    node = ctx.toolchains[_TOOLCHAIN].nodeinfo.node
    entry_point = copy_to_bin(ctx, [ctx.file.entry_point])[0]
    launcher = ctx.actions.declare_file("{0}_/{0}".format(ctx.label.name))
    ctx.actions.expand_template(
        template = ctx.file._template,
        output = launcher,
        substitutions = {
            "{{entry_point}}": entry_point.short_path,
            "{{envs}}": _exports(ctx),
            "{{fixed_args}}": " ".join(ctx.attr.fixed_args),
            "{{node_patches}}": ctx.file._node_patches.short_path,
            "{{node_wrapper}}": ctx.file._node_wrapper.short_path,
            "{{node}}": node.short_path,
            "{{workspace}}": ctx.workspace_name,
        },
        is_executable = True,
    )
    infos = [target[JsInfo] for target in ctx.attr.data if JsInfo in target]
    runfiles = ctx.runfiles(
        files = [launcher, entry_point, ctx.file._node_wrapper, ctx.file._node_patches, node] +
                copy_to_bin(ctx, ctx.files.data),
        transitive_files = depset(
            transitive = [info.transitive_sources for info in infos] + [info.npm_sources for info in infos],
        ),
    )
    return [
        DefaultInfo(
            executable = launcher,
            runfiles = runfiles.merge_all([target[DefaultInfo].default_runfiles for target in ctx.attr.data]),
        ),
        RunEnvironmentInfo(environment = ctx.attr.env),
    ]

js_binary = rule(
    implementation = _js_binary_impl,
    doc = "A program that Node runs.",
    attrs = {
        "chdir": attr.string(doc = "The folder in which it runs, below the root of the outputs."),
        "data": attr.label_list(doc = "Files, libraries and packages that it needs.", allow_files = True),
        "entry_point": attr.label(doc = "The file that Node runs.", allow_single_file = True, mandatory = True),
        "env": attr.string_dict(doc = "Variables that the launcher sets."),
        "fixed_args": attr.string_list(doc = "Arguments that the launcher gives before all others."),
        "_node_patches": attr.label(default = "//js/private/node-bootstrap:bootstrap.cjs", allow_single_file = True),
        "_node_wrapper": attr.label(default = "//js/private:node_bin/node", allow_single_file = True),
        "_template": attr.label(default = "//js/private:js_binary.sh.tpl", allow_single_file = True),
    },
    executable = True,
    toolchains = [_TOOLCHAIN],
)
