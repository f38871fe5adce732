"""What a Java module needs and no Debian package of Bazel's brings: a JVM to ship, one to compile with, and a jar from Maven."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from harness import requirements
from harness.bazel import cache_folder
from harness.processes import run

GSON = "com.google.code.gson:gson:2.10.1"
_JRE = ["java.base", "jdk.httpserver"]
# It compiles against the modules that it has itself.
_JDK = [*_JRE, "jdk.compiler", "jdk.jartool", "jdk.zipfs"]


def add_java(workspace: Path) -> None:
    """Adds to a copied module two JVMs, `jvm/jre` and `jvm/jdk`, and Gson as `maven/gson.jar`.

    All three are made once, and stay in the user's cache.
    """
    for name, modules in (("jre", _JRE), ("jdk", _JDK)):
        shutil.copytree(_jvm(modules), workspace / "jvm" / name, copy_function=os.link)
    os.link(_maven_jar(GSON), workspace / "maven" / "gson.jar")


def _jvm(modules: list[str]) -> Path:
    """A JVM that has some modules of this machine's JDK."""
    jlink = requirements.tool("jlink")
    key = hashlib.sha256("\n".join([run([jlink, "--version"]).stdout, *modules]).encode()).hexdigest()
    folder = cache_folder() / f"jvm-{key[:16]}"
    if not folder.exists():
        work = folder.with_suffix(".work")
        shutil.rmtree(work, ignore_errors=True)
        options = ["--strip-debug", "--no-header-files", "--no-man-pages"]
        run([jlink, f"--add-modules={','.join(modules)}", *options, f"--output={work}"])
        work.rename(folder)
    return folder


def _maven_jar(artifact: str) -> Path:
    """A jar, fetched by Maven as the machine has it configured."""
    _, name, version = artifact.split(":")
    folder = cache_folder() / "maven"
    jar = folder / f"{name}-{version}.jar"
    if not jar.exists():
        maven = [requirements.tool("mvn"), "--batch-mode", "--quiet", "dependency:copy"]
        run([*maven, f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"], cwd=folder.parent, timeout=600)
    return jar
