"""Unit tests of what pulled repositories hold."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("//oci/private/pull:build_file.bzl", "image_build_file", "package_url", "root_build_file")
load("//oci/private/pull:platforms.bzl", "repository_of", "settings_of")
load("//oci/private/pull:reference.bzl", "parse_source")

visibility("//oci/tests/...")

_DIGEST = "sha256:" + "0" * 64

def _platforms_test_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(env, "debian_linux_arm64_v8", repository_of("debian", "linux/arm64/v8"))
    asserts.equals(env, "debian_single", repository_of("debian", ""))
    for platforms, expected in [
        (["linux/amd64"], {"for_linux_x86_64": "linux/amd64"}),
        (["linux/arm64/v8", "linux/386"], {"for_linux_aarch64": "linux/arm64/v8", "for_linux_i386": "linux/386", "for_linux_x86_32": "linux/386"}),
        # The usual variant wins, wherever it stands; then the first.
        (["linux/amd64/v3", "linux/amd64"], {"for_linux_x86_64": "linux/amd64"}),
        (["linux/arm/v5", "linux/arm/v6"], {"for_linux_aarch32": "linux/arm/v5", "for_linux_armv7": "linux/arm/v5"}),
        (["linux/amd64", "windows/amd64"], {"for_linux_x86_64": "linux/amd64", "for_windows_x86_64": "windows/amd64"}),
        # No target platform is one of these.
        (["linux/mips", "plan9/amd64"], {}),
    ]:
        asserts.equals(env, expected, {setting.name: setting.platform for setting in settings_of(platforms)})
    constraints = [setting.constraints for setting in settings_of(["linux/amd64", "windows/amd64"])]
    asserts.equals(env, [["@platforms//cpu:x86_64"], ["@platforms//cpu:x86_64", "@platforms//os:windows"]], constraints)
    return unittest.end(env)

_platforms_test = unittest.make(_platforms_test_impl)

def _purl_test_impl(ctx):
    env = unittest.begin(ctx)
    for name, tag, architecture, expected in [
        ("docker.io/library/debian", "12", "amd64", "pkg:oci/debian@sha256%3A" + "0" * 64 + "?arch=amd64&repository_url=docker.io/library/debian&tag=12"),
        ("r.example:5000/x", None, None, "pkg:oci/x@sha256%3A" + "0" * 64 + "?repository_url=r.example%3A5000/x"),
    ]:
        asserts.equals(env, expected, package_url(parse_source(name), _DIGEST, tag, architecture))
    return unittest.end(env)

_purl_test = unittest.make(_purl_test_impl)

def _build_files_test_impl(ctx):
    env = unittest.begin(ctx)
    text = image_build_file(
        name = "debian_linux_amd64",
        layers = {"layer-0.json": '{"digest":"sha256:1","size":7}'},
        blobs = [],
        platform = "linux/amd64",
        reference = "docker.io/library/debian:12",
        sources = ["http://mirror.example/library/debian", "docker.io/library/debian"],
        tags = ['a"b'],
        purl = "pkg:oci/debian",
    )
    for part in [
        'name = "debian_linux_amd64"',
        'platform = "linux/amd64"',
        '"layer-0.json": "{\\"digest\\":\\"sha256:1\\",\\"size\\":7}"',
        'sources = ["http://mirror.example/library/debian", "docker.io/library/debian"]',
        'tags = ["a\\"b"]',
        'default_package_metadata = [":package_metadata"]',
    ]:
        asserts.true(env, part in text, "%s in %s" % (part, text))
    asserts.false(env, "blobs" in text, text)

    for platforms, parts in [
        ([], ['actual = "@debian_single//:debian_single"']),
        (["linux/amd64"], ['":for_linux_x86_64": "@debian_linux_amd64//:debian_linux_amd64"', 'constraint_values = ["@platforms//cpu:x86_64"]']),
        (["linux/amd64", "linux/arm64"], ["oci_image_index(", '["@debian_linux_amd64//:debian_linux_amd64", "@debian_linux_arm64//:debian_linux_arm64"]']),
        (["linux/mips"], ['"@platforms//:incompatible": "@debian_linux_mips//:debian_linux_mips"']),
    ]:
        text = root_build_file(
            name = "debian",
            platforms = platforms,
            available = ["linux/amd64", "linux/arm64"],
            repo_tag = "docker.io/library/debian:12",
            tags = [],
            purl = "pkg:oci/debian",
        )
        for part in parts + ['image = ":debian"', 'name = "any"', 'repo_tags = ["docker.io/library/debian:12"]', 'srcs = ["digest.txt"]']:
            asserts.true(env, part in text, "%s in %s" % (part, text))
    return unittest.end(env)

_build_files_test = unittest.make(_build_files_test_impl)

def repository_test_suite(name):
    """Declares the tests.

    Args:
      name: string.
    """
    unittest.suite(name, _platforms_test, _purl_test, _build_files_test)
