"""Bad input in BUILD files: each ends in words that name the target or file and the fix, and leaves no output.

The targets are those of //oci/tests/bad_input. What analysis finds is tested there, without a build.
"""

from __future__ import annotations

from harness.world import World

PACKAGE = "//oci/tests/bad_input"

# target, what its message must hold
BAD = (
    ("two_files_at_one_path", ("two files at /a/file.txt", "bad_input/a/file.txt", "bad_input/b/file.txt")),
    ("escapes_the_root", ("/etc/../../x", "..")),
    (
        "tars_of_two_types",
        (
            "/bin is a symbolic link to usr/bin in ",
            "bad_input/link.tar, and a directory in ",
            "bad_input/directory.tar. What is merged into one layer must be of one type at each path: ",
            "take one of them out, or give the tars layers of their own",
        ),
    ),
    ("owner_by_name", ("root:root", "0:0", "owner_name")),
    ("glob_fits_nothing", ("b/*.text", "modes")),
    ("owner_glob_fits_nothing", ("b/**", "owners")),
    ("unknown_capability", ("cap_net_bind", "did you mean cap_net_bind_service")),
    ("deleted_and_written", ("/a/file.txt", "whiteouts", "opaque")),
    ("whiteout_by_accident", ("/etc/.wh.passwd", "delete /etc/passwd", "whiteouts")),
    (
        "group_does_not_parse",
        ("the regex of the group data", "(a|b", "^", "unbalanced parenthesis", "bad_input:group_does_not_parse"),
    ),
    ("group_matches_nothing", ("/bad_input/c/", "matches no file", "nearest are ./oci/tests/bad_input/program")),
    ("files_in_no_group", ("in no group", "./oci/tests/bad_input/program.runfiles/", "the group app")),
    ("layer_is_no_tar", ("text.tar", "tar")),
    ("bad_created", ("a/file.txt", "RFC 3339")),
    ("base_layer_changed", ("is damaged", "its digest is sha256:", f"{PACKAGE}:layout_layer_changed")),
    ("base_layer_missing", ("lacks the blob sha256:", f"{PACKAGE}:layout_layer_missing")),
    ("base_no_image", ("it holds no image", f"{PACKAGE}:layout_no_image")),
    ("base_not_a_layout", ("has no oci-layout", f"{PACKAGE}:layout_not_a_layout")),
    ("base_source_directory", ("has no oci-layout", "bad_input/a")),
    (
        "base_for_another_platform",
        ("its platform //oci/tests/platforms:linux_s390x is linux/s390x, and its base is for linux/riscv64",),
    ),
    (
        "layer_for_another_platform",
        (f"the layer {PACKAGE}:for_s390x is for linux/s390x, and the image for linux/riscv64",),
    ),
    (
        "index_of_one_platform",
        (
            f"{PACKAGE}:on_riscv64_layout for //oci/tests/platforms:linux_s390x is an image for linux/riscv64",
            "that platform is linux/s390x",
        ),
    ),
    (
        "index_of_two_alike",
        ("two images are for linux/riscv64", f"{PACKAGE}:on_riscv64_layout and {PACKAGE}:riscv64"),
    ),
    ("tars_hold_docker_archive", ("is an image", "name it as base of an oci_image")),
    ("tars_hold_oci_archive", ("is an image, with oci-layout and index.json at its root, and no layer",)),
    ("platform_is_none", ("b/file.txt", "PlatformInfo")),
    ("base_no_index_json", ("index.json", f"{PACKAGE}:layout_no_index_json")),
    ("base_is_text", (f"{PACKAGE}:text.tar", "cannot use", "as a base", "it looks like text")),
    ("base_is_a_layer", (f"{PACKAGE}:directory", "no archive of an image", "docker save", "A layer goes into tars")),
    ("import_of_a_layer", (f"{PACKAGE}:directory", "no archive of an image")),
    ("base_none", ("linux/riscv64", "linux/s390x", f"{PACKAGE}:layout_none")),
)


def scenario(world: World) -> None:
    """Runs the scenario."""
    for target, words in BAD:
        label = f"{PACKAGE}:{target}"
        result = world.bazel.build(label, code=1)
        world.contains(result, label, *words)
        world.step(f"{target}: the message says {', '.join(words)}")

    world.bazel.build(f"{PACKAGE}:absolute_symlink")
    world.step("absolute_symlink: builds, since a link's target is resolved in the container")
