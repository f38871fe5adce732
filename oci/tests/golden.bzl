"""golden_test: an output of a target is, byte for byte, the one that is checked in."""

load("@bazel_skylib//rules:diff_test.bzl", "diff_test")

visibility("//oci/tests/...")

def golden_test(name, target, output_group, expected):
    """Compares an output group that holds one file with a file.

    Args:
      name: string.
      target: label.
      output_group: string.
      expected: label of the file.
    """
    actual = name + "_actual"
    native.filegroup(
        name = actual,
        testonly = True,
        srcs = [target],
        output_group = output_group,
    )
    diff_test(
        name = name,
        size = "small",
        failure_message = "To accept it: bazel build //%s:%s, and copy the output over %s." % (native.package_name(), actual, expected),
        file1 = expected,
        file2 = actual,
    )
