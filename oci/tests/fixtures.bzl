"""Small rules that make what the tests feed to the rules under test."""

load("//oci:providers.bzl", "OciLayerInfo")

visibility("//oci/tests/...")

def _tree_impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        outputs = [tree],
        command = "cd $1 && mkdir sub && echo a > a.txt && echo b > sub/b && chmod 755 sub/b && ln -s a.txt link",
        arguments = [tree.path],
    )
    return [DefaultInfo(files = depset([tree]))]

tree = rule(
    implementation = _tree_impl,
    doc = "A directory output: two files, one of them executable in a subdirectory, and a link, which is followed.",
)

def _program_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name + "_/" + ctx.label.name)
    ctx.actions.write(program, "#!/bin/sh\n", is_executable = True)
    runfiles = ctx.runfiles(
        files = [program] + ctx.files.data,
        symlinks = {"linked/in_main.txt": ctx.files.data[0]},
        root_symlinks = {"at_root.txt": ctx.files.data[0]},
    )
    return [DefaultInfo(executable = program, runfiles = runfiles)]

program = rule(
    implementation = _program_impl,
    doc = "An executable in a folder of its own (as go_binary makes it), with every kind of runfiles.",
    attrs = {"data": attr.label_list(allow_files = True, mandatory = True)},
    executable = True,
)

def _links_impl(ctx):
    links = []
    for name, target in ctx.attr.targets.items():
        link = ctx.actions.declare_symlink(ctx.label.name + "/" + name)
        ctx.actions.symlink(output = link, target_path = target)
        links.append(link)
    plain = ctx.actions.declare_file(ctx.label.name + "/plain")
    ctx.actions.write(plain, "plain")

    # Files, although Bazel makes links of them.
    linked = ctx.actions.declare_file(ctx.label.name + "/linked")
    ctx.actions.symlink(output = linked, target_file = plain)
    program = ctx.actions.declare_file(ctx.label.name + "/program")
    ctx.actions.write(program, "#!/bin/sh\n", is_executable = True)
    files = depset(links + [plain, linked, program])
    runfiles = ctx.runfiles(
        transitive_files = files,
        symlinks = {"linked_links/" + name: link for name, link in zip(ctx.attr.targets, links)},
    )
    return [DefaultInfo(files = files, executable = program, runfiles = runfiles)]

links = rule(
    implementation = _links_impl,
    doc = "Declared symbolic links, and files that are presented as links.",
    attrs = {"targets": attr.string_dict(mandatory = True)},
    executable = True,
)

def _files_impl(ctx):
    files = []
    for name in ctx.attr.names:
        file = ctx.actions.declare_file(name)
        ctx.actions.write(file, name, is_executable = True)
        files.append(file)
    return [DefaultInfo(files = depset(files), executable = files[0])]

files = rule(
    implementation = _files_impl,
    doc = "Any number of outputs, the first of which is the executable.",
    attrs = {"names": attr.string_list(mandatory = True)},
    executable = True,
)

def _foreign_layer_impl(ctx):
    metadata = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(metadata, "{}")
    return [OciLayerInfo(label = "//" + ctx.label.package + ":" + ctx.label.name, metadata = metadata)]

foreign_layer = rule(
    implementation = _foreign_layer_impl,
    doc = "A layer of which only the metadata is known.",
)

def _unwrapped_impl(ctx):
    return [DefaultInfo(files = ctx.attr.target[DefaultInfo].files)]

unwrapped = rule(
    implementation = _unwrapped_impl,
    doc = "The outputs of a target without its providers: an image becomes a mere layout directory.",
    attrs = {"target": attr.label(mandatory = True)},
)

def _group_file_impl(ctx):
    return [DefaultInfo(files = getattr(ctx.attr.target[OutputGroupInfo], ctx.attr.group))]

group_file = rule(
    implementation = _group_file_impl,
    doc = "The files of an output group without the providers of the target.",
    attrs = {
        "group": attr.string(mandatory = True),
        "target": attr.label(mandatory = True),
    },
)
