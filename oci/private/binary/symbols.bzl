"""Providers of rulesets that nobody has."""

load(":providers.bzl", "SymbolsInfo")

visibility("//oci/...")

def _no_symbols_impl(_ctx):
    return [SymbolsInfo(symbols = None)]

no_symbols = rule(
    implementation = _no_symbols_impl,
    doc = "No providers of another ruleset.",
)
