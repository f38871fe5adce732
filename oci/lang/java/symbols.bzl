"""Providers of rules_java, which nothing but this package loads."""

load("@rules_java//java/common:java_info.bzl", "JavaInfo")
load("//oci/private/binary:providers.bzl", "SymbolsInfo")

visibility("private")

java_symbols = rule(
    implementation = lambda _ctx: [SymbolsInfo(symbols = struct(JavaInfo = JavaInfo))],
    doc = "Gives JavaInfo to rules and aspects that must not load rules_java.",
    provides = [SymbolsInfo],
)
