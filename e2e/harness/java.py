"""What a Java module needs and no Debian package of Bazel's brings: a JVM to ship, one to compile with, and a jar from Maven."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from harness import requirements
from harness.downloads import kept
from harness.processes import run

_GSON = "com.google.code.gson:gson:2.10.1"
_JRE = ["java.base", "jdk.httpserver"]
# It compiles against the modules that it has itself.
_JDK = [*_JRE, "jdk.compiler", "jdk.jartool", "jdk.zipfs"]


def add_java(workspace: Path) -> None:
    """Adds to a copied module what `add_jvms` does, and Gson as `maven/gson.jar`, which stays in the user's cache as well."""
    add_jvms(workspace)
    os.link(_maven_jar(_GSON), workspace / "maven" / "gson.jar")


def add_jvms(workspace: Path) -> None:
    """Adds to a copied module two JVMs, `jvm/jre` and `jvm/jdk`, which are made once, and stay in the user's cache."""
    for name, modules in (("jre", _JRE), ("jdk", _JDK)):
        shutil.copytree(_jvm(modules), workspace / "jvm" / name, copy_function=os.link)


def _jvm(modules: Sequence[str]) -> Path:
    """A JVM that has some modules of this machine's JDK."""
    jlink = requirements.tool("jlink")
    options = ["--strip-debug", "--no-header-files", "--no-man-pages", f"--add-modules={','.join(modules)}"]

    def link(folder: Path) -> None:
        run([jlink, *options, f"--output={folder / 'jvm'}"])

    return kept("jvm", [run([jlink, "--version"]).stdout, *options], link) / "jvm"


def _maven_jar(artifact: str) -> Path:
    """A jar, fetched by Maven as the machine has it configured."""

    def fetch(folder: Path) -> None:
        maven = [requirements.tool("mvn"), "--batch-mode", "--quiet", "dependency:copy"]
        run([*maven, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"], cwd=folder, timeout=600)

    (jar,) = kept("maven", [artifact], fetch).iterdir()
    return jar
