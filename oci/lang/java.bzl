"""java_image: an image of a Java binary, or of any other that runs on a JVM."""

load("//oci/lang/java:arguments.bzl", "write_arguments")
load("//oci/lang/java:aspect.bzl", "JvmBinaryInfo", "jvm_binary_aspect")
load("//oci/lang/java:flags.bzl", "image_flags")
load("//oci/lang/java:runtime.bzl", "jvm_of")
load("//oci/private:labels.bzl", "display_label")
load("//oci/private/binary:binary.bzl", "binary_of")
load("//oci/private/binary:groups.bzl", "files_group", "rest_group")
load("//oci/private/binary:image.bzl", "language_image")
load("//oci/private/binary:layers.bzl", "binary_layers_rule", "layer_providers")
load("//oci/private/binary:third_party.bzl", "third_party_aspect", "third_party_files")

visibility("//oci/...")

# What Bazel's own script sets where nothing else does: without it a JVM can't open files whose names aren't ASCII.
_LOCALE = {"LC_CTYPE": "C.UTF-8"}

def _info(label, target):
    if JvmBinaryInfo not in target:
        fail("%s: binary %s is nothing that a JVM runs, since it has no JavaInfo. Name a java_binary or the like; binary_image takes any other." % (
            label,
            display_label(target.label),
        ))
    return target[JvmBinaryInfo]

def _main_class(ctx, label, target):
    main_class = ctx.attr.main_class or target[JvmBinaryInfo].main_class
    if not main_class:
        fail("%s: neither %s nor the paths of its sources say what its main class is: set main_class." % (label, display_label(target.label)))
    return main_class

def _argument_files(ctx, label, binary):
    """Each binary's file of arguments, beside it in the image: its runfiles are all Bazel's."""
    files = {}
    for path, target in binary.placed.items():
        file = ctx.actions.declare_file("%s.jvm%s.jvm_arguments" % (ctx.attr.stem or ctx.label.name, path))
        write_arguments(ctx, file, runfiles_root = binary.runfiles_root, binary = _info(label, target))
        files[path + ".jvm_arguments"] = file
    return files

def _java_layers_impl(ctx):
    label = display_label(ctx.label)
    binary = binary_of(ctx)
    files = _argument_files(ctx, label, binary)
    info = binary.target[JvmBinaryInfo]
    jvm = jvm_of(label, java = ctx.attr.java, runtime = info.runtime, workspace = ctx.workspace_name, runfiles_root = binary.runfiles_root)
    flags = image_flags(label, display_label(binary.target.label), info.jvm_flags, binary.runfiles_root) + ctx.attr.jvm_flags
    return layer_providers(
        ctx,
        binary,
        absent = jvm.absent,
        entrypoint = [jvm.java] + flags + ["@" + files.keys()[0], _main_class(ctx, label, binary.target)],
        env = jvm.env | _LOCALE | {"JAVA_RUNFILES": binary.runfiles_root},
        files = files,
        groups = jvm.groups + [
            files_group("packages", third_party_files(binary)),
            rest_group(),
        ],
    )

java_layers = binary_layers_rule(
    implementation = _java_layers_impl,
    doc = """A Java binary as layers: `jvm`, the toolchain's JVM; `packages`, what it has from other repositories; `app`, the rest.

Entrypoint of an image of them is the JVM itself, with the classpath in a file beside the binary.""",
    aspects = [
        jvm_binary_aspect,
        third_party_aspect,
    ],
    attrs = {
        "java": attr.string(
            doc = """Where the base has its JVM, such as `/usr/bin/java`. The toolchain's stays out of the image then, and there is no layer
`jvm`. Default: the toolchain's.""",
        ),
        "jvm_flags": attr.string_list(
            doc = "Flags of the JVM, after those of the binary, as they are: nothing expands.",
        ),
        "main_class": attr.string(
            doc = "The class to start. Default: that of the binary.",
        ),
    },
)

def java_image(name, java = None, jvm_flags = [], main_class = None, **kwargs):
    """An image of a Java binary: its JVM, its third-party jars and its own jars, each a layer.

    ```starlark
    java_binary(
        name = "Server",
        srcs = ["src/main/java/com/example/Server.java"],
        deps = ["@maven//:com_google_code_gson_gson"],
    )

    java_image(name = "image", binary = ":Server", base = "@libc")
    ```

    Whatever has JavaInfo and can be run will do: `java_binary`, `scala_binary`, `kt_jvm_binary`. A container starts the JVM itself,
    without a shell, so that signals reach it, and base needs no more than what the JVM links. No deploy jar is built.

    docs/languages/java.md says more.

    Args:
      name: string.
      java: string. Where the base has its JVM, such as `/usr/bin/java`. Default: the JVM of the Java runtime toolchain
        (`--java_runtime_version`) becomes the layer `jvm`.
      jvm_flags: list of strings. Flags of the JVM, after those of the binary, as they are.
      main_class: string. Default: that of the binary.
      **kwargs: as of `binary_image`.
    """
    language_image(
        name,
        layers_rule = java_layers,
        groups = ([] if java else ["jvm"]) + ["packages", "app"],
        layers_attributes = {"java": java, "jvm_flags": jvm_flags, "main_class": main_class},
        **kwargs
    )
