"""Binaries as rulesets make them."""

load("//oci:runfiles_groups.bzl", "runfiles_groups_rule")

visibility("//oci/tests/...")

# Its fields are the names of groups: there is no list of them.
RunfilesGroupInfo = provider(doc = "As rules_runfiles_group has it: a field is a group, runfiles or a depset of File.")  # buildifier: disable=provider-params
RunfilesGroupMetadataInfo = provider(
    doc = "As rules_runfiles_group has it.",
    fields = {"groups": "dict from group to struct."},
)

runfiles_groups = runfiles_groups_rule(RunfilesGroupInfo, RunfilesGroupMetadataInfo)

def _file(ctx, name):
    file = ctx.actions.declare_file("%s.files/%s" % (ctx.label.name, name))
    ctx.actions.write(file, name)
    return file

def _about(rank, do_not_merge = False, executable_group = False):
    return struct(rank = rank, do_not_merge = do_not_merge, executable_group = executable_group)

def _grouped_impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(script, "#!/bin/sh\n", is_executable = True)
    files = {name: _file(ctx, name) for name in ["interpreter", "stdlib", "one", "two", "three", "app"]}
    groups = {
        "rules_x#app": ctx.runfiles([files["app"], script]),
        "rules_x#interpreter": ctx.runfiles([files["interpreter"]]),
        "rules_x#stdlib": depset([files["stdlib"]]),
        "rules_x#one": depset([files["one"]]),
        "rules_x#two": ctx.runfiles([files["two"]]),
        "rules_y#one": depset([files["three"]]),
    }
    metadata = {
        "rules_x#app": _about(0, executable_group = True),
        "rules_x#interpreter": _about(-1000),
        "rules_x#stdlib": _about(-900),
        "rules_y#one": _about(-100, do_not_merge = True),
        "rules_x#one": _about(-100),
        "rules_x#two": _about(-100),
    }
    return [
        DefaultInfo(executable = script, runfiles = ctx.runfiles(files.values() + [script])),
        RunfilesGroupInfo(**groups),
        RunfilesGroupMetadataInfo(groups = metadata),
    ]

grouped = rule(
    implementation = _grouped_impl,
    doc = "A binary of a ruleset that knows groups: one of each kind.",
    executable = True,
)

def _script_impl(ctx):
    script = ctx.actions.declare_file("%s_/%s" % (ctx.label.name, ctx.label.name))
    ctx.actions.write(script, "#!/bin/sh\necho %s\n" % ctx.label.name, is_executable = True)
    beside = []
    for name in ctx.attr.beside:
        beside.append(ctx.actions.declare_file(name.format(folder = ctx.label.name + "_")))
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
        "beside": attr.string_list(doc = "Names of files that it makes beside it, `{folder}` being where it is itself."),
        "data": attr.label_list(allow_files = True),
        "env": attr.string_dict(),
    },
    executable = True,
)
