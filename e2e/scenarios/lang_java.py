"""A Java server starts from a bare root without a shell, gets signals, and keeps its JVM's and third-party layers when it changes.

The JVM is one that jlink made, and the third-party jar comes from Maven.
"""

from __future__ import annotations

import json

from harness import language
from harness.java import add_java
from harness.world import World

IMAGE = "server/server:latest"
RUNFILES = "/server/Server.runfiles"
JVM = f"{RUNFILES}/_main/jvm/jre"


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker = world.docker
    docker.remove_everything()
    bazel = language.module(world, "lang_java")
    add_java(bazel.workspace)
    config = language.load(world, bazel, "//server:image", IMAGE)
    expected = {
        "Entrypoint": [
            f"{JVM}/bin/java",
            "-Dgreeting=two words",
            "-Xmx128m",
            "@/server/Server.jvm_arguments",
            "com.example.Server",
        ],
        "Cmd": ["--name=server/greeting.txt"],
        "WorkingDir": f"{RUNFILES}/_main",
        "Env": [
            "FROM_BASE=yes",
            f"RUNFILES_DIR={RUNFILES}",
            f"JAVA_HOME={JVM}",
            "LC_CTYPE=C.UTF-8",
            f"JAVA_RUNFILES={RUNFILES}",
            "GREETING=_main/server/greeting.txt",
        ],
    }
    world.equal({key: config[key] for key in expected}, expected, "what docker says of the config")
    world.step("docker inspect: the JVM in the runfiles is the entrypoint, args are cmd")

    answer = json.loads(language.answer(docker, IMAGE))
    expected_answer = {
        "text": "hello",
        "arguments": ["--name=server/greeting.txt"],
        "file": "hello from a data file",
        "runfile": "hello from a data file",
        "property": "two words",
        "java_home": JVM,
        "heap": 128,
    }
    world.equal(answer, expected_answer, "the server's answer")
    world.step("it answers over HTTP from a root that is read only, as user 65532, by a jar of Maven's")
    tuned = json.loads(language.answer(docker, IMAGE, "--other", env={"JAVA_TOOL_OPTIONS": "-Dtuned=yes"}))
    world.equal(tuned, expected_answer | {"arguments": ["--other"], "tuned": "yes"}, "the answer of a tuned server")
    world.step("JAVA_TOOL_OPTIONS and other arguments are those of docker run")
    _signals(world)

    other = "server/on-a-jre:latest"
    language.load(world, bazel, "//server:on_a_jre", other)
    world.equal(json.loads(language.answer(docker, other)), expected_answer | {"java_home": "/opt/jre"}, "its answer there")
    world.equal(sorted(language.layers(bazel, "//server:on_a_jre")), ["app", "base 1", "base 2", "base 3", "packages"], "layers")
    world.step("on a base with a JVM it runs with that one, and brings none")
    language.change_one_line(world, bazel, "//server:image", "server/src/main/java/com/example/Greeting.java", "hello")


def _signals(world: World) -> None:
    """SIGTERM, which `docker stop` sends to process 1, ends the JVM in order: shutdown hooks run."""
    docker = world.docker
    with language.serving(docker, IMAGE):
        (container,) = docker.command("ps", "--quiet").split()
        docker.command("stop", "--time=30", container)
        state = docker.command("inspect", "--format={{.State.ExitCode}}", container)
        printed = docker.logs(container).splitlines()
    # 128 + SIGTERM, as the JVM exits then. SIGKILL would have been 137.
    world.equal(state, "143", "exit code after SIGTERM")
    world.equal(printed, ["listening", "the shutdown hook has run"], "what the JVM has printed, warnings of its own included")
    world.step("SIGTERM reaches the JVM: its shutdown hook runs, and it exits with 143")
