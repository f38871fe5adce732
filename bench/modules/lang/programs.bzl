"""The programs that go into images. Each package that calls one of these has a program of its own."""

load("@aspect_rules_js//js:defs.bzl", "js_binary", "js_library")
load("@pypi//:requirements.bzl", "all_requirements")
load("@rules_python//python:py_binary.bzl", "py_binary")
load("@rules_python//python:py_library.bzl", "py_library")

# Of the program's own package; bench/lang writes as many files for each.
_LIBRARIES = ["api", "models", "storage", "views"]

def py_program(name):
    """A program of a file and four libraries, which need all distributions, each another quarter of them.

    Args:
      name: string.
    """
    for number, library in enumerate(_LIBRARIES):
        py_library(
            name = library,
            srcs = [library + ".py"],
            deps = all_requirements[number::len(_LIBRARIES)],
        )
    py_binary(
        name = name,
        srcs = [name + ".py"],
        deps = [":" + library for library in _LIBRARIES],
    )

def js_program(name):
    """A program of a file and four libraries, which needs all packages of the lock file.

    Args:
      name: string.
    """
    for library in _LIBRARIES:
        js_library(
            name = library,
            srcs = [library + ".js"],
            deps = ["//:node_modules"],
        )
    js_binary(
        name = name,
        data = [":" + library for library in _LIBRARIES] + ["//:node_modules"],
        entry_point = name + ".js",
    )
