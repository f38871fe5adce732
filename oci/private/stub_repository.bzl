"""A repository with nothing in it, where rules_oci has toolchains that these rules don't need.

`register_toolchains("@oci_crane_toolchains//:all")` of a MODULE.bazel written for rules_oci then registers nothing.
"""

visibility("//oci/...")

def _stub_repository_impl(rctx):
    rctx.file("BUILD.bazel", '"""Empty: @rules_strata needs no toolchain of this name."""\n')

stub_repository = repository_rule(
    implementation = _stub_repository_impl,
    doc = "A repository with one empty package.",
)
