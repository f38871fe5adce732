"""oci_load_rule: `bazel run` puts an image into a container runtime."""

load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")
load("//oci/private/actions:outputs.bzl", "write_archive")
load(":content.bzl", "content_of", "image_or_index")
load(":labels.bzl", "display_label")
load(":names.bzl", "NAMES_ATTRS", "names_expander")
load(":run_target.bzl", "RUN_ATTRS", "optional_file_reference", "run_target", "status_of_names")

visibility("//oci/...")

def _tarball(ctx, names, name_files):
    archive = ctx.actions.declare_file(ctx.label.name + "/tarball.tar")
    write_archive(
        ctx,
        content = content_of(image_or_index(ctx.attr.image)),
        format = ctx.attr.format,
        label = display_label(ctx.label),
        archive = archive,
        tags = names,
        tags_file = ctx.file.repo_tags,
        status = status_of_names(ctx, names, name_files),
    )
    return depset([archive])

def _oci_load_impl(ctx):
    if bool(ctx.attr.repo_tags_list) == bool(ctx.file.repo_tags):
        fail("%s: repo_tags is the name that the image gets in the runtime: set it, such as repo_tags = [\"app:latest\"]." % ctx.label)
    expand = names_expander(ctx)
    names = [expand(name) for name in ctx.attr.repo_tags_list]
    options = {
        "format": ctx.attr.format,
        "loader": optional_file_reference(ctx, ctx.executable.loader),
        "repo_tags": names,
        "repo_tags_file": optional_file_reference(ctx, ctx.file.repo_tags),
    }
    name_files = [ctx.file.repo_tags] if ctx.file.repo_tags else []
    targets = run_target(
        ctx,
        "load",
        options,
        image = image_or_index(ctx.attr.image),
        names = names,
        name_files = name_files,
        programs = [ctx.attr.loader] if ctx.attr.loader else [],
    )
    return targets + [OutputGroupInfo(tarball = _tarball(ctx, names, name_files))]

oci_load_rule = rule(
    implementation = _oci_load_impl,
    doc = """Loads an image, or the daemon's platform of an index, when run. `oci_load` is the macro that most people want.

Output group: `tarball`, an archive with the names, for `docker load` and others. It is made only where it is asked for: a load needs
none. Stamps in names get the values of the build that makes it.""",
    attrs = RUN_ATTRS | NAMES_ATTRS | {
        "format": attr.string(
            doc = """Format of archives. `docker` is for every `docker load`, and holds one image; readers of OCI layouts take it
too. `oci` is an OCI image layout, and holds an index as well. (Docker before version 23 reads no layer that is compressed with
zstd, in either.)""",
            default = "docker",
            values = ["docker", "oci"],
        ),
        "loader": attr.label(
            doc = """A program that takes the image in place of a runtime, such as a command line for a runtime that is not known
here. It is called as `LOADER load --input FILE`, with an archive of `format`, and is built for the target platform. What it prints
goes to standard error. `--runtime` on the command line passes it over.""",
            allow_files = True,
            cfg = "target",
            executable = True,
        ),
        "repo_tags": attr.label(
            doc = "A file with names, one a line.",
            allow_single_file = True,
        ),
        "repo_tags_list": attr.string_list(doc = "Names to give the image, such as `app:latest`."),
    },
    executable = True,
    toolchains = [ASSEMBLE_TOOLCHAIN_TYPE],
)
