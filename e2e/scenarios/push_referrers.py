"""Push an image with artifacts: a registry without a referrers API lists them under the tag that clients keep.

docker-registry 2.8 has none. What is listed is read by plain HTTP and by skopeo, not by ship.
"""

from __future__ import annotations

import http.client
import json
import subprocess
from typing import Any

from harness.processes import run
from harness.registry import Registry
from harness.requirements import tool
from harness.world import World

PACKAGE = "//oci/tests/artifact"
INDEX = "application/vnd.oci.image.index.v1+json"


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry = world.registry
    push, sbom, note = (world.bazel.executable(f"{PACKAGE}:{name}") for name in ("push", "sbom.push", "note.push"))
    digests = {name: _digest(world, f"{PACKAGE}:{name}.digest") for name in ("sbom", "attestation", "of_index", "note")}
    image = _digest(world, "//oci/tests/index:amd64.digest")
    index = _digest(world, "//oci/tests/index:two.digest")

    start = registry.mark()
    dry = run([push, "--registry", registry.host, "--dry-run"])
    world.contains(dry, f"would attach: {PACKAGE}:sbom ({digests['sbom']}), to {image}")
    asked = {request.method for request in registry.requests(start) if "/v2/app/" in request.path}
    world.equal(asked, {"HEAD"}, "the methods of a dry run's requests")
    world.step("a dry run says what would be attached, and sends nothing")

    pushed = run([push, "--registry", registry.host])
    world.contains(pushed, f"attached: {PACKAGE}:sbom ({digests['sbom']}), to {image}, under the tag {_tag(image)}")
    world.equal(_listed(registry, image), [digests["sbom"]], "what is about the image")
    world.equal(_listed(registry, digests["sbom"]), [digests["attestation"]], "what is about the SBOM")
    world.equal(_listed(registry, index), [digests["of_index"]], "what is about the index in the index")
    (entry,) = _list(registry, image)["manifests"]
    world.equal(entry["artifactType"], "application/spdx+json", "its type in the list")
    manifest = _manifest(registry, digests["sbom"])
    world.equal(entry["annotations"], manifest["annotations"], "its annotations in the list")
    world.step("the SBOM, its attestation and a report on the index are listed, each by what it is about")

    world.equal(manifest["subject"]["digest"], image, "what the SBOM is about, as skopeo reads it")
    (file,) = manifest["layers"]
    world.equal(file["annotations"], {"org.opencontainers.image.title": "sbom.spdx.json"}, "the title of its file")
    status, blob, _ = _get(registry, f"/v2/app/blobs/{file['digest']}")
    world.equal((status, blob), (200, '{"spdxVersion": "SPDX-2.3"}\n'), "its file")
    world.step("skopeo reads the SBOM's manifest, and its file is there as it was")

    start = registry.mark()
    again = run([push, "--registry", registry.host])
    world.equal(again.stdout, pushed.stdout, "both pushes print the same")
    written = [request.path for request in registry.requests(start) if request.method == "PUT"]
    world.equal([path for path in written if "/sha256-" in path], [], "lists that the second push wrote")
    world.equal(_listed(registry, image), [digests["sbom"]], "what is about the image, after the second push")
    world.step("a second push lists nothing twice, and writes no list")

    # By themselves, to another repository, where the image is not; and both at once.
    flags = ["--repository", f"{registry.host}/other"]
    both = [
        subprocess.Popen([path, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for path in (sbom, note)
    ]
    world.equal([process.wait(timeout=120) for process in both], [0, 0], "exit codes of both")
    listed = sorted(_listed(registry, image, "other"))
    world.equal(listed, sorted([digests["sbom"], digests["note"]]), "what both have listed")
    world.step("two pushes at the same time, of artifacts alone, both stay in the list")


def _digest(world: World, target: str) -> str:
    """The digest in the output of a `.digest` target."""
    (path,) = world.bazel.files(target)
    return path.read_text().strip()


def _manifest(registry: Registry, digest: str) -> dict[str, Any]:
    """The manifest of an artifact, as skopeo reads it."""
    source = f"docker://{registry.host}/app@{digest}"
    found: dict[str, Any] = json.loads(
        run([tool("skopeo"), "inspect", "--raw", "--tls-verify=false", source]).stdout
    )
    return found


def _tag(digest: str) -> str:
    """The tag that lists what is about a digest."""
    return digest.replace(":", "-")


def _list(registry: Registry, subject: str, repository: str = "app") -> dict[str, Any]:
    """The index that lists what is about a digest."""
    status, body, media_type = _get(registry, f"/v2/{repository}/manifests/{_tag(subject)}")
    assert (status, media_type) == (200, INDEX), (status, media_type, body)
    found: dict[str, Any] = json.loads(body)
    return found


def _listed(registry: Registry, subject: str, repository: str = "app") -> list[str]:
    """The digests that are listed there."""
    return [entry["digest"] for entry in _list(registry, subject, repository)["manifests"]]


def _get(registry: Registry, path: str) -> tuple[int, str, str | None]:
    """Status, body and media type of what the registry answers."""
    connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept": INDEX})
        response = connection.getresponse()
        return response.status, response.read().decode(), response.getheader("Content-Type")
    finally:
        connection.close()
