"""@prebuilt_tools: the tools in a folder of this machine."""

visibility("public")

_VARIABLE = "RULES_STRATA_TOOLS"

_BUILD = """\
filegroup(
    name = "{tool}",
    srcs = ["bin/{file}"],
    visibility = ["//visibility:public"],
)
"""

def _prebuilt_tools_impl(rctx):
    name = rctx.getenv(_VARIABLE)
    if not name:
        fail("//tools/prebuilt is registered, and %s is not set. Name the folder of the tools: --repo_env=%s=/its/path." % (_VARIABLE, _VARIABLE))
    if not (name.startswith("/") or name[1:2] == ":"):
        fail("%s is %r. Name the folder by its absolute path." % (_VARIABLE, name))

    suffix = ".exe" if rctx.os.name.lower().startswith("windows") else ""
    build = []
    for tool in ["assemble", "configure", "pack", "ship"]:
        file = tool + suffix
        path = rctx.path(name).get_child(file)
        if not path.exists:
            fail("%s is %r, in which there is no %s. `bazel build //tools/prebuilt:tools` makes such a folder." % (_VARIABLE, name, file))

        # Another program there is another tool: what it has made is made anew. (In the sandbox, a link into /tmp leads nowhere,
        # unless --noincompatible_sandbox_hermetic_tmp.)
        rctx.watch(path)
        rctx.symlink(path, "bin/" + file)
        build.append(_BUILD.format(file = file, tool = tool))
    rctx.file("BUILD.bazel", "\n".join(build))

prebuilt_tools = repository_rule(
    implementation = _prebuilt_tools_impl,
    doc = "`pack`, `assemble`, `ship` and `configure` of the folder that `--repo_env=RULES_STRATA_TOOLS=…` names, as targets.",
    environ = [_VARIABLE],
    local = True,
)
