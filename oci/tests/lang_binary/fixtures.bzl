"""Binaries as rulesets make them."""

visibility("//oci/tests/...")

def _script_impl(ctx):
    script = ctx.actions.declare_file("%s_/%s" % (ctx.label.name, ctx.label.name))
    ctx.actions.write(script, "#!/bin/sh\necho %s\n" % ctx.label.name, is_executable = True)
    beside = []
    for name in ctx.attr.beside:
        beside.append(ctx.actions.declare_file(name))
        ctx.actions.write(beside[-1], name)
    runfiles = ctx.runfiles([script] + ctx.files.data).merge_all([target[DefaultInfo].default_runfiles for target in ctx.attr.data])
    return [
        DefaultInfo(executable = script, files = depset([script] + beside), runfiles = runfiles),
        RunEnvironmentInfo(environment = ctx.attr.env | {"BY_THE_RULE": "yes"}),
    ]

script = rule(
    implementation = _script_impl,
    doc = "An executable in a folder of its own, as go_binary makes it.",
    attrs = {
        "beside": attr.string_list(doc = "Names of files that it makes beside it."),
        "data": attr.label_list(allow_files = True),
        "env": attr.string_dict(),
    },
    executable = True,
)
