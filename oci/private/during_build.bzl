"""`push_during_build`: an action that sends what a push target pushes while the rest of the build goes on.

It has a spec of its own, without tags and without stamps: what is sent doesn't depend on them, so that neither another tag
nor another commit sends anything.
"""

load("//oci:toolchain.bzl", "FETCH_TOOLCHAIN_TYPE")
load("//oci/private/actions:network.bzl", "upload_image")
load(":content.bzl", "content_of")
load(":labels.bzl", "display_label")
load(":run_target.bzl", "content_spec", "credentials_files", "sources_spec")
load(":stamp.bzl", "placeholders")

visibility("//oci/...")

def _check(ctx, repository):
    if not repository and not ctx.file.repository_file:
        fail("%s: push_during_build has nowhere to push to: set repository or repository_file, or leave push_during_build out." % ctx.label)
    stamps = [name for name in placeholders([repository]) if name != "digest"]
    if stamps:
        fail(("%s: push_during_build pushes before the values of stamps are read, and repository %r has {%s}. Leave stamps to " +
              "remote_tags, or leave push_during_build out.") % (ctx.label, repository, "}, {".join(stamps)))
    if not ctx.toolchains[FETCH_TOOLCHAIN_TYPE]:
        fail("%s: push_during_build needs a toolchain of type %s for the execution platform: register one, or leave push_during_build out." % (
            ctx.label,
            FETCH_TOOLCHAIN_TYPE,
        ))

def push_during_build(ctx, image, options, mount_from):
    """Declares the action.

    Args:
      ctx: the context of a push, with FETCH_TOOLCHAIN_TYPE.
      image: OciImageInfo, OciIndexInfo or OciArtifactInfo.
      options: dict. The options of the push, as in its spec.
      mount_from: list of strings. Repositories of the same registry that may hold some of the blobs.

    Returns:
      File. JSON: what was pushed, and how much of it was sent.
    """
    _check(ctx, options["repository"] or "")
    content = content_of(image)
    spec = ctx.actions.declare_file(ctx.label.name + ".strata/pushed.spec.json")
    result = ctx.actions.declare_file(ctx.label.name + ".strata/pushed")
    ctx.actions.write(spec, json.encode({
        "command": "push",
        "content": content_spec(ctx, content, {}) | {"sources": sources_spec(ctx, content, mount_from)},
        "label": display_label(ctx.label),
        "push": {name: options[name] for name in ["blob_repository", "repository", "repository_file"]},
        "self": spec.path,
        "v": 1,
    }))
    files = credentials_files(content) + ([ctx.file.repository_file] if ctx.file.repository_file else [])
    upload_image(ctx, spec = spec, inputs = depset(files, transitive = [content.files]), result = result)
    return result
