"""@local_rust: the Rust on PATH as a rules_rust toolchain, for where rules_rust cannot download its own."""

visibility("public")

_BUILD = """\
load("@rules_rust//rust:toolchain.bzl", "rust_stdlib_filegroup", "rust_toolchain")

filegroup(
    name = "rustc_lib",
    srcs = glob(
        [
            "lib/*.so",
            "lib/*.dylib",
            "lib/rustlib/{triple}/bin/**",
            "lib/rustlib/{triple}/codegen-backends/**",
        ],
        allow_empty = True,
    ),
)

# Metadata (.rmeta) of the standard library lies beside its .rlib files since Rust 1.95.
rust_stdlib_filegroup(
    name = "rust_std",
    srcs = glob(
        ["lib/rustlib/{triple}/lib/*." + extension for extension in ["a", "dylib", "rlib", "rmeta", "so"]],
        allow_empty = True,
    ),
)

rust_toolchain(
    name = "rust",
    binary_ext = "",
    cargo = "bin/cargo",
    default_edition = "2024",
    dylib_ext = "{dylib_ext}",
    exec_triple = "{triple}",
    rust_doc = "bin/rustdoc",
    rust_std = ":rust_std",
    rustc = "bin/rustc",
    rustc_lib = ":rustc_lib",
    staticlib_ext = ".a",
    stdlib_linkflags = {linkflags},
    target_triple = "{triple}",
    visibility = ["//visibility:public"],
)
"""

def _rustc(rctx, *arguments):
    rustc = rctx.which("rustc")
    if not rustc:
        fail("There is no rustc on PATH (%s). Install Rust 1.88 or later (https://rustup.rs)." % rctx.getenv("PATH"))
    result = rctx.execute([rustc] + list(arguments))
    if result.return_code:
        fail("`%s %s` failed:\n%s" % (rustc, " ".join(arguments), result.stderr))
    return result.stdout.strip()

def _local_rust_impl(rctx):
    facts = dict([line.split(": ", 1) for line in _rustc(rctx, "-vV").split("\n") if ": " in line])
    triple = facts["host"]
    release = [int(part) for part in facts["release"].split("-")[0].split(".")]
    if release < [1, 88, 0]:
        fail("Rust 1.88 or later is needed; `rustc` on PATH is %s. Update it (`rustup update`)." % facts["release"])

    sysroot = _rustc(rctx, "--print", "sysroot")
    for directory in ["bin", "lib"]:
        rctx.symlink(sysroot + "/" + directory, directory)
    apple = "apple" in triple
    rctx.file("BUILD.bazel", _BUILD.format(
        dylib_ext = ".dylib" if apple else ".so",
        linkflags = ["-lSystem", "-lresolv"] if apple else ["-ldl", "-lpthread"],
        triple = triple,
    ))

local_rust = repository_rule(
    implementation = _local_rust_impl,
    doc = "A `rust_toolchain`, `//:rust`, made of what `rustc --print sysroot` says; //tools/rust:local offers it.",
    environ = ["PATH", "RUSTUP_TOOLCHAIN"],
    local = True,
)
