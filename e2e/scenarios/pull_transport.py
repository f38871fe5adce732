"""Pull over every way to a registry: TLS of a private authority, a proxy, plain HTTP by name, redirects; metadata, layers and pushes."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from harness.authority import Authority
from harness.gate import Fault, Gate
from harness.proxy import Proxy
from harness.pulls import Pulls, pin, upload
from harness.registry import Registry
from harness.world import World

NOWHERE = "192.0.2.1"
"""An address for documentation (RFC 5737): no packet gets there."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    pulls = Pulls(world.module("pulled"), world.scratch("pulls"))
    (layout,) = pulls.bazel.files("//fill:amd64")
    upload(layout, f"{world.registry.host}/amd64:v1")
    layers = _layers(layout)
    # Below the workspace, since actions don't see /tmp.
    authority = Authority(pulls.bazel.workspace / "authority")
    trusted = str(authority.certificate)
    _private_authority(world, pulls, authority, trusted, layers)
    _proxy(world, pulls, authority, trusted, layers)
    _plain_http(world, pulls, layers)
    _redirects(world, pulls, authority, trusted)


def _private_authority(world: World, pulls: Pulls, authority: Authority, trusted: str, layers: set[str]) -> None:
    # Loopback is plain HTTP, unless https:// is in front.
    gate = Gate(world.registry.port, certificate=authority.issue("127.0.0.1"))
    image = {"image": f"https://{gate.host}/amd64:v1"}
    pulls.declare(unknown=image)
    world.contains(pulls.fetch("@unknown", code=1), f"{gate.host}/amd64: TLS: ", "CURL_CA_BUNDLE")
    pulls.declare(bundle=image)
    pulls.fetch("@bundle", env={"CURL_CA_BUNDLE": trusted})
    gate.forget()
    pulls.declare(file=image)
    pulls.bazel_command("build", "--action_env=SSL_CERT_FILE", "@file", env=_trusting(trusted))
    _layers_came_from(world, gate, layers)
    world.step("a certificate of a private authority: refused, taken with CURL_CA_BUNDLE or SSL_CERT_FILE, by which layers come too")
    gate.close()


def _proxy(world: World, pulls: Pulls, authority: Authority, trusted: str, layers: set[str]) -> None:
    gate = Gate(world.registry.port, certificate=authority.issue(NOWHERE))
    registry = f"{NOWHERE}:{gate.port}"
    proxy = Proxy({registry: gate.port})
    pulls.declare(far={"image": f"{registry}/amd64:v1"})
    passed_on = [f"--action_env={name}" for name in ("HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")]
    env = proxy.env | _trusting(trusted)
    result = pulls.fetch("@far", env=env)
    world.check(pin(result) is not None and bool(gate.paths("/manifests/")), "nothing was pulled", result)
    tunnels = proxy.asked.count(registry)
    pulls.bazel_command("build", *passed_on, "@far", env=env)
    _layers_came_from(world, gate, layers)
    world.check(proxy.asked.count(registry) > tunnels > 0, "something went by another way than the proxy", proxy.asked)
    world.step("through a proxy to a registry that nothing else leads to: manifest, config, and the layers of a layout")
    proxy.close()
    gate.close()


def _plain_http(world: World, pulls: Pulls, layers: set[str]) -> None:
    # It leads to loopback, and is none.
    gate = Gate(world.registry.port)
    pulls.declare(base={"image": f"http://0.0.0.0:{gate.port}/amd64:v1"})
    pulls.fetch("@base")
    world.equal(gate.paths("/blobs/")[1:], [], "blobs beside the config")
    gate.forget()
    pulls.bazel_command("build", "//use:image")
    _layers_came_from(world, gate, layers)
    gate.forget()
    third = Registry(world.processes, world.folder)
    pulls.bazel_command("run", "//use:image.push", "--", "--registry", third.host, "--tag", "v1")
    _layers_came_from(world, gate, layers)
    world.step("a registry that is declared with http:// is asked so for metadata, for layers of a layout, and by a push elsewhere")
    gate.close()


def _redirects(world: World, pulls: Pulls, authority: Authority, trusted: str) -> None:
    elsewhere, gate = Gate(world.registry.port), Gate(world.registry.port)
    path = "/v2/amd64/manifests/v1"
    gate.faults = [Fault(path, 307, {"Location": f"http://localhost:{elsewhere.port}{path}"})]
    login = base64.b64encode(b"strata:correct horse").decode()
    (pulls.docker_config / "config.json").write_text(json.dumps({"auths": {gate.host: {"auth": login}}}))
    challenges = {gate.host: 'Basic realm="end-to-end tests"'}
    pulls.declare(moved={"image": f"{gate.host}/amd64:v1", "www_authenticate_challenges": challenges})
    pulls.fetch("@moved")
    asked = [request.authorization for request in gate.asked if request.path == path]
    world.equal(asked, [f"Basic {login}"], "credentials that the registry was sent")
    world.equal([request.authorization for request in elsewhere.asked], [None], "credentials where it redirects to")
    world.step("credentials go to the registry, and not to where it redirects")

    elsewhere.forget()
    private = Gate(world.registry.port, certificate=authority.issue("127.0.0.1"))
    for name, fault, says in (
        ("out", Fault(path, 307, {"Location": f"http://{elsewhere.host}{path}"}), "A redirect from https:// to http:// is not followed"),
        (
            "token",
            Fault(path, 401, {"WWW-Authenticate": 'Bearer realm="http://tokens.invalid/token",service="s"'}),
            "asks for credentials in plain HTTP, at tokens.invalid/token, and gets none",
        ),
    ):
        private.faults = [fault]
        pulls.declare(**{name: {"image": f"https://{private.host}/amd64:v1"}})
        world.contains(pulls.fetch(f"@{name}", env={"CURL_CA_BUNDLE": trusted}, code=1), says)
    world.equal(elsewhere.paths(), [], "what was asked in the open")
    world.step("neither a redirect nor a token server leads out of TLS")
    for server in (elsewhere, gate, private):
        server.close()


def _trusting(certificate: str) -> dict[str, str]:
    """The environment in which curl trusts an authority by SSL_CERT_FILE, whatever this machine has set, which goes before it."""
    return {"SSL_CERT_FILE": certificate, "CURL_CA_BUNDLE": "", "SSL_CERT_DIR": ""}


def _layers(layout: Path) -> set[str]:
    """The digests of the layers of the image in a layout."""
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads((layout / "blobs" / entry["digest"].replace(":", "/")).read_text())
    return {layer["digest"] for layer in manifest["layers"]}


def _layers_came_from(world: World, gate: Gate, layers: set[str]) -> None:
    found = {path.rpartition("/")[2] for path in gate.paths("/blobs/")}
    world.check(layers <= found, "the layers did not come from there", gate.paths())
