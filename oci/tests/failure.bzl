"""failure_test: a target fails at analysis, and its message says what it should."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

visibility("//oci/tests/...")

def _failure_test_impl(ctx):
    env = analysistest.begin(ctx)
    for text in ctx.attr.says:
        asserts.expect_failure(env, text)
    return analysistest.end(env)

failure_test = analysistest.make(
    _failure_test_impl,
    doc = "Every string of `says` is in the message with which the target fails.",
    expect_failure = True,
    attrs = {"says": attr.string_list(mandatory = True)},
)

def fails(name, rule, says, **kwargs):
    """Declares a target that can't be analysed, and the test that its message is right.

    Args:
      name: string. The test's name; the target is `<name>_target`.
      rule: the rule or macro to call.
      says: list of strings that the message holds.
      **kwargs: attributes of the target.
    """
    rule(
        name = name + "_target",
        tags = ["manual"],
        **kwargs
    )
    failure_test(
        name = name,
        says = says,
        target_under_test = name + "_target",
    )
