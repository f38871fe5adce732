"""Pull what can't be had: 403, 404, 429, no route, wrong bytes, mirrors that fail, platforms that aren't there, what is no image."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json

from harness import net
from harness.gate import Fault, Gate
from harness.processes import Result
from harness.pulls import Pulls, pin, upload
from harness.world import World


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry = world.registry
    pulls = Pulls(world.module("pulled"), world.scratch("pulls"))
    for name in ("amd64", "index"):
        (layout,) = pulls.bazel.files(f"//fill:{name}")
        upload(layout, f"{registry.host}/{name}:v1", "--all")
    numbers = itertools.count(1)

    def pull(target: str = "@{}", code: int = 1, env: dict[str, str] | None = None, **attributes: object) -> Result:
        name = f"fault{next(numbers)}"
        pulls.declare(**{name: attributes})
        return pulls.fetch(target.format(name), code=code, env=env)

    gate = Gate(registry.port)
    for fault, says in (
        (Fault("/manifests/", 403, message="denied to you"), ["403 Forbidden (denied to you)"]),
        (Fault("/manifests/", 404), ["404 Not Found", "no such repository, tag or digest"]),
        (Fault("/manifests/", 429, {"Retry-After": "600"}, "slow down"), ["429 Too Many Requests (slow down)", "again in 600 s"]),
        (Fault("/manifests/", 503), ["503 Service Unavailable", "ask again later"]),
        (Fault("/blobs/", 403), ["cannot get the blob sha256:", "403 Forbidden"]),
    ):
        gate.faults = [fault]
        result = pull(image=f"{gate.host}/amd64:v1")
        world.contains(result, f"{gate.host}/amd64: ", *says)
    gate.faults = []
    world.step("403, 404, 429 with its time, and 503 are told apart")

    gate.faults = [Fault("/manifests/v1", 503, times=1)]
    result = pull(image=f"{gate.host}/amd64:v1", code=0)
    digest = pin(result)
    world.check(digest is not None, "no digest is printed", result)
    gate.faults = [Fault(f"/manifests/sha256:{'0' * 64}", 200, message="something else")]
    result = pull(image=f"{gate.host}/amd64@sha256:{'0' * 64}")
    world.contains(result, f"what it sends is not what sha256:{'0' * 64} says")
    gate.faults = []
    tokens = Gate(registry.port, anonymous=True)
    tokens.faults = [Fault("/token", 429, {"Retry-After": "1"}, times=1)]
    pull(image=f"{tokens.host}/amd64:v1", code=0)
    world.equal(len(tokens.paths("/token")), 2, f"times that the token server was asked: {tokens.paths()}")
    tokens.close()
    world.step("what fails once is asked for again, of a registry and of its token server; other bytes than asked for are refused")

    result = pull(image=f"{gate.host}/amd64:missing")
    world.contains(result, "cannot get the manifest missing", "404 Not Found (manifest unknown)")
    result = pull(image=f"{gate.host}/amd64@sha256:{'0' * 64}")
    world.contains(result, f"cannot get the manifest sha256:{'0' * 64}", "404 Not Found")
    world.step("a tag and a digest that are not there")

    nobody = net.free_port()
    world.contains(pull(image=f"127.0.0.1:{nobody}/amd64:v1"), f"127.0.0.1:{nobody}/amd64: no route: ")
    world.contains(pull(image="registry.invalid/amd64:v1"), "registry.invalid/amd64: no route: ", "registry.invalid")
    world.contains(pull(image=f"https://{gate.host}/amd64:v1"), f"{gate.host}/amd64: TLS: ", "http://")
    pulls.declare(without_curl={"image": f"{gate.host}/amd64:v1"})
    result = pulls.bazel_command("query", "@without_curl//:all", "--repo_env=PATH=/nowhere", code=None)
    world.contains(result, f"{gate.host}/amd64: ", "curl, which would tell why, is not on PATH: install it")
    world.step("no route, a registry without TLS, and a machine without curl are told apart")

    mirrors = [f"127.0.0.1:{nobody}", f"{gate.host}/hub", registry.host]
    result = pull(image="registry.invalid/amd64:v1", mirrors=mirrors, code=0)
    world.equal(pin(result), digest, "digest from the third mirror")
    world.check(bool(gate.paths("/v2/hub/amd64/manifests/v1")), "the second mirror was not asked under its prefix", gate.paths())
    closed = net.free_port()
    result = pull(image=f"127.0.0.1:{closed}/amd64:v1", mirrors=mirrors[:2])
    world.contains(
        result,
        f"127.0.0.1:{nobody}/amd64: no route: ",
        f"{gate.host}/hub/amd64: 404 Not Found",
        f"127.0.0.1:{closed}/amd64: no route: ",
    )
    world.step("mirrors are asked in order before the registry; where all fail, the reason of each is kept")

    line = 'platforms = ["linux/amd64", "linux/arm64/v8"],'
    world.contains(pull(image=f"{gate.host}/index:v1"), "it is a multi-platform image", line)
    world.contains(
        pull("@{}_linux_s390x", image=f"{gate.host}/index:v1", platforms=["linux/s390x"]), "it has no image for linux/s390x", line
    )
    world.contains(
        pull("@{}_linux_arm64", image=f"{gate.host}/amd64:v1", platforms=["linux/arm64"]), "asked for linux/arm64", "says linux/amd64"
    )
    world.step("a platform that is not there, or was not asked for: the line to paste")

    config = b"{}"
    artifact = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": "application/vnd.example.chart",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": _put_blob(registry.port, config), "size": len(config)},
        "layers": [],
    }
    _put_manifest(registry.port, artifact)
    world.contains(pull(image=f"{gate.host}/artifact:v1"), "cannot use v1: it is no image", "application/vnd.example.chart")
    world.step("an artifact that is no image is refused by its type")

    digest = f"sha256:{'0' * 64}"
    for attributes, says in (
        ({}, "set image"),
        ({"image": "x", "registry": "r", "repository": "y", "tag": "v1"}, "not both"),
        ({"registry": "r.example", "tag": "v1"}, "repository is missing"),
        ({"image": "x"}, "set digest"),
        ({"image": "Debian", "tag": "v1"}, "lower-case"),
        ({"image": "x", "digest": "sha256:1"}, "64 hexadecimal digits"),
        ({"image": "x:v1", "tag": "v2"}, "image has the tag v1"),
        ({"image": "x", "digest": digest, "platforms": ["linux/x86_64"]}, "amd64"),
        ({"image": "x", "digest": digest, "platforms": ["linux"]}, "os/architecture"),
        ({"image": "x", "digest": digest, "platforms": ["linux/amd64", "linux/amd64"]}, '"linux/amd64" is listed twice'),
        ({"image": "x", "digest": digest, "mirrors": ["http://"]}, "not the name of a registry"),
    ):
        pulls.declare(wrong=attributes)
        result = pulls.bazel_command("query", "@wrong", code=None)
        world.check(result.code != 0, f"{attributes} is accepted", result)
        world.contains(result, 'oci.pull(name = "wrong") in module pulled: ', says)
    pulls.declare(any={"image": "x", "digest": digest})
    result = pulls.bazel_command("query", "@any", code=None)
    world.contains(result, 'oci.pull(name = "any") in module pulled: this name is that of a target in every pulled repository')
    pulls.declare(both={"image": "x", "digest": digest})
    _add_module(pulls, "other", f'oci.pull(name = "both", image = "y", digest = "{digest}")')
    result = pulls.bazel_command("query", "@both", code=None)
    world.contains(result, "there is another image of that name, ", 'oci.pull(name = "both") in module pulled', "in module other")
    world.step("attributes that can't be right are refused at once, by the name of the pull and its module, or of both modules")
    gate.close()


def _add_module(pulls: Pulls, name: str, pull: str) -> None:
    """Makes the module depend on one that pulls, too."""
    use = 'oci = use_extension("@rules_strata//oci:extensions.bzl", "oci")'
    folder = pulls.bazel.workspace / name
    folder.mkdir()
    (folder / "MODULE.bazel").write_text(f'module(name = "{name}")\nbazel_dep(name = "rules_strata")\n{use}\n{pull}\n')
    with (pulls.bazel.workspace / "MODULE.bazel").open("a") as module:
        module.write(f'bazel_dep(name = "{name}")\nlocal_path_override(module_name = "{name}", path = "{name}")\n')


def _put_blob(port: int, content: bytes) -> str:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/v2/artifact/blobs/uploads/")
    answer = connection.getresponse()
    answer.read()
    location = answer.headers["Location"].partition(f":{port}")[2]
    connection.request("PUT", f"{location}&digest={digest}", body=content)
    connection.getresponse().read()
    connection.close()
    return digest


def _put_manifest(port: int, document: dict[str, object]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": str(document["mediaType"])}
    connection.request("PUT", "/v2/artifact/manifests/v1", body=json.dumps(document), headers=headers)
    answer = connection.getresponse()
    assert answer.status == 201, (answer.status, answer.read())
    connection.close()
