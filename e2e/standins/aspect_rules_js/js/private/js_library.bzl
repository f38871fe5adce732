"""js_library: files of JavaScript that others depend on."""

load("//js:providers.bzl", "JsInfo")
load(":to_bin.bzl", "copy_to_bin")

def _js_library_impl(ctx):
    sources = depset(copy_to_bin(ctx, ctx.files.srcs))
    needed = ctx.attr.deps + ctx.attr.data
    infos = [target[JsInfo] for target in needed if JsInfo in target]
    info = JsInfo(
        npm_sources = depset(transitive = [info.npm_sources for info in infos]),
        sources = sources,
        target = ctx.label,
        transitive_sources = depset(transitive = [sources] + [info.transitive_sources for info in infos]),
    )
    runfiles = ctx.runfiles(transitive_files = info.transitive_sources)
    return [
        DefaultInfo(
            files = sources,
            runfiles = runfiles.merge_all([target[DefaultInfo].default_runfiles for target in needed]),
        ),
        info,
    ]

js_library = rule(
    implementation = _js_library_impl,
    doc = "Files of JavaScript, copied to the output tree.",
    attrs = {
        "data": attr.label_list(doc = "What the files need when they run.", allow_files = True),
        "deps": attr.label_list(doc = "Libraries and packages that the files load."),
        "srcs": attr.label_list(doc = "The files.", allow_files = True),
    },
    provides = [DefaultInfo, JsInfo],
)
