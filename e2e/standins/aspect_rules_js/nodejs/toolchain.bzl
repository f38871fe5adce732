"""node_toolchain: the program Node, for one platform."""

def _node_toolchain_impl(ctx):
    return [platform_common.ToolchainInfo(nodeinfo = struct(node = ctx.file.node))]

node_toolchain = rule(
    implementation = _node_toolchain_impl,
    doc = "Node for one platform.",
    attrs = {"node": attr.label(doc = "The program.", allow_single_file = True, mandatory = True)},
)
