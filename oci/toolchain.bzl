"""Toolchains: which `pack`, `assemble` and `ship` the rules use.

Three types on purpose. `pack` is an input of every layer, so what changes in it invalidates every layer in every
cache; `assemble` writes small files; `ship` talks to the outside and may change as often as it likes.
Those built from source are registered by this module. To use others (prebuilt ones, for example), declare a
`strata_toolchain` and a `toolchain` of one of the types, and register it in MODULE.bazel: what the root module
registers goes first.
"""

visibility("public")

PACK_TOOLCHAIN_TYPE = Label("//oci/toolchains:pack_type")
ASSEMBLE_TOOLCHAIN_TYPE = Label("//oci/toolchains:assemble_type")
SHIP_TOOLCHAIN_TYPE = Label("//oci/toolchains:ship_type")

def _strata_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(
        tool = ctx.attr.tool[DefaultInfo].files_to_run,
        runfiles = ctx.attr.tool[DefaultInfo].default_runfiles,
    )]

strata_toolchain = rule(
    implementation = _strata_toolchain_impl,
    doc = """Wraps one executable as a toolchain of type `//oci/toolchains:pack_type`, `assemble_type` or `ship_type`.

`pack` and `assemble` run in actions: give their `toolchain` targets execution constraints only. `ship` runs on the
user's machine: give its `toolchain` target constraints only.
""",
    attrs = {
        "tool": attr.label(
            doc = "The executable.",
            mandatory = True,
            executable = True,
            cfg = "target",  # The toolchain is in the right configuration already.
        ),
    },
)
