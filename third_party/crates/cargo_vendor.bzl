"""@crates: third-party crates as cargo itself fetches them, under the Bazel files of gen/.

cargo's own configuration holds: registries, mirrors, credentials, offline mode. What Cargo.lock pins is what is
built, and no address of a registry is written down here.
"""

visibility("public")

_BUILD_NAMES = ["BUILD", "BUILD.bazel", "MODULE.bazel", "REPO.bazel", "WORKSPACE", "WORKSPACE.bazel", "WORKSPACE.bzlmod"]

def _files_named(directory, names):
    found = []
    todo = [directory]
    for _ in range(1 << 30):
        if not todo:
            return found
        for path in todo.pop().readdir(watch = "no"):
            if path.is_dir:
                todo.append(path)
            elif path.basename in names:
                found.append(path)
    fail("unreachable")

def _run(rctx, arguments, working_directory = ""):
    result = rctx.execute(arguments, timeout = 1800, working_directory = working_directory)
    if result.return_code:
        command = " ".join([str(argument) for argument in arguments])
        fail("fetching third-party crates: `%s` failed in %s:\n%s" % (command, working_directory or ".", result.stderr))

def _vendor(rctx, workspace):
    cargo = rctx.which("cargo")
    if not cargo:
        fail("""
The tools of rules_strata are built from source, which needs cargo, and there is none on PATH (%s).
Install Rust 1.88 or later (https://rustup.rs), or register toolchains of ready-made tools.""" % rctx.getenv("PATH"))
    arguments = [cargo, "vendor", "--locked", "--versioned-dirs", "--respect-source-config", rctx.path("vendor")]
    _run(rctx, arguments, working_directory = str(workspace))

def _cargo_vendor_impl(rctx):
    workspace = rctx.path(Label("//:Cargo.toml")).dirname
    gen = rctx.path(Label("//third_party/crates:BUILD.bazel")).dirname.get_child("gen")
    rctx.watch(Label("//:Cargo.lock"))
    rctx.watch_tree(gen)

    rctx.report_progress("cargo vendor")
    _vendor(rctx, workspace)
    vendor = rctx.path("vendor")

    # Crates' own Bazel files would hide their sources from ours.
    for path in _files_named(vendor, _BUILD_NAMES):
        rctx.delete(path)

    missing = {path.basename: None for path in vendor.readdir(watch = "no")}
    unknown = []
    for path in gen.readdir():
        crate = path.basename.removeprefix("BUILD.").removesuffix(".bazel")
        if path.basename in ["BUILD.root.bazel", "defs.bzl"]:
            rctx.symlink(path, path.basename.replace(".root", ""))
        elif crate not in missing:
            unknown.append(crate)
        else:
            missing.pop(crate)

            # cargo's checksums name its source, which differs from one configuration to the next.
            rctx.delete("vendor/%s/.cargo-checksum.json" % crate)
            rctx.symlink(path, "vendor/%s/BUILD.bazel" % crate)
            if "+" in crate:  # Labels have it as a dash.
                _run(rctx, ["mv", "vendor/" + crate, "vendor/" + crate.replace("+", "-")])
    if unknown or missing:
        fail("""
third_party/crates/gen is not up to date with Cargo.lock: run third_party/crates/update.sh.
Not in Cargo.lock any more: %s. New there: %s.""" % (", ".join(unknown) or "none", ", ".join(missing) or "none"))

cargo_vendor = repository_rule(
    implementation = _cargo_vendor_impl,
    doc = "Third-party crates of the root Cargo.lock: `//vendor/NAME-VERSION`, and macros over them in `defs.bzl`.",
    environ = ["CARGO_HOME"],
)
