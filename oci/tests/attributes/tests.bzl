"""Analysis tests of stamping: which status files an image depends on."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:defs.bzl", "oci_image")
load("//oci/tests:actions.bzl", "actions_of")

visibility("//oci/tests/attributes")

def _status_files_test_impl(ctx):
    env = analysistest.begin(ctx)
    actions = actions_of(env, "OciManifest")
    asserts.equals(env, 1, len(actions), "one OciManifest")
    found = [file.basename for file in actions[0].inputs.to_list() if file.basename.endswith("-status.txt")]
    asserts.equals(env, sorted(ctx.attr.expected), sorted(found), "status files among the inputs of OciManifest")
    return analysistest.end(env)

_ATTRS = {"expected": attr.string_list(mandatory = True)}
_DOC = "OciManifest has these of Bazel's status files as inputs and no others."

_status_files_test = analysistest.make(_status_files_test_impl, doc = _DOC, attrs = _ATTRS)

_status_files_with_stamp_test = analysistest.make(
    _status_files_test_impl,
    doc = _DOC + " With --stamp.",
    attrs = _ATTRS,
    config_settings = {"//command_line_option:stamp": True},
)

def status_case(name, attributes, without, with_stamp):
    """Declares an image and the tests of what it depends on.

    Args:
      name: string. The image's name.
      attributes: dict. The image's attributes.
      without: list of strings. The status files, built without --stamp.
      with_stamp: list of strings. The same with --stamp.
    """
    oci_image(name = name, architecture = "amd64", os = "linux", tags = ["manual"], **attributes)
    _status_files_test(name = name + "_test", expected = without, target_under_test = name)
    _status_files_with_stamp_test(name = name + "_with_stamp_test", expected = with_stamp, target_under_test = name)
