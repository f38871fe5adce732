"""A layer over a Debian-like base: what docker, containerd and podman make of it is what our listings say.

Modes of directories that both have stay (/tmp, /root), a directory takes the place of a link (/bin -> usr/bin), which
the build has said, and whiteouts delete.
"""

from __future__ import annotations

from harness import mtree
from harness.bazel import Bazel
from harness.world import World

MODES = {"./tmp": "1777", "./var/tmp": "1777", "./root": "0700", "./etc": "0755", "./usr/bin": "0755"}


def scenario(world: World) -> None:
    """Runs the scenario."""
    bazel = world.module("over_a_base")

    trees = _unpacked(world, bazel, "modest", "modest")
    for runtime, tree in trees.items():
        world.equal({path: tree[path]["mode"] for path in MODES}, MODES, f"modes of {runtime}")
        world.equal(tree["./bin"].get("link"), "usr/bin", f"/bin of {runtime}")
    world.step("/tmp and /root keep their modes under a layer that has files in them")

    trees = _unpacked(world, bazel, "careless", "careless")
    for runtime, tree in trees.items():
        for link, expected in (("./bin", ["./bin/tool"]), ("./var/run", ["./var/run/app", "./var/run/app/pid"])):
            world.equal(tree[link]["type"], "dir", f"{link} of {runtime}")
            world.equal([path for path in tree if path.startswith(f"{link}/")], expected, f"{link} of {runtime}")
        world.check("./usr/bin/sh" in tree, f"{runtime} has lost what the link led to", sorted(tree))
    world.step("/bin and /var/run are directories now, with nothing in them but what the layer has")

    trees = _unpacked(world, bazel, "cleared", "clearing", "careless")
    for runtime, tree in trees.items():
        for path in ("./etc/old.conf", "./usr/share/doc", "./var/cache/apt"):
            world.check(path not in tree, f"{runtime} has not deleted {path}", sorted(tree))
        world.check("./var/cache/new" in tree, f"{runtime} has deleted what the layer itself has", sorted(tree))
    world.step("whiteouts delete a file, a directory and what is in one")

    # Bazel shows what an action says when it runs, and not for outputs that are there.
    (bazel.workspace / "file.txt").write_text("another text\n")
    bin_goes = (
        "/bin -> usr/bin of //:debian would be replaced by a directory",
        "//:careless has /bin/tool: put that at /usr/bin/tool",
    )
    run_goes = (
        "/var/run -> /run of //:debian would be replaced by a directory",
        "//:careless has /var/run/app/pid: put that at /run/app/pid",
    )
    for image, said, unsaid in (
        ("careless", bin_goes + run_goes, ()),
        ("cleared", run_goes, bin_goes),
        ("modest", (), bin_goes + run_goes),
    ):
        built = bazel.build("--output_groups=manifest", f"//:{image}_image")
        world.contains(built, *said)
        for words in unsaid:
            world.check(words not in built.stderr, f"the build of {image} warns of a link that stays", built)
    world.step("the build has said which links go, where to put things instead, and nothing of one that was deleted")


def _unpacked(world: World, bazel: Bazel, image: str, *layers: str) -> dict[str, mtree.Tree]:
    """The tree of an image, as each runtime unpacks it. It must be what the listings of its layers say."""
    bazel.run(f"//:{image}_image.push", "--registry", world.registry.host, "--tag", "e2e")
    reference = f"{world.registry.host}/{image}_image:e2e"
    declared = mtree.overlay([mtree.parse(_listing(bazel, layer)) for layer in ("debian", *layers)])
    trees = {}
    for runtime, engine in world.runtimes.items():
        with engine.unpacked(reference) as folder:
            trees[runtime] = mtree.scan(folder)
        differences = mtree.differences(declared, trees[runtime])
        world.check(not differences, f"{runtime} unpacks another tree than declared", "\n".join(differences))
        world.step(f"{runtime} {engine.version()} unpacks {', '.join(layers)} over the base as declared")
    return trees


def _listing(bazel: Bazel, layer: str) -> str:
    (path,) = bazel.files(f"//:{layer}", "mtree")
    return path.read_text()
