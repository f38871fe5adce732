"""Every kind of entry through every unpacker: bsdtar, GNU tar, Python, umoci, docker, containerd, podman.

Each layer is packed from the tables below, and each tree that comes out is compared with the layer's own listing, and
the contents of its files with what went in. What an unpacker does not carry stands in `NOT_CARRIED`, and nowhere else.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from harness import layout, mtree
from harness.processes import run
from harness.requirements import tool
from harness.world import World

CONTENT = b"content\n" * 100
LONG = "n" * 255
"""The longest name that Linux has."""
DEEP = "/".join(["directory"] * 50)

# Kind, path, source, mode: lines of an entries file. `content` is a file with CONTENT, `large` one of several members.
KINDS = (
    ("file", "regular", "content", ""),
    ("file", "large", "large", ""),
    ("file", "executable", "content", "0755"),
    ("file", "setuid", "content", "4755"),
    ("file", "setgid", "content", "2755"),
    ("file", "for-nobody", "content", "0000"),
    ("empty", "empty", "", ""),
    ("dir", "directory", "", ""),
    ("dir", "sticky", "", "1777"),
    ("dir", "tmp", "", ""),
    ("dir", "root", "", ""),
    ("file", "opt/in/directories", "content", ""),
    ("symlink", "relative", "regular", ""),
    ("symlink", "opt/up", "../regular", ""),
    ("symlink", "absolute", "/regular", ""),
    ("symlink", "dangling", "no/such/file", ""),
    ("symlink", "to-directory", "opt", ""),
    ("symlink", "long-target", f"{DEEP}/{DEEP}", ""),
    # As ustar has it: 100 bytes for the name, 155 for its directory.
    ("file", "a" * 100, "content", ""),
    ("file", "b" * 101, "content", ""),
    ("file", f"{'c' * 155}/{'c' * 100}", "content", ""),
    ("file", f"{'d' * 156}/{'d' * 100}", "content", ""),
    ("file", f"{LONG}/{LONG}/{LONG}", "content", ""),
    ("dir", f"{DEEP}/{DEEP}", "", ""),
    ("file", "größer/文字/Ünïcödé 🦀", "content", ""),
    ("file", "with blanks/ leading and trailing ", "content", ""),
    ("file", "special/\\back*?[x]#=:;'\"$`", "content", ""),
    ("file", "special/-rf", "content", ""),
    ("file", "attributes/user", "content", ""),
    ("file", "attributes/capable", "content", "0755"),
    ("dir", "attributes/directory", "", ""),
    ("file", "owned/by-another", "content", ""),
    ("file", "to-be-replaced", "content", ""),
    ("file", "to-be-deleted/file", "content", ""),
    ("dir", "to-be-deleted/directory", "", ""),
    ("file", "to-be-deleted/directory/file", "content", ""),
    ("symlink", "to-be-deleted/link", "nowhere", ""),
    ("file", "to-be-emptied/file", "content", ""),
    ("file", "to-be-emptied/directory/file", "content", ""),
    ("mtime", "", "1", ""),
    ("owner", "owned/**", "1000:1001", ""),
    ("xattr", "attributes/user", "user.text=some text", ""),
    ("xattr", "attributes/user", "user.bytes=0x000a3d20ff", ""),
    ("xattr", "attributes/directory", "user.of-a-directory=yes", ""),
    ("xattr", "attributes/capable", "security.capability=cap_net_bind_service+ep", ""),
)
# What header fields of ustar cannot hold: 2^21 owners, and times after 2242.
LATE = (
    ("file", "late/file", "content", ""),
    ("symlink", "late/link", "file", ""),
    ("mtime", "", "9000000000", ""),
    ("owner", "", "4294967294:2097152", ""),
)
EQUAL = (
    ("file", "equal/first", "content", ""),
    ("file", "equal/second", "content", ""),
    ("file", "equal/the/third", "content", ""),
    ("file", f"equal/{LONG}", "content", ""),
    ("file", "equal/other mode", "content", "0600"),
)
DELETING = (
    ("whiteout", "to-be-deleted/file", "", ""),
    ("whiteout", "to-be-deleted/directory", "", ""),
    ("whiteout", "to-be-deleted/link", "", ""),
    ("opaque", "to-be-emptied", "", ""),
    ("file", "to-be-emptied/new", "content", ""),
    ("dir", "to-be-replaced", "", ""),
    ("whiteout", "imported/fifo", "", ""),
)
# Name, entries, arguments of `pack layer`.
LAYERS = (
    ("kinds", KINDS, ()),
    ("late", LATE, ("--compression=none",)),
    ("equal", EQUAL, ("--dedupe", "--gzip-members=one")),
    ("deleting", DELETING, ("--compression-level=1",)),
)



def _before_1970(entry: dict[str, str], key: str) -> bool:
    return key == "time" and entry["time"].startswith("-")


NOT_CARRIED: dict[str, mtree.Ignored] = {
    "python": lambda entry, key: key.startswith("xattr.") or (entry["type"] == "link" and key == "time"),
    "containerd": _before_1970,
    "docker": _before_1970,
    "podman": _before_1970,
}


def scenario(world: World) -> None:
    """Runs the scenario."""
    pack = world.bazel.files("//crates/pack:release")[0]
    folder = world.scratch("layers")
    folder.mkdir()
    (folder / "content").write_bytes(CONTENT)
    (folder / "large").write_bytes(bytes(range(256)) * 20_000 + CONTENT)
    contents = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("content", "large")}

    packed = [_packed(pack, folder, *layer) for layer in LAYERS]
    trees = [_with_contents(_tree(folder, name), entries, contents) for name, entries, _ in LAYERS]
    imported = [_imported(pack, folder, name) for name in _written_elsewhere(folder)]
    # Below the layer that deletes from it.
    layers = [*packed[:-1], *imported, packed[-1]]
    trees = [*trees[:-1], *(_tree(folder, layer.blob.stem) for layer in imported), trees[-1]]
    names = [layer.blob.stem for layer in layers]
    for name, layer, tree in zip(names, layers, trees, strict=True):
        for program, unpack in (("bsdtar", _bsdtar), ("tar", _gnu_tar), ("python", _python)):
            target = world.scratch(f"{name}-{program}")
            target.mkdir()
            unpack(layer.blob, target)
            _compare(world, f"{program} of layer {name}", program, mtree.linked(tree), mtree.scan(target))
    world.step(f"bsdtar, tar and Python's tarfile unpack {len(layers)} layers as listed: {', '.join(names)}")

    image = world.scratch("layout")
    layout.write(image, "e2e", layers)
    declared = mtree.linked(mtree.overlay(trees))
    bundle = world.scratch("bundle")
    run([tool("umoci"), "unpack", "--image", f"{image}:e2e", bundle])
    _compare(world, "umoci", "umoci", declared, mtree.scan(bundle / "rootfs"))
    world.step(f"umoci unpacks their image as listed: {len(declared)} entries")

    reference = f"{world.registry.host}/round-trip:e2e"
    run([tool("skopeo"), "copy", "--quiet", "--dest-tls-verify=false", f"oci:{image}:e2e", f"docker://{reference}"])
    for runtime, engine in world.runtimes.items():
        with engine.unpacked(reference) as root:
            found = mtree.scan(root)
        _compare(world, runtime, runtime, declared, found)
        world.step(f"{runtime} {engine.version()} does, too")


def _compare(world: World, what: str, unpacker: str, declared: mtree.Tree, found: mtree.Tree) -> None:
    differences = mtree.differences(declared, found, NOT_CARRIED.get(unpacker, lambda _entry, _key: False))
    world.check(not differences, f"{what}: another tree than listed", "\n".join(differences))


def _packed(
    pack: Path, folder: Path, name: str, entries: tuple[tuple[str, str, str, str], ...], arguments: tuple[str, ...]
) -> layout.Layer:
    declared = "".join(f"{line}\n" for entry in entries for line in entry)
    (folder / f"{name}.entries").write_text(f"strata-entries 2\n{declared}")
    run([pack, "layer", f"--entries={name}.entries", *_outputs(name), *arguments], cwd=folder)
    return _layer(folder, name)


def _outputs(name: str) -> list[str]:
    return [f"--blob={name}.blob", f"--metadata={name}.json", f"--mtree={name}.mtree", f"--created-by=//:{name}"]


def _layer(folder: Path, name: str) -> layout.Layer:
    return layout.Layer(folder / f"{name}.blob", json.loads((folder / f"{name}.json").read_text()))


def _tree(folder: Path, name: str) -> mtree.Tree:
    return mtree.parse((folder / f"{name}.mtree").read_text())


def _with_contents(
    tree: mtree.Tree, entries: tuple[tuple[str, str, str, str], ...], contents: dict[str, str]
) -> mtree.Tree:
    """Adds what a listing does not have: the digests of the files."""
    for kind, path, source, _ in entries:
        if kind == "file":
            tree[f"./{path}"]["sha256"] = contents[source]
    return tree


def _written_elsewhere(folder: Path) -> list[str]:
    """Writes tars with what only tars from elsewhere have, and returns their names."""

    def member(name: str, kind: bytes, **fields: object) -> tarfile.TarInfo:
        info = tarfile.TarInfo(f"imported/{name}")
        info.type, info.mode, info.mtime = kind, 0o640, 1_700_000_000
        for field, value in fields.items():
            setattr(info, field, value)
        return info

    with tarfile.open(folder / "imported.tar", "w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(member("", tarfile.DIRTYPE, mode=0o755))
        tar.addfile(member("null", tarfile.CHRTYPE, devmajor=1, devminor=3))
        tar.addfile(member("loop", tarfile.BLKTYPE, devmajor=7, devminor=300))
        tar.addfile(member("fifo", tarfile.FIFOTYPE))
        tar.addfile(member("pipe", tarfile.FIFOTYPE))
        tar.addfile(member("file", tarfile.REGTYPE, size=len(CONTENT)), io.BytesIO(CONTENT))
        tar.addfile(member("link", tarfile.LNKTYPE, linkname="imported/file"))
        tar.addfile(member("long", tarfile.DIRTYPE, mode=0o711))
        tar.addfile(member(f"long/{LONG}", tarfile.REGTYPE, uid=3_000_000))
        tar.addfile(member("new\nline", tarfile.REGTYPE))
        tar.addfile(member("old", tarfile.REGTYPE, mtime=-86_400))

    with (folder / "sparse").open("wb") as file:
        file.seek(1 << 20)
        file.write(CONTENT)
        file.truncate(3 << 20)
    run(["tar", "-cf", "sparse.tar", "--sparse", "--format=posix", "--mtime=@1", "sparse"], cwd=folder)
    return ["imported", "sparse"]


def _imported(pack: Path, folder: Path, name: str) -> layout.Layer:
    run([pack, "import", f"--tar={name}.tar", *_outputs(name)], cwd=folder)
    return _layer(folder, name)


def _bsdtar(blob: Path, target: Path) -> None:
    run([tool("bsdtar"), "-xpf", blob, "--numeric-owner", "-C", target])


def _gnu_tar(blob: Path, target: Path) -> None:
    # It asks for what the name does not tell.
    compressed = [] if blob.read_bytes()[:2] != b"\x1f\x8b" else ["--gzip"]
    run(["tar", "-xpf", blob, *compressed, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", target])


def _python(blob: Path, target: Path) -> None:
    with tarfile.open(blob) as tar:
        # All of it, devices too. Python 3.11.2 does so, and knows no argument for it yet.
        tar.extraction_filter = lambda member, _path: member
        tar.extractall(target, numeric_owner=True)
