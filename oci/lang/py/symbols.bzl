"""The providers of rules_python, for rules that don't load it themselves."""

load("@rules_python//python:py_info.bzl", "PyInfo")
load("@rules_python//python:py_runtime_info.bzl", "PyRuntimeInfo")
load("@strata_py_executable_info//:info.bzl", "PyExecutableInfo")
load("//oci/private/binary:providers.bzl", "SymbolsInfo")

visibility(["//oci/lang/py"])

def _py_symbols_impl(_ctx):
    return [SymbolsInfo(symbols = struct(
        # None before rules_python 0.36.
        executable = PyExecutableInfo,
        py = PyInfo,
        runtime = PyRuntimeInfo,
    ))]

py_symbols = rule(
    implementation = _py_symbols_impl,
    doc = "Gives what `load` would give.",
    provides = [SymbolsInfo],
)
