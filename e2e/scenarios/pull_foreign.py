"""Pull an image with a layer that no registry distributes: its bytes come from its URL, and a push names it without sending it."""

from __future__ import annotations

import hashlib
import http.client
import http.server
import io
import json
import tarfile
import threading
import zlib
from dataclasses import dataclass, field

from harness.pulls import Pulls
from harness.registry import Registry
from harness.world import World

FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry, vendor = world.registry, Vendor()
    pulls = Pulls(world.module("pulled"), world.scratch("pulls"))
    tar = _tar()
    layer = _gzip(tar)
    digest = _upload(registry.port, "team/foreign", tar, layer, vendor.serve(layer))
    pulls.declare(base={"image": f"{registry.host}/team/foreign", "digest": digest})
    result = pulls.fetch("@base")
    world.equal(vendor.asked, [], f"what was asked of the vendor for a manifest; {result.stderr}")
    world.step("the image is pulled, and nothing asks for its layer")

    layout = pulls.bazel.execution_root() / _output(pulls, "//use:image")
    blob = layout / "blobs" / "sha256" / hashlib.sha256(layer).hexdigest()
    world.equal(blob.read_bytes(), layer, "the layer in the layout of an image on it")
    world.equal(len(vendor.asked), 1, "times that the vendor was asked")
    world.equal(vendor.credentials, [None], "credentials that the vendor was sent")
    world.step("a layout has the layer, fetched once from its URL, where no credentials go")

    vendor.forget()
    for flags, sent in (((), False), (("--allow-nondistributable-artifacts",), True)):
        mark = registry.mark()
        pushed = pulls.bazel_command("run", "//use:image.push", "--", "--registry", registry.host, "--tag", "v1", *flags)
        uploads = [request.path for request in registry.requests(mark) if request.sends_blob and request.method == "PUT"]
        world.equal(any(blob.name in path for path in uploads), sent, f"whether the layer is among {uploads}; {pushed.stderr}")
        world.equal(len(vendor.asked), int(sent), "times that the vendor was asked")
    world.step("a push names the layer and sends it only when told to, streamed from its URL")

    vendor.files.clear()
    third = Registry(world.processes, world.folder)
    flags = ("--registry", third.host, "--allow-nondistributable-artifacts")
    failed = pulls.bazel_command("run", "//use:image.push", "--", *flags, code=None)
    world.check(failed.code != 0, "a push without the layer worked", failed)
    world.contains(failed, f"sha256:{blob.name}", f"{vendor.host}/layer.tar.gz", "404")
    world.step("where the URL has it no more, the push names the layer, the URL, and what that said")
    vendor.close()


@dataclass
class Vendor:
    """Whoever has the layer: a web server that is no registry."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                vendor.asked.append(self.path)
                vendor.credentials.append(self.headers.get("Authorization"))
                body = vendor.files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._server.server_port}"

    def serve(self, layer: bytes) -> str:
        """Serves the layer; returns its URL."""
        self.files["/layer.tar.gz"] = layer
        return f"http://{self.host}/layer.tar.gz"

    def forget(self) -> None:
        """Forgets what it was asked."""
        self.asked.clear()
        self.credentials.clear()

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._server.server_close()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        content = b"not to be distributed\n"
        entry = tarfile.TarInfo("licensed.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _gzip(tar: bytes) -> bytes:
    # Without the time that the module gzip writes.
    compressor = zlib.compressobj(wbits=31)
    return compressor.compress(tar) + compressor.flush()


def _upload(port: int, repository: str, tar: bytes, layer: bytes, url: str) -> str:
    """Puts an image with that one layer into a registry, as its vendor would; returns the manifest's digest."""
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
    }
    config_bytes = json.dumps(config).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(method: str, path: str, body: bytes = b"", kind: str = "application/octet-stream") -> http.client.HTTPResponse:
        connection.request(method, path, body=body, headers={"Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status in (201, 202), f"{method} {path}: {answer.status} {text}"
        return answer

    place = ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"].partition(f":{port}")[2]
    ask("PUT", f"{place}&digest=sha256:{hashlib.sha256(config_bytes).hexdigest()}", config_bytes)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(CONFIG, config_bytes),
        "layers": [{**_descriptor(FOREIGN, layer), "urls": [url]}],
    }
    return str(ask("PUT", f"/v2/{repository}/manifests/v1", json.dumps(manifest).encode(), MANIFEST).headers["Docker-Content-Digest"])


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def _output(pulls: Pulls, target: str) -> str:
    pulls.bazel_command("build", target)
    return pulls.bazel_command("cquery", "--output=files", f"config({target}, target)").stdout.strip()
