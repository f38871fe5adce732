"""Which JVM a container starts: the one of the toolchain, which becomes a layer, or one that the base has."""

load("//oci/private:runfiles_entries.bzl", "runfiles_path")
load("//oci/private/binary:groups.bzl", "files_group")

visibility("//oci/...")

def jvm_of(label, *, java, runtime, workspace, runfiles_root):
    """The JVM of an image.

    Args:
      label: string. The target, for messages.
      java: string. Where the base has its JVM; or empty.
      runtime: JavaRuntimeInfo, the toolchain's; or None.
      workspace: string. `ctx.workspace_name`.
      runfiles_root: string. The runfiles directory in the image.

    Returns:
      struct:
        java: string. The program, absolute.
        env: dict. What its users expect to be set.
        groups: list of groups: none, or that of the JVM.
        absent: depset of File or None. The toolchain's JVM, where it isn't the image's.
    """
    if java:
        if not java.startswith("/"):
            fail("%s: java is %r, and must be the absolute path of the program in the image, such as \"/usr/bin/java\"." % (label, java))
        return struct(java = java, env = {}, groups = [], absent = runtime.files if runtime else None)
    remedy = "Set java to where the base has one, such as \"/usr/bin/java\", or choose one that Bazel fetches: --java_runtime_version=remotejdk_21."
    if not runtime:
        fail("%s: no Java runtime toolchain fits the platform, so that the image would have no JVM. %s" % (label, remedy))
    if runtime.java_executable_runfiles_path.startswith("/"):
        fail("%s: the Java runtime toolchain is the JDK of this machine at %s, which the image doesn't have. %s" % (
            label,
            runtime.java_home_runfiles_path,
            remedy,
        ))
    if 0 < runtime.version and runtime.version < 9:
        fail("%s: the Java runtime toolchain is version %d, and the classpath in a file wants 9 or later: choose another --java_runtime_version." % (
            label,
            runtime.version,
        ))
    return struct(
        java = runfiles_path(workspace, runfiles_root, runtime.java_executable_runfiles_path),
        env = {"JAVA_HOME": runfiles_path(workspace, runfiles_root, runtime.java_home_runfiles_path)},
        groups = [files_group("jvm", runtime.files)],
        absent = None,
    )
