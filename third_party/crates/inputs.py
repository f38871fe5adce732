"""inputs.py DIR: what cargo-bazel reads, from `cargo metadata` on standard input; prints the manifests' paths.

DIR/workspace is a copy of the manifests and Cargo.lock in the words of cargo-bazel 0.15.0, which knows no pattern
among members, and neither edition 2024, nor the resolver that comes with it, nor version 4 of Cargo.lock. All of them
are to it what those before were.
"""

import json
import pathlib
import re
import sys

# Where the tools may be built. `cargo vendor` fetches the crates of all platforms anyway.
PLATFORMS = [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "x86_64-unknown-linux-gnu",
]

# rules_rust runs build scripts with NUM_JOBS=1; these compile a lot of C.
PARALLEL_BUILD_SCRIPTS = ["libdeflate-sys", "ring", "zstd-sys"]


def copy_workspace(root, packages, workspace):
    """Writes the manifests to `workspace`, with links to the sources by which cargo tells what a package holds."""
    for package in packages:
        (workspace / package).mkdir(parents=True)
        (workspace / package / "src").symlink_to(root / package / "src")
        (workspace / package / "Cargo.toml").write_text((root / package / "Cargo.toml").read_text())
    manifest = (root / "Cargo.toml").read_text()
    members = "members = " + json.dumps(packages)
    for pattern, replacement in (
        (r"^members = \[.*?\]", members),
        (r'^resolver = "3"', 'resolver = "2"'),
        (r'^edition = "2024"', 'edition = "2021"'),
    ):
        manifest = re.sub(pattern, replacement, manifest, flags=re.MULTILINE | re.DOTALL)
    (workspace / "Cargo.toml").write_text(manifest)
    lock = (root / "Cargo.lock").read_text()
    (workspace / "Cargo.lock").write_text(lock.replace("\nversion = 4\n", "\nversion = 3\n", 1))


def build_time_only(metadata):
    """Packages that procedural macros and build scripts need, and nothing that ends up in a binary."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    packages = {package["id"]: package for package in metadata["packages"]}

    def is_macro(package_id):
        return any("proc-macro" in target["kind"] for target in packages[package_id]["targets"])

    linked = set()
    todo = list(metadata["workspace_members"])
    while todo:
        package_id = todo.pop()
        if package_id in linked or is_macro(package_id):
            continue
        linked.add(package_id)
        for dependency in nodes[package_id]["deps"]:
            if any(kind["kind"] != "build" for kind in dependency["dep_kinds"]):
                todo.append(dependency["pkg"])
    return [packages[package_id] for package_id in nodes if package_id not in linked]


def annotation(**fields):
    """What we ask for a crate beyond what cargo-bazel does by itself."""
    selectable = {name: {"common": value, "selects": {}} for name, value in fields.items()}
    return {"disable_pipelining": False, **selectable}


def annotations(metadata):
    """Annotations by package."""
    result = {}
    for package in build_time_only(metadata):
        # As cargo's release profile does: they run for milliseconds, and optimising them takes longer.
        result["%(name)s =%(version)s" % package] = annotation(rustc_flags=["-Copt-level=0"])
    for name in PARALLEL_BUILD_SCRIPTS:
        result[name + " *"] = annotation(build_script_env={"NUM_JOBS": "4"})
    return result


def config(metadata):
    """cargo-bazel's configuration file."""
    return {
        "annotations": annotations(metadata),
        "cargo_config": None,
        "generate_binaries": False,
        "generate_build_scripts": True,
        "rendering": {
            "build_file_template": "//:BUILD.{name}-{version}.bazel",
            "crate_label_template": "@crates//vendor/{name}-{version}:{target}",
            "crates_module_template": "//:{file}",
            "default_package_name": None,
            "generate_target_compatible_with": False,
            "regen_command": "third_party/crates/update.sh",
            "repository_name": "crates",
            "vendor_mode": "local",
        },
        "supported_platform_triples": PLATFORMS,
    }


def splicing(workspace, packages):
    """cargo-bazel's list of manifests, with the labels by which they are known."""
    manifests = {str(workspace / package / "Cargo.toml"): "//%s:Cargo.toml" % package for package in packages}
    manifests[str(workspace / "Cargo.toml")] = "//:Cargo.toml"
    return {"cargo_config": None, "direct_packages": {}, "manifests": manifests, "resolver_version": "2"}


def main():
    directory = pathlib.Path(sys.argv[1])
    metadata = json.load(sys.stdin)
    root = pathlib.Path(metadata["workspace_root"])
    members = set(metadata["workspace_members"])
    packages = sorted(
        str(pathlib.Path(package["manifest_path"]).parent.relative_to(root))
        for package in metadata["packages"]
        if package["id"] in members
    )
    workspace = directory / "workspace"
    copy_workspace(root, packages, workspace)
    (directory / "splicing.json").write_text(json.dumps(splicing(workspace, packages)))
    (directory / "config.json").write_text(json.dumps(config(metadata)))
    print("\n".join(["Cargo.lock", "Cargo.toml"] + [package + "/Cargo.toml" for package in packages]))


main()
