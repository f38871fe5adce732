"""written_test: what a target writes at analysis."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load(":actions.bzl", "actions_of")

visibility("//oci/tests/...")

def _written_test_impl(ctx):
    env = analysistest.begin(ctx)
    written = {action.outputs.to_list()[0].basename: action.content for action in actions_of(env, "FileWrite")}
    asserts.equals(env, ctx.attr.expected, written)
    return analysistest.end(env)

written_test = analysistest.make(
    _written_test_impl,
    doc = "The target writes these files, and no others.",
    attrs = {"expected": attr.string_dict(doc = "Name to content.", mandatory = True)},
)
