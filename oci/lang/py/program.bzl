"""How a Python program starts: what its rule says of it, by attributes and providers, in every version of rules_python."""

load("//oci/private:labels.bzl", "display_label")
load("//oci/private/binary:invocation.bzl", "read_invocation")
load("//oci/private/binary:providers.bzl", "InvocationInfo")

visibility(["//oci/lang/...", "//oci/tests/..."])

_TOOLCHAIN_TYPE = "@rules_python//python:toolchain_type"

_HERMETIC = "Register an interpreter that is part of the build, such as `python.toolchain(python_version = \"3.13\")` of rules_python in MODULE.bazel."

_StartInfo = provider(
    doc = "What the attributes and toolchains of a Python binary say of it.",
    fields = {
        "interpreter_args": "tuple of string. What the interpreter is given before the program.",
        "main": "File or None. The program's first file.",
        "runtime": "PyRuntimeInfo or None. That of the toolchain.",
    },
)

def _main(label, rule):
    """The file that rules_python starts: the attribute `main`, or the source that is named after the target."""
    named = getattr(rule.file, "main", None)
    if named:
        return named
    expected = "/%s.py" % label.name
    found = [file for file in getattr(rule.files, "srcs", []) if ("/" + file.short_path).endswith(expected)]
    return found[0] if len(found) == 1 else None

def _program_aspect_impl(target, ctx):
    toolchain = ctx.toolchains[_TOOLCHAIN_TYPE]
    return [read_invocation(target, ctx), _StartInfo(
        interpreter_args = tuple(getattr(ctx.rule.attr, "interpreter_args", None) or []),
        main = _main(target.label, ctx.rule),
        runtime = getattr(toolchain, "py3_runtime", None) if toolchain else None,
    )]

program_aspect = aspect(
    implementation = _program_aspect_impl,
    doc = "Reads which file of a Python binary is the first one, which interpreter is its platform's, and its `args` and `env`.",
    provides = [InvocationInfo, _StartInfo],
    toolchains = [config_common.toolchain_type(_TOOLCHAIN_TYPE, mandatory = False)],
)

def _check_runtime(label, binary, runtime):
    if not runtime:
        fail("%s: there is no Python interpreter for %s on its platform. %s" % (label, binary, _HERMETIC))

    # The toolchains that are there by default are scripts that look for a Python on the machine.
    path = runtime.interpreter_path
    if not path and runtime.interpreter.extension == "sh":
        path = display_label(runtime.interpreter.owner)
    if path:
        fail("%s: %s runs on the Python of whatever machine it is on (%s), and an image has none. %s" % (label, binary, path, _HERMETIC))

def program_of(label, target, symbols):
    """What there is to know of a Python binary.

    Args:
      label: string. The image, for messages.
      target: Target. The binary, with program_aspect.
      symbols: struct of oci/lang/py/symbols.bzl.

    Returns:
      struct:
        first: File. What the interpreter is given.
        imports: depset of string. Directories of modules, in the runfiles.
        interpreter: File.
        interpreter_args: list of strings.
        runtime_files: depset of File. The interpreter and its standard library.
        sources: depset of File. The Python files of the program and its dependencies.
    """
    binary = display_label(target.label)
    if symbols.py not in target:
        fail("%s: %s is no Python program: it doesn't give PyInfo. Load its py_binary from @rules_python, or make the image by binary_image." % (label, binary))
    start = target[_StartInfo]
    runtime = target[symbols.runtime] if symbols.runtime in target else start.runtime
    _check_runtime(label, binary, runtime)

    executable = target[symbols.executable] if symbols.executable and symbols.executable in target else None

    # What rules_python itself gives the interpreter from 1.9 on; it sets up a venv, if there is one, and runs the program.
    first = getattr(executable, "stage2_bootstrap", None) or getattr(executable, "main", None) or start.main
    if not first:
        fail("%s: can't tell which file of %s is the program. Set its attribute `main`." % (label, binary))
    return struct(
        first = first,
        imports = target[symbols.py].imports,
        interpreter = runtime.interpreter,
        interpreter_args = list(start.interpreter_args),
        runtime_files = depset([runtime.interpreter], transitive = [runtime.files] if runtime.files else []),
        sources = target[symbols.py].transitive_sources,
    )
