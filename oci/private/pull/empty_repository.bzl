"""Empty repositories, in place of those that rules_oci makes for its toolchains."""

visibility("//oci/...")

def _empty_repository_impl(rctx):
    rctx.file("BUILD.bazel", "# Empty: rules_strata has toolchains of its own. `register_toolchains` of this registers nothing.\n", executable = False)
    return rctx.repo_metadata(reproducible = True) if hasattr(rctx, "repo_metadata") else None

empty_repository = repository_rule(
    implementation = _empty_repository_impl,
    doc = "A repository without targets.",
)
