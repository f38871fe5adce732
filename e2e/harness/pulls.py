"""A module whose MODULE.bazel a scenario writes: which images it pulls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from harness.bazel import Bazel
from harness.processes import Result, run
from harness.requirements import tool

_PIN = re.compile(r'^ +digest = "(sha256:[0-9a-f]{64})",$', re.MULTILINE)


class Pulls:
    """Bazel in a module that pulls, with a repository cache and docker's configuration of its own."""

    def __init__(self, bazel: Bazel, folder: Path) -> None:
        self.bazel = bazel
        self._module = bazel.workspace / "MODULE.bazel"
        self._head = self._module.read_text().partition("\noci = ")[0]
        # As it was before another scenario wrote to it.
        self._module.write_text(self._head)
        self.repository_cache = folder / "repository-cache"
        self.docker_config = folder / "docker"
        self.docker_config.mkdir(parents=True)
        (self.docker_config / ".curlrc").touch()

    def declare(self, **pulls: Mapping[str, object]) -> None:
        """Writes the module's oci.pull, by name."""
        lines = [self._head, 'oci = use_extension("@rules_strata//oci:extensions.bzl", "oci")']
        for name, attributes in pulls.items():
            # Python's values are Starlark's.
            fields = "".join(f"    {key} = {value!r},\n" for key, value in attributes.items())
            lines.append(f"oci.pull(\n    name = {name!r},\n{fields})")
            platforms = attributes.get("platforms") or []
            assert isinstance(platforms, list)
            names = dict.fromkeys([name, *(f"{name}_{platform.replace('/', '_')}" for platform in platforms)])
            lines.append(f"use_repo(oci, {', '.join(map(repr, names))})")
        self._module.write_text("\n".join(lines) + "\n")

    def bazel_command(
        self, command: str, *arguments: str, env: Mapping[str, str] | None = None, code: int | None = 0
    ) -> Result:
        """A command with the scenario's caches, for which repositories find nothing of the user's own.

        HOME stays, since Bazel has its outputs below it; everything that is looked for there has a variable that goes first.
        """
        variables = {
            # The folder of .curlrc, which may name users and proxies.
            "CURL_HOME": str(self.docker_config),
            "DOCKER_AUTH_CONFIG": "",
            "DOCKER_CONFIG": str(self.docker_config),
            "NETRC": str(self.docker_config / "netrc"),
            "REGISTRY_AUTH_FILE": "",
            "XDG_CONFIG_HOME": str(self.docker_config),
            "XDG_RUNTIME_DIR": "",
        }
        cache = f"--repository_cache={self.repository_cache}"
        return self.bazel.command(command, cache, *arguments, env={**variables, **(env or {})}, code=code)

    def fetch(self, target: str, *flags: str, env: Mapping[str, str] | None = None, code: int | None = 0) -> Result:
        """Fetches what a target of a pulled repository needs, and builds its manifest: a file that is there already."""
        return self.bazel_command("build", "--output_groups=manifest", *flags, target, env=env, code=code)

    def files(self, target: str, *flags: str) -> list[Path]:
        """Builds a target and returns its files."""
        self.bazel_command("build", *flags, target)
        listed = self.bazel_command("cquery", *flags, "--output=files", f"config({target}, target)")
        root = self.bazel.execution_root()
        return [root / line for line in listed.stdout.splitlines() if line.strip()]


def pin(result: Result) -> str | None:
    """The digest of the line that a build prints to pin a tag."""
    found = _PIN.search(result.stderr)
    return found[1] if found else None


def upload(source: str | Path, destination: str, *options: str) -> None:
    """Copies an image layout to a registry, `host/repository:tag`, by skopeo."""
    to = ["--dest-tls-verify=false", f"oci:{source}", f"docker://{destination}"]
    run([tool("skopeo"), "--insecure-policy", "copy", "--quiet", *options, *to])
