"""names_test: targets written for rules_oci have the outputs that they have there."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load(":names.bzl", "TARGETS")

visibility("//oci/tests/...")

_TargetsInfo = provider(
    doc = "Targets, for one test to look at them all.",
    fields = {"targets": "list of Target."},
)

def _targets_impl(ctx):
    return [_TargetsInfo(targets = ctx.attr.targets)]

targets = rule(
    implementation = _targets_impl,
    doc = "Targets, for one test to look at them all.",
    attrs = {"targets": attr.label_list(allow_files = True)},
)

def _paths(target, files):
    prefix = target.label.package + "/"
    return sorted([file.short_path.removeprefix(prefix) for file in files.to_list()])

def _names_test_impl(ctx):
    env = analysistest.begin(ctx)
    found = {target.label.name: target for target in analysistest.target_under_test(env)[_TargetsInfo].targets}
    asserts.equals(env, sorted(TARGETS), sorted(found))
    for name, expected in TARGETS.items():
        target = found[name]
        runs = target[DefaultInfo].files_to_run.executable != None
        asserts.equals(env, getattr(expected, "runs", False), runs, "whether %s can be run" % name)
        if hasattr(expected, "outputs"):
            asserts.equals(env, expected.outputs, _paths(target, target[DefaultInfo].files), name)
        for group, paths in getattr(expected, "groups", {}).items():
            asserts.equals(env, paths, _paths(target, target[OutputGroupInfo][group]), "%s of %s" % (group, name))
    return analysistest.end(env)

names_test = analysistest.make(
    _names_test_impl,
    doc = "All targets of TARGETS are there, and have what it says.",
)
