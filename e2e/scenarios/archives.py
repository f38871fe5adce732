"""Archives out and in: docker, podman, containerd and skopeo take ours, and images are built on those that they save."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

from harness import requirements
from harness.processes import run
from harness.world import World

IMAGE = "//examples/layers:image"


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker = world.docker
    docker.remove_everything()
    _out(world)
    _in(world)
    docker.remove_everything()


def _out(world: World) -> None:
    """What we write is what they read."""
    docker, podman = world.docker, world.podman
    (config,) = world.bazel.files(IMAGE, "config")
    (digest,) = (path.read_text().strip() for path in world.bazel.files(IMAGE, "digest"))
    image_id = f"sha256:{hashlib.sha256(config.read_bytes()).hexdigest()}"

    (tarball,) = world.bazel.files(f"{IMAGE}.load", "tarball")
    world.check(str(tarball).endswith("/examples/layers/image.load/tarball.tar"), "the tarball is elsewhere", tarball)
    loaded = docker.command("load", "--input", str(tarball))
    world.equal(loaded, "Loaded image: count:latest", "docker load")
    world.equal(docker.command("image", "inspect", "--format={{.Id}}", "count:latest"), image_id, "the image's ID")
    counted = docker.command("run", "--rm", "--network=none", "count:latest")
    world.check("words, 2 settings" in counted, "the program's output", counted)
    world.step(f"docker {docker.version()} loads the tarball, of gzip and plain layers, and runs it: {counted}")

    (archive,) = world.bazel.files(IMAGE, "docker_archive")
    world.equal(docker.command("load", "--input", str(archive)), f"Loaded image ID: {image_id}", "docker load")
    world.step("docker loads an archive without a name")

    podman_loaded = podman.command("load", "--input", tarball)
    world.check("docker.io/library/count:latest" in podman_loaded, "podman load", podman_loaded)
    found = podman.command("image", "inspect", "--format={{.Digest}} {{.Id}}", "docker.io/library/count:latest")
    world.equal(found, f"{digest} {image_id.removeprefix('sha256:')}", "digest and ID in podman")
    podman.command("image", "rm", "--force", "docker.io/library/count:latest")
    world.step(f"podman {podman.version()} loads the same tarball, and keeps the digest")

    (oci,) = world.bazel.files(IMAGE, "oci_archive")
    for name in (oci, tarball):
        found = hashlib.sha256(_manifest(name)).hexdigest()
        world.equal(f"sha256:{found}", digest, f"the manifest that skopeo sees in {name.name}")
    _check_with_skopeo(world, oci)
    world.step("skopeo reads both as OCI archives, and copies every blob")

    world.containerd.command("images", "import", "--no-unpack", oci)
    world.containerd.command("images", "import", tarball)
    listed = world.containerd.command("images", "ls", "name==docker.io/library/count:latest")
    world.check(digest in listed, "containerd has another digest", listed)
    world.step(f"containerd {world.containerd.version()} imports the tarball under its name and digest")


def _manifest(archive: Path) -> bytes:
    """The manifest in an OCI archive, as skopeo reads it."""
    return run([requirements.tool("skopeo"), "inspect", "--raw", f"oci-archive:{archive}"]).stdout.encode()


def _check_with_skopeo(world: World, archive: Path) -> None:
    """A copy reads every blob, and checks digests."""
    folder = world.scratch("copied")
    run([requirements.tool("skopeo"), "copy", f"oci-archive:{archive}", f"dir:{folder}"])
    world.check((folder / "manifest.json").is_file(), "skopeo has copied nothing", folder)


def _in(world: World) -> None:
    """What they write is what we build on."""
    docker, podman = world.docker, world.podman
    bazel = world.module("archives")
    saved = bazel.workspace / "docker.tar"
    docker.command("save", "--output", str(saved), "count:latest")
    (bazel.workspace / "docker.tar.gz").write_bytes(gzip.compress(saved.read_bytes(), mtime=1))
    (tarball,) = world.bazel.files(f"{IMAGE}.load", "tarball")
    podman.command("load", "--input", tarball)
    plain = world.scratch("podman.tar")
    podman.command("save", "--format=oci-archive", "--output", plain, "docker.io/library/count:latest")
    run([requirements.tool("zstd"), "-q", "-o", bazel.workspace / "podman.tar.zst", plain])

    image_id = docker.command("image", "inspect", "--format={{.Id}}", "count:latest")
    base = json.loads(docker.command("image", "inspect", "count:latest"))[0]
    docker.remove_everything()
    for name in ("docker_save", "docker_save_gzip"):
        tag = f"imported/{name}:e2e"
        world.equal(bazel.run(f"//:{name}.load", env=docker.env).stdout, f"Loaded image: {tag}\n", "standard output")
        world.equal(docker.command("image", "inspect", "--format={{.Id}}", tag), image_id, f"the ID of {name}")
    manifests = [bazel.files(f"//:{name}", "manifest")[0].read_bytes() for name in ("docker_save", "docker_save_gzip")]
    world.equal(manifests[0], manifests[1], "the manifests of one archive, plain and compressed")
    world.step(f"what docker {docker.version()} saved goes back under the same ID, plain and compressed")

    manifest = bazel.files("//:podman_save", "manifest")[0].read_bytes()
    world.equal(manifest, _manifest(plain), "the manifest that podman wrote")
    world.step(f"what podman {podman.version()} saved keeps its manifest, byte for byte")

    for name in ("archive", "docker_save", "podman_save"):
        target = f"//:on_{name}"
        tag = f"archives/{name.replace('_', '-')}:e2e"
        bazel.run(f"{target}.load", env=docker.env)
        world.equal(_words(docker.command("run", "--rm", "--network=none", tag)), 2, f"the program of the base of {name}")
        layers: list[Any] = json.loads(docker.command("image", "inspect", tag))[0]["RootFS"]["Layers"]
        world.equal(layers[:-1], base["RootFS"]["Layers"], f"the base's layers in {name}")
        listing = bazel.files(target, "mtree")[0].read_text()
        for path in ("./etc/note.txt type=file", "./opt/count/bin/count type=file"):
            world.check(path in listing, f"the listing of {name} lacks {path}", listing)
        bazel.run(f"{target}.push", "--registry", world.registry.host, "--tag", "e2e")
        docker.command("rmi", "--force", tag)
        pulled = f"{world.registry.host}/on-{name.replace('_', '-')}:e2e"
        docker.command("pull", "--quiet", pulled)
        world.equal(_words(docker.command("run", "--rm", "--network=none", pulled)), 2, f"{name}, pulled")
    world.step("images on each of them are loaded, pushed, pulled and run, and their trees are listed")

    (oci,) = bazel.files("//:oci.load", "tarball")
    shown = podman.command("load", "--input", oci)
    world.check("archives/oci:e2e" in shown, "podman load of an OCI archive", shown)
    world.step("podman loads an image on a saved one from an OCI archive, under its name")

    inspected = bazel.run("//:on_docker_save.inspect").stdout
    for words in ("//:on_docker_save", "Entrypoint    [\"/opt/count/bin/count\"]", "//:note", "linux/amd64"):
        world.check(words in inspected, f"inspect does not say {words}", inspected)
    report = json.loads(bazel.run("//:on_docker_save.inspect", "--json").stdout)
    world.equal(len(report["layers"]), len(base["RootFS"]["Layers"]) + 1, "layers in the report")
    world.step("inspect shows the image, as text and as JSON")


def _words(output: str) -> int:
    """How many settings the program says it has found."""
    return int(output.split(" words, ")[1].split()[0])
