"""Executables that stand for the binaries of an image."""

load("//oci/private:labels.bzl", "display_label")
load("//oci/private:transition.bzl", "platform_attr", "platform_transition")

visibility("//oci/...")

def _transitioned_binary_impl(ctx):
    binary = ctx.attr.binary
    info = binary[DefaultInfo]
    if not info.files_to_run or not info.files_to_run.executable:
        fail("%s: %s has no executable. Name a *_binary." % (display_label(ctx.label), display_label(binary.label)))
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = info.files_to_run.executable, is_executable = True)
    providers = [DefaultInfo(
        executable = executable,
        files = depset([executable]),
        runfiles = ctx.runfiles(files = [info.files_to_run.executable]).merge(info.default_runfiles),
    )]
    if RunEnvironmentInfo in binary:
        providers.append(binary[RunEnvironmentInfo])
    return providers

transitioned_binary = rule(
    implementation = _transitioned_binary_impl,
    doc = "A binary, built for a platform.",
    attrs = {
        "binary": attr.label(doc = "The binary.", mandatory = True, allow_files = True),
        "platform": platform_attr("The platform to build it for. Default: the target platform."),
    },
    cfg = platform_transition,
    executable = True,
)

def _binaries_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(executable, "", is_executable = True)
    runfiles = ctx.runfiles().merge_all([binary[DefaultInfo].default_runfiles for binary in ctx.attr.binaries])
    return [DefaultInfo(executable = executable, runfiles = runfiles)]

united_binaries = rule(
    implementation = _binaries_impl,
    doc = """The runfiles of several binaries as one's, for the repo mapping that Bazel makes of them: each name that one of them knows
a repository by. Only what has an executable gets one; this one is never run.""",
    attrs = {
        "binaries": attr.label_list(doc = "The binaries.", mandatory = True, allow_files = True),
    },
    executable = True,
)
