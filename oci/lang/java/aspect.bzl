"""What an image has to know of a binary for the JVM: read from its target, whichever rule made it."""

load("//oci/private/binary:invocation.bzl", "attribute_words", "read_invocation")
load("//oci/private/binary:providers.bzl", "SymbolsInfo")
load(":main_class.bzl", "main_class_of")

visibility("//oci/...")

_RUNTIME_TOOLCHAIN_TYPE = "@bazel_tools//tools/jdk:runtime_toolchain_type"

JvmBinaryInfo = provider(
    doc = "How a JVM runs a binary. A target without JavaInfo has none of it.",
    fields = {
        "add_exports": "depset of string, `module/package`.",
        "add_opens": "depset of string, `module/package`.",
        "classpath": "depset of File, in order.",
        "jvm_flags": "tuple of string. Variables of the script that starts the binary elsewhere are as they were.",
        "main_class": "string; or None where neither attributes nor paths say it.",
        "native_libraries": "depset of LibraryToLink.",
        "runtime": "JavaRuntimeInfo; or None where no toolchain fits the platform.",
    },
)

def _classpath(java_info):
    # Nobody compiles against a java_binary, whose transitive_runtime_jars are empty therefore. Binaries of other rulesets are
    # libraries as well, and may not say how they were compiled.
    compilation = java_info.compilation_info
    return depset(
        # Its own jar, which may hold nothing but resources.
        [output.class_jar for output in java_info.java_outputs if output.class_jar],
        order = "preorder",
        transitive = ([compilation.runtime_classpath] if compilation else []) + [java_info.transitive_runtime_jars],
    )

def _jvm_binary_aspect_impl(target, ctx):
    invocation = read_invocation(target, ctx)
    JavaInfo = ctx.attr._symbols[SymbolsInfo].symbols.JavaInfo
    if JavaInfo not in target:
        return [invocation]
    java_info = target[JavaInfo]
    dependencies = [
        dependency[JavaInfo]
        for name in ["deps", "runtime_deps"]
        for dependency in getattr(ctx.rule.attr, name, None) or []
        if JavaInfo in dependency
    ]

    def module_flags(name):
        # As with the classpath: a binary's own JavaInfo has them only where it is a library, too.
        return depset(
            getattr(ctx.rule.attr, name, None) or [],
            transitive = [getattr(info.module_flags_info, name) for info in dependencies + [java_info]],
        )

    toolchain = ctx.toolchains[_RUNTIME_TOOLCHAIN_TYPE]
    return [invocation, JvmBinaryInfo(
        add_exports = module_flags("add_exports"),
        add_opens = module_flags("add_opens"),
        classpath = _classpath(java_info),
        jvm_flags = tuple(ctx.fragments.java.default_jvm_opts + attribute_words(ctx, "jvm_flags")),
        main_class = main_class_of(ctx.label, ctx.rule.attr, ctx.rule.files),
        native_libraries = java_info.transitive_native_libraries,
        runtime = toolchain.java_runtime if toolchain else None,
    )]

jvm_binary_aspect = aspect(
    implementation = _jvm_binary_aspect_impl,
    doc = "Reads how a JVM runs a binary, and its `args` and `env`.",
    attrs = {
        "_symbols": attr.label(
            default = "//oci/lang/java:symbols",
            providers = [SymbolsInfo],
        ),
    },
    fragments = ["java"],
    toolchains = [config_common.toolchain_type(_RUNTIME_TOOLCHAIN_TYPE, mandatory = False)],
)
