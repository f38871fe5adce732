"""Analysis tests of archives: what is made only where it is asked for, and what a push would carry."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:providers.bzl", "OciImageInfo")
load("//oci/tests:actions.bzl", "actions_of")

visibility("//oci/tests/...")

def _tarball_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    tarball = target[OutputGroupInfo].tarball.to_list()
    asserts.equals(env, [ctx.attr.path], [file.short_path for file in tarball])
    asserts.false(env, tarball[0] in target[DefaultInfo].files.to_list(), "the tarball is a default output")
    asserts.false(env, tarball[0] in target[DefaultInfo].default_runfiles.files.to_list(), "the tarball is in the runfiles")
    archives = actions_of(env, "OciArchive")
    asserts.equals(env, 1, len(archives), "one OciArchive")
    status = [file.basename for file in archives[0].inputs.to_list() if file.basename.endswith("-status.txt")]
    asserts.equals(env, ctx.attr.status, status, "status files that the tarball depends on")
    return analysistest.end(env)

tarball_test = analysistest.make(
    _tarball_test_impl,
    doc = """The tarball is where rules_oci documents it, is made only where it is asked for, and depends on those status files
alone that its names do.""",
    attrs = {
        "path": attr.string(mandatory = True),
        "status": attr.string_list(),
    },
)

_ON_DEMAND = {
    "OciArchive": ["docker_archive", "oci_archive"],
    "OciReport": ["report"],
    "OciTree": ["mtree"],
}

def _asked_for_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    made = {}
    for action in analysistest.target_actions(env):
        made.setdefault(action.mnemonic, []).extend(action.outputs.to_list())
    default = target[DefaultInfo].files.to_list()
    for mnemonic, groups in _ON_DEMAND.items():
        files = [file for group in groups for file in getattr(target[OutputGroupInfo], group).to_list()]
        asserts.equals(env, sorted([f.path for f in files]), sorted([f.path for f in made[mnemonic]]), mnemonic)
        for file in files:
            asserts.false(env, file in default, file.basename + " is a default output")
    return analysistest.end(env)

asked_for_test = analysistest.make(
    _asked_for_test_impl,
    doc = "Each group is the output of an action of its own, and none is a default output.",
)

def _inspect_runfiles_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[DefaultInfo]
    asserts.equals(env, target.label.name + ".run", info.files_to_run.executable.basename)
    names = [file.basename for file in info.default_runfiles.files.to_list()]
    for name in [target.label.name + ".run.json", "report.json"]:
        asserts.true(env, name in names, "%s is in the runfiles" % name)
    for name in names:
        asserts.false(env, name.endswith((".tar", ".tar.gz")), "%s is in the runfiles of inspect, which needs no layer" % name)
    return analysistest.end(env)

inspect_runfiles_test = analysistest.make(
    _inspect_runfiles_test_impl,
    doc = "To look at an image or index needs its report, and no layer.",
)

def _base_inputs_test_impl(ctx):
    env = analysistest.begin(ctx)
    trees = analysistest.target_under_test(env)[OciImageInfo].blob_trees.to_list()
    asserts.equals(env, 1, len(trees), "one tree of blobs")
    asserts.true(env, trees[0].is_directory, "what the archive was split into")
    names = [tree.basename for tree in trees]
    for archive in ctx.attr.archives:
        asserts.false(env, archive in names, "%s itself is what pushes would carry" % archive)
    return analysistest.end(env)

base_inputs_test = analysistest.make(
    _base_inputs_test_impl,
    doc = "An image on an archive consists of the archive's layers, not of the archive.",
    attrs = {"archives": attr.string_list(mandatory = True)},
)
