"""configure: `bazel run` writes image targets into BUILD files, and a test tells whether they are there."""

load(":configure.bzl", "configure_check_test", "configure_run")
load(":macros.bzl", "common_attributes")

visibility("//oci/...")

# It reads files that Bazel doesn't know as its inputs: no result of an earlier run says anything, and neither a sandbox nor another
# machine has them.
_CHECK_TAGS = [
    "external",
    "local",
    "no-cache",
    "no-remote",
    "no-sandbox",
]

def _quoted(argument):
    """An argument as `args` of a target want it: after make variables and the words of a shell it is what it was."""
    return "'%s'" % argument.replace("'", "'\\''").replace("$", "$$")

def _list_flag(name, flag, attribute, values, separator):
    """The arguments for a list of strings."""
    if type(values) != "list":
        fail("configure %r: %s is a list of strings, not %r." % (name, attribute, values))
    for value in values:
        if type(value) != "string" or not value or value.startswith("-") or separator and separator in value:
            fail("configure %r: %r in %s is none. Write each as an item of its own, without the flag." % (name, value, attribute))
    if not separator:
        return ["-%s=%s" % (flag, value) for value in values]
    return ["-%s=%s" % (flag, separator.join(values))] if values else []

def configure(name = "configure", *, build_file_names = [], exclude = [], langs = [], strict = False, **kwargs):
    """Writes image targets into BUILD files: `bazel run //:configure`, and the test `:configure.check`.

    For the BUILD.bazel of the workspace's root. docs/configure.md says what is written, which directives and flags there are, and
    what the check needs in any other package.

    Args:
      name: string.
      build_file_names: list of strings: the names that BUILD files have, the preferred first. Empty: `BUILD.bazel`, `BUILD`.
      exclude: list of globs of paths, relative to the root, that are not looked at, such as `"third_party/**"`.
      langs: list of strings: the languages whose binaries get images, such as `go` and `py`. Empty: all.
      strict: whether warnings are errors.
      **kwargs: the attributes common to all rules.
    """
    args = _list_flag(name, "build_file_name", "build_file_names", build_file_names, ",")
    args += _list_flag(name, "exclude", "exclude", exclude, None)
    args += _list_flag(name, "lang", "langs", langs, ",")
    if strict:
        args.append("-strict")
    args = [_quoted(argument) for argument in args]

    common = common_attributes(kwargs)
    if kwargs:
        fail("configure %r: there is no attribute %s, but build_file_names, exclude, langs and strict. Other flags go onto the command line: bazel run :%s -- --help" % (name, ", ".join(kwargs), name))
    tags = common.pop("tags", None) or []
    configure_run(
        name = name,
        args = args,
        tags = tags,
        **common
    )
    configure_check_test(
        name = name + ".check",
        size = "small",
        timeout = "moderate",
        args = ["-mode=diff"] + args,
        fix = name,
        root_file = "//:MODULE.bazel",
        tags = tags + [tag for tag in _CHECK_TAGS if tag not in tags],
        **common
    )
