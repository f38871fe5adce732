"""The file of arguments that a JVM reads (`java @FILE`, from Java 9 on): the classpath and what else is told from depsets.

A depset is expanded when the file is written, and not at analysis. The syntax is that of the `java` command: words, where quotes
keep spaces and a backslash keeps what follows it.
"""

load("//oci/private:runfiles_entries.bzl", "runfiles_path")

visibility("//oci/...")

def _quoted(text):
    return text.replace("\\", "\\\\").replace("\"", "\\\"")

def _library_of(library):
    return library.dynamic_library or library.interface_library

def write_arguments(ctx, output, *, runfiles_root, binary):
    """Writes the file.

    Args:
      ctx: the rule's context.
      output: File, declared.
      runfiles_root: string. The runfiles directory in the image.
      binary: JvmBinaryInfo.
    """
    workspace = ctx.workspace_name

    def path_of(file):
        return _quoted(runfiles_path(workspace, runfiles_root, file.short_path))

    def folder_of(library):
        file = _library_of(library)
        return path_of(file).rpartition("/")[0] if file else None

    arguments = ctx.actions.args()
    arguments.set_param_file_format("multiline")
    arguments.add("-classpath")
    arguments.add_joined(
        binary.classpath,
        allow_closure = True,
        format_joined = "\"%s\"",
        join_with = ":",
        map_each = path_of,
        omit_if_empty = False,
    )
    arguments.add_joined(
        binary.native_libraries,
        allow_closure = True,
        format_joined = "\"-Djava.library.path=%s\"",
        join_with = ":",
        map_each = folder_of,
        uniquify = True,
    )
    for option, packages in [("--add-exports", binary.add_exports), ("--add-opens", binary.add_opens)]:
        arguments.add_all(packages, format_each = option + "=%s=ALL-UNNAMED")
    ctx.actions.write(output, arguments)
