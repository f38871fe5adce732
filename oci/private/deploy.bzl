"""oci_deploy_rule: `bazel run` pushes and loads many images in one command."""

load(":labels.bzl", "display_label")
load(":run_files.bzl", "content_runfiles", "moved_files")
load(":run_target.bzl", "RunTargetInfo", "SHIP_ATTRS", "run_spec", "ship_target")

visibility("//oci/...")

# By attribute: what its targets do, and where they come from.
_RULES = {
    "loads": ("load", "an oci_load, such as the `.load` of an oci_image with repo_tags"),
    "pushes": ("push", "an oci_push, such as the `.push` of an oci_image with a repository"),
}

def _members(ctx, attribute):
    """The targets of an attribute: all do what it says, and each is there once."""
    command, usual = _RULES[attribute]
    own, seen = display_label(ctx.label), {}
    for target in getattr(ctx.attr, attribute):
        if RunTargetInfo not in target:
            fail("%s: %s in %s is no oci_%s. Name %s." % (own, display_label(target.label), attribute, command, usual))
        info = target[RunTargetInfo]
        if info.command != command:
            fail("%s: %s in %s is an oci_%s. Name %s." % (own, info.label, attribute, info.command, usual))
        if info.label in seen:
            fail("%s: %s is in %s twice, maybe by an alias. Leave one out." % (own, info.label, attribute))
        seen[info.label] = info
    return seen.values()

def _oci_deploy_impl(ctx):
    members = _members(ctx, "pushes") + _members(ctx, "loads")
    if not members:
        fail("%s: pushes and loads are both empty. Name the oci_push and oci_load targets that it is to run." % display_label(ctx.label))

    # The specs of the members are written anew, and not referred to: where their files are depends on all of them.
    content = struct(
        configs = [config for member in members for config in member.content.configs],
        files = depset(transitive = [member.content.files for member in members]),
    )
    moved = moved_files(ctx, content)
    specs = [run_spec(ctx, member, moved) | {"command": member.command} for member in members]
    runfiles = content_runfiles(ctx, content, moved).merge_all([member.runfiles for member in members])
    return [ship_target(ctx, "deploy", {"deploy": {"members": specs}, "label": display_label(ctx.label)}, runfiles)]

oci_deploy_rule = rule(
    implementation = _oci_deploy_impl,
    doc = "Pushes and loads many images when run. `oci_deploy` is the macro that most people want.",
    attrs = SHIP_ATTRS | {
        "loads": attr.label_list(doc = "`oci_load` targets, in the order in which they are loaded."),
        "pushes": attr.label_list(doc = "`oci_push` targets. What several of them send to one registry is sent once, by the first of them."),
    },
    executable = True,
)
