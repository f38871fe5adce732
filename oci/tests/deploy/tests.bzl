"""Analysis tests of oci_deploy."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci/tests:actions.bzl", "run_spec")

visibility("//oci/tests/...")

def _deploy_spec_test_impl(ctx):
    env = analysistest.begin(ctx)
    spec = run_spec(env)
    asserts.equals(env, (1, "deploy", "//oci/tests/deploy:all"), (spec["v"], spec["command"], spec["label"]))
    members = spec["deploy"]["members"]
    asserts.equals(env, ctx.attr.commands, ["%s %s" % (member["command"], member["label"]) for member in members])
    asserts.equals(env, ["{STABLE_COMMIT}"], members[2]["push"]["remote_tags"])
    asserts.equals(env, [0, 0, 1, 0], [len(member["status"]) for member in members])
    names = [file.basename for file in analysistest.target_under_test(env)[DefaultInfo].default_runfiles.files.to_list()]
    for name in ["stable-status.txt", "loader", "repository.txt", "all.run.json"]:
        asserts.true(env, name in names, "%s is in the runfiles" % name)
    return analysistest.end(env)

deploy_spec_test = analysistest.make(
    _deploy_spec_test_impl,
    doc = "The spec holds those of the members, and the runfiles what these refer to.",
    attrs = {"commands": attr.string_list(mandatory = True)},
)

def _paths_test_impl(ctx):
    env = analysistest.begin(ctx)
    by_rlocation = {}
    for member in run_spec(env)["deploy"]["members"]:
        content = member["content"]
        files = [content["root"]] + content["manifests"] + content["configs"]
        for layer in content["layers"]:
            files += [layer["metadata"], layer["blob"]]
        for file in files:
            by_rlocation.setdefault(file["rlocation"], []).append(file["path"])
    clashes = {path: files for path, files in by_rlocation.items() if len({file: None for file in files}) > 1}
    asserts.equals(env, {}, clashes)
    runfiles = analysistest.target_under_test(env)[DefaultInfo].default_runfiles
    moved = [link.path for link in runfiles.root_symlinks.to_list()]

    # Of the program, the layer, its metadata, the manifest and the config are there for three platforms.
    asserts.true(env, len(moved) >= 8, "%d files have paths of their own: %s" % (len(moved), moved))
    for path in moved:
        asserts.true(env, path in by_rlocation, "%s is in no spec" % path)
    return analysistest.end(env)

paths_test = analysistest.make(
    _paths_test_impl,
    doc = "A path in the runfiles is that of one file, also where members have a target in different configurations.",
)
