"""Toolchains: which `pack`, `assemble`, `ship` and `configure` the rules use.

Three tools on purpose. `pack` is an input of every layer, so what changes in it invalidates every layer in every
cache; `assemble` writes small files; `ship` talks to the outside and may change as often as it likes. There is a fourth
type, since `ship` is needed in two places: where the user is (`ship_type`), and in the one action that downloads, OciFetch
(`fetch_type`), which may run on another machine than a push or a load. `configure`, which edits BUILD files and is built only
where a target says so, has the fifth.
Those built from source are registered by this module. To use others, wrap them with a rule of this file, declare a `toolchain` of one
of the types, and register it in MODULE.bazel: what the root module registers goes first.

Several modules on one machine can share one build of them, after which none compiles a crate or fetches what compiles it:
copy bazel-bin/tools/prebuilt/tools of `bazel build //tools/prebuilt:tools`, built in rules_strata, to a folder outside
of /tmp (of which Linux's sandbox shows nothing) by `cp -rL`, and put into their .bazelrc:

    common --extra_toolchains=@rules_strata//tools/prebuilt:all
    common --repo_env=RULES_STRATA_TOOLS=/path/of/the/folder
"""

visibility("public")

PACK_TOOLCHAIN_TYPE = Label("//oci/toolchains:pack_type")
ASSEMBLE_TOOLCHAIN_TYPE = Label("//oci/toolchains:assemble_type")
CONFIGURE_TOOLCHAIN_TYPE = Label("//oci/toolchains:configure_type")
SHIP_TOOLCHAIN_TYPE = Label("//oci/toolchains:ship_type")
FETCH_TOOLCHAIN_TYPE = Label("//oci/toolchains:fetch_type")

def _toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        tool = ctx.attr.tool[DefaultInfo].files_to_run,
        runfiles = ctx.attr.tool[DefaultInfo].default_runfiles,
    )]

build_tool_toolchain = rule(
    implementation = _toolchain_impl,
    doc = """Wraps a tool that runs in actions as a toolchain of type `//oci/toolchains:pack_type`, `assemble_type` or `fetch_type`.

Give its `toolchain` target execution constraints only: a layer for arm64 can be packed on amd64.
""",
    attrs = {
        "tool": attr.label(
            doc = "The executable, built for the machine that the action runs on.",
            mandatory = True,
            executable = True,
            cfg = "exec",
        ),
    },
)

run_tool_toolchain = rule(
    implementation = _toolchain_impl,
    doc = """Wraps a tool that `bazel run` starts as a toolchain of type `//oci/toolchains:ship_type` or `configure_type`.

Give its `toolchain` target target constraints only; push, load and configure targets resolve it for the host platform.
""",
    attrs = {
        "tool": attr.label(
            doc = "The executable, built for the machine that it is started on.",
            mandatory = True,
            executable = True,
            cfg = "target",
        ),
    },
)
