"""Analysis tests of configure."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

visibility("//oci/tests/...")

def _configure_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    executable = target[DefaultInfo].files_to_run.executable
    asserts.equals(env, [executable], target[DefaultInfo].files.to_list())
    asserts.equals(env, target.label.name + ".run", executable.basename)
    names = [file.basename for file in target[DefaultInfo].default_runfiles.files.to_list()]
    asserts.true(env, "configure" in names, "the tool is in the runfiles")
    asserts.equals(env, ctx.attr.environment, target[RunEnvironmentInfo].environment)
    asserts.equals(env, "STRATA_CONFIGURE_ROOT_FILE" in ctx.attr.environment, "MODULE.bazel" in names)
    asserts.equals(env, ctx.attr.expected_args, ctx.attr.found_args)
    asserts.equals(env, ctx.attr.expected_tags, ctx.attr.found_tags)
    return analysistest.end(env)

_configure_test = analysistest.make(
    _configure_test_impl,
    doc = "A target of the macro is the tool itself, with these arguments and variables.",
    attrs = {
        "environment": attr.string_dict(),
        "expected_args": attr.string_list(),
        "expected_tags": attr.string_list(),
        "found_args": attr.string_list(doc = "Those of the target."),
        "found_tags": attr.string_list(doc = "Those of the target."),
    },
)

def configure_test(name, *, target, args, tags, environment = {}):
    """Checks a target of the macro, which is declared above.

    Args:
      name: string.
      target: string. The target's name.
      args: list of strings. Its arguments, as Bazel is to expand them.
      tags: list of strings.
      environment: dict. What it is started with.
    """
    found = native.existing_rule(target)
    _configure_test(
        name = name,
        environment = environment,
        expected_args = args,
        expected_tags = sorted(tags),
        # What Bazel expands in the arguments of the target it would expand here as well, were `args` the attribute.
        found_args = list(found["args"]),
        found_tags = sorted(found["tags"]),
        target_under_test = target,
    )
