"""Tests of images by what is in their layout directories and tarballs, for people who know nothing of how those are made."""

load("@bazel_skylib//rules:diff_test.bzl", "diff_test")
load("@bazel_skylib//rules:write_file.bzl", "write_file")

def _seen(name, command, target, expected):
    """Compares what look.py prints of a target with expected lines."""
    native.genrule(
        name = name + "_seen",
        testonly = True,
        srcs = [target],
        outs = [name + ".seen.json"],
        cmd = "python3 $(execpath //:look.py) %s $(execpath %s) > $@" % (command, target),
        tools = ["//:look.py"],
    )
    write_file(
        name = name + "_expected",
        testonly = True,
        out = name + ".expected.json",
        content = [json.encode_indent(json.decode(json.encode(expected)), indent = " "), ""],
    )
    diff_test(
        name = name,
        size = "small",
        file1 = name + "_expected",
        file2 = name + "_seen",
    )

def assert_config(name, image, expected):
    """The image's config has these values, and nothing else beside them.

    Args:
      name: string. The test.
      image: label of a layout directory with one image.
      expected: dict. Fields of the part `config`, in the spelling of the image specification, and `os`, `architecture`,
        `variant`, `created`.
    """
    _seen(name, "config", image, expected)

def assert_files(name, image, files):
    """The image has these regular files, and no others.

    Args:
      name: string. The test.
      image: label of a layout directory with one image.
      files: dict of path, without a leading slash, to contents.
    """
    _seen(name, "files", image, files)

def assert_manifest(name, image, expected):
    """What the manifest or index of a layout holds.

    Args:
      name: string. The test.
      image: label of a layout directory.
      expected: dict of `annotations`, `layers` (how many) and `platforms` (sorted), as far as they are there.
    """
    _seen(name, "manifest", image, expected)

def assert_tarball(name, tarball, expected):
    """A tarball as `docker load` takes it.

    Args:
      name: string. The test.
      tarball: label of a tar file.
      expected: dict of `tags` (list), `layers` (int), `config` (the part `config` of the image config).
    """
    _seen(name, "tarball", tarball, expected)
