"""py_image: an image of a Python program with its interpreter."""

load("//oci/lang/py:distributions.bzl", "dependencies_aspect", "distribution_groups")
load("//oci/lang/py:path.bzl", "in_runfiles", "write_python_path")
load("//oci/lang/py:program.bzl", "program_aspect", "program_of")
load("//oci/private:labels.bzl", "display_label")
load("//oci/private/binary:binary.bzl", "binary_of")
load("//oci/private/binary:groups.bzl", "files_group", "rest_group")
load("//oci/private/binary:image.bzl", "language_image")
load("//oci/private/binary:layers.bzl", "binary_layers_rule", "layer_providers")
load("//oci/private/binary:providers.bzl", "SymbolsInfo")
load("//oci/private/binary:third_party.bzl", "third_party_files")

visibility("//oci/...")

_INTERPRETER, _PACKAGES, _APP = "interpreter", "packages", "app"

# Of sources: a `.pyc` beside the sources that are not there is a program of its own.
_CACHED_BYTECODE = r"/__pycache__/[^/]*\.pyc$"

def _py_layers_impl(ctx):
    label = display_label(ctx.label)
    binary = binary_of(ctx)
    targets = binary.placed.values()
    symbols = ctx.attr._symbols[SymbolsInfo].symbols
    programs = [program_of(label, target, symbols) for target in targets]
    program = programs[0]

    def place(file):
        return in_runfiles(ctx, binary.runfiles_root, file)

    # Where the interpreter's repository has links, such as python3 to python3.13, Bazel sees as many files.
    groups = [files_group(_INTERPRETER, depset(transitive = [each.runtime_files for each in programs]), dedupe = True)]
    groups += distribution_groups(label, ctx.attr.package_layers, targets)
    groups += [files_group(_PACKAGES, third_party_files(binary)), rest_group(_APP)]
    return layer_providers(
        ctx,
        binary,
        groups = groups,
        absent_regexes = [_CACHED_BYTECODE] if ctx.attr.pyc == "omit" else [],
        entrypoint = [place(program.interpreter)] + program.interpreter_args,
        cmd = [place(program.first)],
        env = {"PYTHONSAFEPATH": "1"},
        env_files = [write_python_path(ctx, binary.runfiles_root, programs)],
    )

py_layers = binary_layers_rule(
    implementation = _py_layers_impl,
    doc = """A Python program in layers: `interpreter`, the interpreter and its standard library; `packages`, what other repositories
have of it; `app`, the rest.""",
    aspects = [dependencies_aspect, program_aspect],
    attrs = {
        "package_layers": attr.string_list(
            doc = "Names of distributions that get a layer of their own, between `interpreter` and `packages`.",
        ),
        "pyc": attr.string(
            doc = "`keep` or `omit`: what becomes of the bytecode in `__pycache__`.",
            default = "keep",
            values = ["keep", "omit"],
        ),
        "_symbols": attr.label(
            default = "//oci/lang/py:symbols",
            providers = [SymbolsInfo],
        ),
    },
)

def _runnable(kwargs):
    """`x<binary>`, unless there is one, as of another image of that binary."""
    binary = kwargs.get("binary") or (kwargs.get("binaries") or [None])[0]
    if type(binary) not in ("string", "Label"):
        return None
    runnable = "x" + native.package_relative_label(binary).name
    return None if native.existing_rule(runnable) else runnable

def py_image(name, *, package_layers = [], pyc = "keep", runnable = None, **kwargs):
    """An image of a `py_binary` with the interpreter that it is built for.

    ```starlark
    py_binary(name = "server", srcs = ["server.py"], deps = ["//greeting", "@pypi//werkzeug"])

    py_image(name = "image", binary = ":server", base = "@libc")
    ```

    Three layers, so that an edit moves little: `interpreter`, the interpreter of the toolchain and its standard library; `packages`,
    what comes from other repositories, as pip's do; `app`, the rest. The base needs libc, and neither Python nor a shell: a
    container starts the interpreter with the main file, with `imports` as PYTHONPATH and everything else as the launcher of
    rules_python has it. An interpreter of the machine (`interpreter_path`) is an error.

    docs/languages/py.md says more.

    Args:
      name: string.
      package_layers: list of strings: distributions, such as `["torch", "numpy"]`, that get a layer of their own below `packages`,
        `<name>.torch_layer`. What is large and seldom changes with the rest is best off there.
      pyc: `keep` takes bytecode in `__pycache__` as the build has it; `omit` leaves it out. Python takes what is compiled with
        `checked-hash` or `unchecked-hash`, as rules_python does, and passes over what goes by times.
      runnable: string. The name of a target that is the binary as it is in the image, built for its platform. Default: `x<binary>`,
        unless there is such a target. Empty: none, as it has to be in a symbolic macro, where targets have its name before theirs.
      **kwargs: as of `binary_image`.
    """
    for group in [_INTERPRETER, _PACKAGES, _APP]:
        if group in package_layers:
            fail("%s: package_layers: there is a layer %r anyway. Give the distribution one by layer_groups, under another name." % (name, group))
    language_image(
        name,
        layers_rule = py_layers,
        groups = [_INTERPRETER] + package_layers + [_PACKAGES, _APP],
        runnable = _runnable(kwargs) if runnable == None else runnable,
        layers_attributes = {"package_layers": package_layers, "pyc": pyc},
        **kwargs
    )
