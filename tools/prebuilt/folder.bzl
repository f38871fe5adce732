"""tools_folder: the tools that the toolchains have, beside one another in a folder."""

load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE", "FETCH_TOOLCHAIN_TYPE", "PACK_TOOLCHAIN_TYPE")

visibility("private")

# As tools of actions, `ship` too: the configuration in which a build has them anyway.
_TYPES = [ASSEMBLE_TOOLCHAIN_TYPE, FETCH_TOOLCHAIN_TYPE, PACK_TOOLCHAIN_TYPE]

def _tools_folder_impl(ctx):
    tools = [ctx.toolchains[type].tool.executable for type in _TYPES] + [ctx.file._configure]
    links = []
    for tool in tools:
        link = ctx.actions.declare_file("%s/%s" % (ctx.label.name, tool.basename))
        ctx.actions.symlink(output = link, target_file = tool, is_executable = True)
        links.append(link)
    return [DefaultInfo(files = depset(links))]

tools_folder = rule(
    implementation = _tools_folder_impl,
    doc = "A folder of this name with `assemble`, `configure`, `pack` and `ship`, for the machine that actions run on.",
    attrs = {
        "_configure": attr.label(
            allow_single_file = True,
            cfg = "exec",
            default = "//oci/private:configure_on_target",
        ),
    },
    toolchains = _TYPES,
)
