"""Pull with credentials: htpasswd, tokens, identity tokens, helpers, docker's and podman's files; and the words without."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.gate import Gate
from harness.processes import Result, run
from harness.pulls import Pulls, pin, upload
from harness.requirements import tool
from harness.world import World

USER = ("strata", "correct horse")
WRONG = "not the password"


class Attempts:
    """Pulls of one image, each as if it were the first."""

    def __init__(self, world: World, pulls: Pulls) -> None:
        self._world = world
        self._pulls = pulls
        self._numbers = itertools.count(1)
        self.name = ""
        """What the last of them was called."""

    def pull(
        self,
        host: str,
        login: object = None,
        env: Mapping[str, str] | None = None,
        code: int = 0,
        flags: Sequence[str] = (),
        **attributes: object,
    ) -> Result:
        """Pulls with this in docker's config.json. No secret may be printed, whatever happens."""
        path = self._pulls.docker_config / "config.json"
        path.unlink(missing_ok=True)
        if login is not None:
            path.write_text(json.dumps(login))
        # A name of its own and an empty repository cache, so that nothing is there already.
        shutil.rmtree(self._pulls.repository_cache, ignore_errors=True)
        self.name = name = f"attempt{next(self._numbers)}"
        self._pulls.declare(**{name: {"image": f"{host}/image:v1", "reproducible": False, **attributes}})
        result = self._pulls.fetch(f"@{name}", *flags, env=env, code=code)
        self._world.check(pin(result) is None, "with reproducible = False the build prints how to pin", result)
        said = result.stdout + result.stderr
        for secret in (USER[1], WRONG, _auth(USER[1]), _auth(WRONG), "token-"):
            self._world.check(secret not in said, f"a secret is printed: {secret}", result)
        return result


def scenario(world: World) -> None:
    """Runs the scenario."""
    pulls = Pulls(world.module("pulled"), world.scratch("pulls"))
    (layout,) = pulls.bazel.files("//fill:amd64")
    upload(layout, f"{world.registry.host}/image:v1")
    upload(layout, f"{world.private_registry.host}/image:v1", f"--dest-creds={':'.join(world.private_registry.user or ())}")
    attempts = Attempts(world, pulls)
    config_file = str(pulls.docker_config / "config.json")

    host = world.private_registry.host
    attempts.pull(host, {"auths": {host: {"auth": _auth(USER[1])}}})
    attempts.pull(host, {"auths": {f"http://{host}/v1/": {"username": USER[0], "password": USER[1]}}})
    world.step("htpasswd: by the base64 that docker login writes, and by user and password")

    result = attempts.pull(host, code=1)
    world.contains(result, "401 Unauthorized", f"no credentials for {host} in ", config_file, f"docker login {host}")
    result = attempts.pull(host, {"auths": {host: {"auth": _auth(WRONG)}}}, code=1)
    world.contains(result, "401 Unauthorized", f"credentials from {config_file}")
    world.step("without, or with a wrong password: 401, and the file that they came from or should be in")

    podman = world.scratch("podman.json")
    podman.write_text(json.dumps({"auths": {f"{host}/image": {"auth": _auth(USER[1])}, host: {"auth": _auth(WRONG)}}}))
    attempts.pull(host, env={"REGISTRY_AUTH_FILE": str(podman)})
    (pulls.bazel.workspace / "fill" / "login.json").write_text(json.dumps({"auths": {host: {"auth": _auth(USER[1])}}}))
    attempts.pull(host, {"auths": {host: {"auth": _auth(WRONG)}}}, config="//fill:login.json")
    pulls.bazel_command("build", f"@{attempts.name}")
    attempts.pull(host, {"auths": {host: {"auth": _auth(WRONG)}}}, env={"DOCKER_AUTH_CONFIG": podman.read_text()})
    world.step("podman's file with keys for a repository, the attribute config and DOCKER_AUTH_CONFIG, which go before others")
    world.step("config holds for layers, too, which a layout downloads")

    # Below the workspace, since actions don't see /tmp.
    mine = pulls.bazel.workspace / "mine"
    mine.mkdir()
    (mine / "config.json").write_text(json.dumps({"auths": {host: {"auth": _auth(USER[1])}}}))
    attempts.pull(host, env={"DOCKER_CONFIG": str(mine)})
    layout = ["build", "--action_env=DOCKER_CONFIG", f"@{attempts.name}"]
    pulls.bazel_command(*layout, env={"DOCKER_CONFIG": str(mine)})
    world.step("a layout downloads layers with the user's own configuration, where --action_env passes that on")

    netrc = world.scratch("netrc")
    netrc.write_text(f'machine 127.0.0.1 login {USER[0]} password "{USER[1]}"\n')
    wrong = {"auths": {host: {"auth": _auth(WRONG)}}}
    result = attempts.pull(host, wrong, env={"NETRC": str(netrc)})
    digest = _digest(world, host)
    pinned = {"image": f"{host}/image", "digest": digest}
    helper = _bazel_helper(world.scratch("bazel-helper"), f"Basic {_auth(USER[1])}")
    attempts.pull(host, flags=[f"--credential_helper=127.0.0.1={helper}"], layers="eager", **pinned)
    world.step(".netrc, which goes before docker's files, and a credential helper of Bazel's, for a digest and its layers")

    folder = _helper(world.scratch("helpers"), "strata-test", USER)
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    for login in ({"credHelpers": {host: "strata-test"}}, {"credsStore": "strata-test"}):
        attempts.pull(host, login, env=path)
    result = attempts.pull(host, {"credsStore": "not-there"}, env=path, code=1)
    world.contains(result, f"docker-credential-not-there ({config_file}) failed")
    world.step("helpers for a registry and for all, and the name of one that isn't there")

    anonymous = Gate(world.registry.port, anonymous=True)
    attempts.pull(anonymous.host)
    world.check(all(request.authorization is None for request in anonymous.asked if "/token" in request.path), "credentials out of nowhere")
    anonymous.close()

    gate = Gate(world.registry.port, user=USER)
    attempts.pull(gate.host, {"auths": {gate.host: {"auth": _auth(USER[1])}}})
    attempts.pull(gate.host, {"auths": {gate.host: {"identitytoken": USER[1]}}})
    token_helper = _helper(world.scratch("token-helpers"), "identity", ("<token>", USER[1]))
    attempts.pull(gate.host, {"credsStore": "identity"}, env={"PATH": f"{token_helper}:{os.environ['PATH']}"})
    world.check(bool(gate.paths("scope=repository%3Aimage%3Apull")), "no scope was asked for", gate.paths("/token"))
    attempts.pull(gate.host, env={"NETRC": str(netrc)})
    world.step("tokens: for everybody, for user and password of a file or of .netrc, for an identity token of a file and of a helper")

    registry_token = gate.issue(f"Basic {_auth(USER[1])}", {"scope": "repository:image:pull"})
    attempts.pull(gate.host, {"auths": {gate.host: {"registrytoken": registry_token}}})
    gate.forget()
    challenge = f'Bearer realm="http://{gate.host}/token",service="s"'
    attempts.pull(gate.host, {"auths": {gate.host: {"auth": _auth(USER[1])}}}, www_authenticate_challenges={gate.host: challenge})
    world.check("/token" in gate.asked[0].path, "the challenge that is known was asked for", gate.paths())
    world.step("a registry token is sent as it is, and a challenge that is declared is not asked for")

    result = attempts.pull(gate.host, {"auths": {gate.host: {"auth": _auth(WRONG)}}}, code=1)
    world.contains(result, "401 Unauthorized", f"no token from {gate.host}/token", f"credentials from {config_file}")
    world.step("a wrong password for a token: 401 of the token server, and the file that it came from")
    gate.close()


def _auth(password: str) -> str:
    return base64.b64encode(f"{USER[0]}:{password}".encode()).decode()


def _digest(world: World, host: str) -> str:
    raw = ["inspect", "--raw", "--tls-verify=false", f"--creds={':'.join(USER)}", f"docker://{host}/image:v1"]
    return f"sha256:{hashlib.sha256(run([tool('skopeo'), *raw]).stdout.encode()).hexdigest()}"


def _bazel_helper(path: Path, header: str) -> Path:
    """A helper of Bazel's that knows one header for every registry."""
    text = json.dumps({"headers": {"Authorization": [header]}})
    path.write_text(f"#!/bin/sh\ncat > /dev/null\nprintf '%s' '{text}'\n")
    path.chmod(0o755)
    return path


def _helper(folder: Path, name: str, answer: tuple[str, str]) -> Path:
    """A credential helper that knows every registry."""
    folder.mkdir()
    path = folder / f"docker-credential-{name}"
    text = json.dumps({"ServerURL": "any", "Username": answer[0], "Secret": answer[1]})
    path.write_text(f"#!/bin/sh\nread -r key && test -n \"$key\" && printf '%s' '{text}'\n")
    path.chmod(0o755)
    return folder
