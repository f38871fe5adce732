"""strata_crate: a package of the Cargo workspace under Bazel, from the same sources."""

load("@crates//:defs.bzl", "aliases", "all_crate_deps")
load("@rules_rust//rust:defs.bzl", "rust_binary", "rust_library", "rust_test")
load(":release.bzl", "release")

visibility("//crates/...")

_EDITION = "2024"
_VERSION = "0.0.0"  # CARGO_PKG_VERSION; that of MODULE.bazel and Cargo.toml

# As Cargo.toml's release profile, but for LTO, which takes 50 s of CPU for `pack` (its link alone: 1 s). All are flags
# of the binary alone, so that it shares every library with the other binaries.
_RELEASE = ["-Cpanic=abort", "-Cstrip=symbols"]

_STATIC = select({
    "//tools/rust:static_linux": ["-Ctarget-feature=+crt-static"],
    "//conditions:default": [],
})

def strata_crate(name, deps = [], dev_deps = [], test_data = [], testonly = False, size = "small"):
    """Declares what cargo would build of this package.

    - `NAME`: the library; or, with a `src/main.rs`, the binary, and `NAME_lib` the library.
    - `release`: the binary, optimised and static, whatever the compilation mode.
    - `unit_test`, and `X_test` for each `tests/X.rs` and `tests/X/main.rs`. They find the binary as
      `env!("CARGO_BIN_EXE_NAME")`: a path relative to where the test starts (with cargo: an absolute one).

    Third-party crates come from the package's Cargo.toml.

    Args:
      name: the package's name in Cargo.toml.
      deps: libraries of this workspace.
      dev_deps: the same, for tests only.
      test_data: files outside of the package that its tests read, at their paths below the root of the repository.
      testonly: whether only tests may use it.
      size: of the tests.
    """
    binary = bool(native.glob(["src/main.rs"], allow_empty = True))
    library = name + "_lib" if binary else name
    common = {"edition": _EDITION, "version": _VERSION}

    rust_library(
        name = library,
        srcs = native.glob(["src/**/*.rs"], exclude = ["src/main.rs"]),
        aliases = aliases(),
        compile_data = native.glob(["src/**"], exclude = ["src/**/*.rs"], allow_empty = True),
        crate_name = name,
        proc_macro_deps = all_crate_deps(proc_macro = True),
        testonly = testonly,
        visibility = ["//visibility:public"],
        deps = deps + all_crate_deps(normal = True),
        **common
    )

    rust_test(
        name = "unit_test",
        size = size,
        aliases = aliases(normal_dev = True, proc_macro_dev = True),
        crate = library,
        data = test_data,
        proc_macro_deps = all_crate_deps(proc_macro_dev = True),
        deps = dev_deps + all_crate_deps(normal_dev = True),
        **common
    )

    if binary:
        rust_binary(
            name = name,
            srcs = ["src/main.rs"],
            aliases = aliases(),
            crate_root = "src/main.rs",
            proc_macro_deps = all_crate_deps(proc_macro = True),
            rustc_flags = _STATIC + select({
                "//tools/rust:opt": _RELEASE,
                "//conditions:default": [],
            }),
            visibility = ["//visibility:public"],
            deps = deps + [library] + all_crate_deps(normal = True),
            **common
        )
        release(
            name = "release",
            binary = name,
            visibility = ["//visibility:public"],
        )

    sources = native.glob(["tests/**/*.rs"], allow_empty = True)
    for root in native.glob(["tests/*.rs", "tests/*/main.rs"], allow_empty = True):
        rust_test(
            name = root.removeprefix("tests/").removesuffix(".rs").removesuffix("/main") + "_test",
            size = size,
            srcs = sources,
            aliases = aliases(normal = True, normal_dev = True, proc_macro = True, proc_macro_dev = True),
            crate_root = root,
            data = ([name] if binary else []) + test_data + native.glob(["tests/**"], exclude = ["tests/**/*.rs"], allow_empty = True),
            proc_macro_deps = all_crate_deps(proc_macro = True, proc_macro_dev = True),
            rustc_env = {"CARGO_BIN_EXE_" + name: "$(rootpath %s)" % name} if binary else {},
            deps = deps + dev_deps + [library] + all_crate_deps(normal = True, normal_dev = True),
            **common
        )
