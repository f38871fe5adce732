"""Binaries of an image: where they are in it, and how a container starts the first of them."""

load("//oci/private:labels.bzl", "display_label")
load(":invocation.bzl", "invocation_of")
load(":paths.bzl", "image_path")

visibility("//oci/...")

BINARY_ATTRS = {
    "root": attr.string(
        doc = "Directory in the image below which the binary is placed, at its package and name.",
        default = "/",
    ),
    "runfiles_of": attr.label(
        doc = """A target with the runfiles of all binaries, where there are several: it is what Bazel makes one repo mapping for.""",
    ),
    "runfiles_root": attr.string(
        doc = """Directory of the runfiles in the image, absolute, to which `<path>.runfiles` of each binary leads. Default:
`<path>.runfiles` of the first. Images that have one in common share layers of what they have in common, such as an interpreter.""",
    ),
}

def binaries_attr(aspects):
    """The attribute `binaries`.

    Args:
      aspects: list of aspects, one of which gives InvocationInfo.

    Returns:
      attribute.
    """
    return attr.label_list(
        doc = """The binary to put into the image: any target that `bazel run` takes. Several share one runfiles directory, that of
the first, which is the one that a container starts.""",
        mandatory = True,
        allow_empty = False,
        # As `bazel run` does: a script, or what a genrule makes.
        allow_files = True,
        aspects = aspects,
    )

def _check_executable(label, target):
    files_to_run = target[DefaultInfo].files_to_run
    if not files_to_run or not files_to_run.executable:
        fail("%s: binary %s has no executable, so that a container can't start it. Name a *_binary; put plain files into an oci_layer." % (
            label,
            display_label(target.label),
        ))

def _placed(label, root, targets):
    """Where each binary is in the image: dict from path to target."""
    placed = {}
    for target in targets:
        path = "/".join([root] + [part for part in (target.label.package, target.label.name) if part])
        if path in placed:
            fail("%s: %s and %s would both be at %s in the image. Build two images, or rename one." % (
                label,
                display_label(placed[path].label),
                display_label(target.label),
                path,
            ))
        placed[path] = target
    return placed

def binary_of(ctx):
    """The binary, or binaries, of a rule made by binary_layers_rule.

    Args:
      ctx: the rule's context.

    Returns:
      struct:
        path: string. Where the binary is in the image; of several, the one that a container starts.
        root: string. The directory in the image below which packages are; empty for the image's own.
        runfiles_root: string. The directory of the runfiles of them all.
        workdir: string. Where they start: the main repository in the runfiles.
        target: Target. The binary.
        args: tuple of string. What `bazel run` would pass to it.
        env: dict from string to string. What `bazel run` would set.
        placed: dict from path in the image to Target, in order: all binaries.
    """
    label = display_label(ctx.label)
    root = image_path(label, "root", ctx.attr.root)
    placed = _placed(label, root, ctx.attr.binaries)
    path = placed.keys()[0]
    target = placed[path]
    for binary in placed.values():
        _check_executable(label, binary)
    invocation = invocation_of(target)
    runfiles_root = image_path(label, "runfiles_root", ctx.attr.runfiles_root) or path + ".runfiles"
    return struct(
        args = invocation.args,
        env = invocation.env,
        path = path,
        placed = placed,
        root = root,
        runfiles_root = runfiles_root,
        target = target,
        workdir = "%s/%s" % (runfiles_root, ctx.workspace_name),
    )
