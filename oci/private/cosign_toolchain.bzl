"""Where cosign comes from, if a toolchain says so: resolved for the host, as `ship` is (run_tool.bzl)."""

load(":run_tool.bzl", "on_host")

visibility("//oci/...")

_TYPE = Label("//cosign:toolchain_type")

CosignInfo = provider(
    doc = "The cosign executable.",
    fields = {"binary": "File or None. The executable; None where no toolchain is registered."},
)

def _cosign_toolchain_impl(ctx):
    binary = ctx.executable.cosign
    default = DefaultInfo(
        files = depset([binary]),
        runfiles = ctx.runfiles([binary]).merge(ctx.attr.cosign[DefaultInfo].default_runfiles),
    )
    variables = platform_common.TemplateVariableInfo({"COSIGN_BIN": binary.path})
    info = CosignInfo(binary = binary)
    return [
        default,
        variables,
        platform_common.ToolchainInfo(
            cosign_info = info,
            default = default,
            template_variables = variables,
        ),
    ]

cosign_toolchain = rule(
    implementation = _cosign_toolchain_impl,
    doc = "Wraps a cosign executable as a toolchain of type `//cosign:toolchain_type`.",
    attrs = {
        "cosign": attr.label(
            doc = "The executable.",
            mandatory = True,
            allow_files = True,
            executable = True,
            cfg = "target",
        ),
    },
)

def _cosign_from_toolchain_impl(ctx):
    toolchain = ctx.toolchains[_TYPE]
    if not toolchain:
        return [CosignInfo(binary = None), DefaultInfo()]
    return [toolchain.cosign_info, DefaultInfo(runfiles = toolchain.default.default_runfiles)]

cosign_from_toolchain = rule(
    implementation = _cosign_from_toolchain_impl,
    doc = "The cosign of the registered toolchain for the host platform, if there is one.",
    cfg = on_host,
    toolchains = [config_common.toolchain_type(_TYPE, mandatory = False)],
)
