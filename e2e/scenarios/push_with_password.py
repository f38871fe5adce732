"""Push to a registry that wants a password: from docker's config.json, and the words when it is wrong or missing."""

from __future__ import annotations

from harness.processes import Result
from harness.world import World

TARGET = "//examples/hello:image.push"
AUTHENTICATION = 4
"""ship's exit code where the registry refuses the credentials, or there are none."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry = world.private_registry

    def push(config: str, password: str | None, code: int) -> Result:
        folder = world.scratch(config)
        folder.mkdir()
        if password is not None:
            registry.docker_config(folder, password)
        # Neither docker's nor podman's configuration of this machine's user counts.
        env = {"DOCKER_CONFIG": str(folder), "REGISTRY_AUTH_FILE": "", "XDG_RUNTIME_DIR": str(folder)}
        return world.bazel.run(TARGET, "--registry", registry.host, "--tag", "one", env=env, code=code)

    user, password = registry.user or ("", "")
    result = push("none", None, AUTHENTICATION)
    world.contains(result, registry.host)
    world.step("without credentials: exit code 4, and the message names the registry")

    result = push("wrong", "not the password", AUTHENTICATION)
    world.contains(result, registry.host)
    world.check("not the password" not in result.stdout + result.stderr, "the password is printed", result)
    world.step("with a wrong password: exit code 4, and the password is not printed")

    result = push("right", password, 0)
    world.check(result.stdout.startswith(f"{registry.host}/hello@sha256:"), "nothing was pushed", result)
    world.check(password not in result.stdout + result.stderr, "the password is printed", result)
    world.step(f"with the password of {user}: pushed")
