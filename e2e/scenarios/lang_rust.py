"""Images of Rust programs: on a base of libc, static from scratch, and with a shared library of C."""

from __future__ import annotations

from harness import language
from harness.bazel import Bazel
from harness.world import World

IMAGE = "//server:image"


def scenario(world: World) -> None:
    """Runs the scenario."""
    bazel = language.module(world, "lang_rust")
    _dynamic(world, bazel)
    _static(world, bazel)
    _linked(world, bazel)


def _dynamic(world: World, bazel: Bazel) -> None:
    config = language.load(world, bazel, IMAGE, "server/server:latest")
    world.equal(config["Entrypoint"], ["/server/server"], "entrypoint")
    world.equal(config["Cmd"], ["server/text.txt"], "cmd")
    expected = ["Hello from Rust", "Good evening", "Served by Rust", "The text of the page"]
    world.equal(language.answer(world.docker, "server/server:latest").splitlines(), expected, "answer")
    world.step("a server of std alone answers on a base of libc: args, env, and data of a library through runfiles")
    language.change_one_line(world, bazel, IMAGE, "server/server.rs", "Hello from Rust")


def _static(world: World, bazel: Bazel) -> None:
    language.load(world, bazel, "//server:static_image", "server/static:latest")
    answer = language.answer(world.docker, "server/static:latest").splitlines()
    world.equal(answer[1:], ["Good evening", "", "The text of the page"], "answer")
    world.step("the same with +crt-static, from scratch, with a cmd of the image")


def _linked(world: World, bazel: Bazel) -> None:
    language.load(world, bazel, "//server:linked_image", "server/linked:latest")
    world.equal(language.output(world.docker, "server/linked:latest"), "2 + 3 = 5", "standard output")
    world.step("a shared library of C is found")
