"""The Go on this machine: from $GOROOT, or else from PATH."""

_BUILD = """\
load("@io_bazel_rules_go//go/private:standard_library.bzl", "standard_library")

standard_library(
    name = "std",
    visibility = ["//visibility:public"],
)
"""

def _local_sdk_impl(rctx):
    goroot = rctx.getenv("GOROOT")
    go = "%s/bin/go" % goroot if goroot else rctx.which("go")
    if not go:
        fail("There is no `go` on PATH, and GOROOT is not set.")
    found = rctx.execute([go, "env", "GOROOT", "GOVERSION"])
    if found.return_code:
        fail("`%s env` failed: %s" % (go, found.stderr))
    goroot, version = found.stdout.split("\n")[:2]
    rctx.file("BUILD.bazel", _BUILD)
    rctx.file("sdk.bzl", "GOROOT = %r\nGOVERSION = %r\n" % (goroot, version))

local_sdk = repository_rule(
    implementation = _local_sdk_impl,
    doc = "Where Go is, and which version of it.",
    environ = ["GOROOT", "PATH"],
    local = True,
)
