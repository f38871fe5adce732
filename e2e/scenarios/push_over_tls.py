"""Push over TLS to a registry of a private authority: refused by itself, and taken once the authority is named."""

from __future__ import annotations

from harness.authority import Authority
from harness.registry import Registry
from harness.world import World

TARGET = "//examples/hello:image.push"
UNREACHABLE = 5
"""ship's exit code where no connection can be made."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    authority, user = Authority(world.scratch("authority")), ("strata", "correct horse")
    # 0.0.0.0 leads to loopback, and is none, so nothing is asked there in plain HTTP.
    registry = Registry(world.processes, world.folder, user, authority.issue("0.0.0.0"))
    docker = {"DOCKER_CONFIG": str(registry.docker_config(world.scratch("docker")))}

    refused = world.bazel.run(TARGET, "--registry", registry.host, env=docker, code=UNREACHABLE)
    world.contains(refused, f"no TLS connection to {registry.host}", "SSL_CERT_FILE", "UnknownIssuer")
    world.check(user[1] not in refused.stderr, "the password is printed", refused)
    world.step("an unknown authority: exit code 5, the reason, and how to name the authority")

    trusting = docker | {"SSL_CERT_FILE": str(authority.certificate)}
    pushed = world.bazel.run(TARGET, "--registry", registry.host, env=trusting)
    world.check(pushed.stdout.startswith(f"{registry.host}/hello@sha256:"), "nothing was pushed", pushed)
    world.step("the authority named by SSL_CERT_FILE: pushed over TLS, with a password")

    other = world.bazel.run(TARGET, "--registry", registry.host, "--tag", "two", "--insecure", env=docker)
    world.equal(other.stdout, pushed.stdout, "standard output")
    world.step("--insecure: pushed with a certificate that nobody vouches for")
