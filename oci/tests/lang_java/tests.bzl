"""Analysis tests of java_image."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "unittest")
load("//oci/lang/java:main_class.bzl", "class_at")
load("//oci/tests:actions.bzl", "actions_of")

visibility("private")

def _arguments_test_impl(ctx):
    env = analysistest.begin(ctx)
    written = {}
    for action in analysistest.target_actions(env):
        name = action.outputs.to_list()[0].basename
        if name.endswith(".jvm_arguments"):
            written[name] = action.content.strip("\n").split("\n")
    asserts.equals(env, ctx.attr.expected, written)
    return analysistest.end(env)

arguments_test = analysistest.make(
    _arguments_test_impl,
    doc = "The files of arguments, by their names, have these lines.",
    attrs = {"expected": attr.string_list_dict(mandatory = True)},
)

# A file's name, after which nothing differs between Bazel versions.
def _names(files, tools):
    return sorted([file.basename for file in files.to_list() if not file.path.endswith(tools)])

def _inputs_test_impl(ctx):
    env = analysistest.begin(ctx)
    inputs = {}
    for action in actions_of(env, "OciLayer"):
        blob = action.outputs.to_list()[0].basename

        # Of a layer by paths, Bazel forgets the inputs that its action, once it has run, didn't need.
        if blob in ctx.attr.expected:
            inputs[blob] = _names(action.inputs, ("/pack", "-runfiles", "/MANIFEST"))
    asserts.equals(env, ctx.attr.expected, inputs)
    return analysistest.end(env)

inputs_test = analysistest.make(
    _inputs_test_impl,
    doc = "The actions that pack these layers have these inputs, the tool aside.",
    attrs = {"expected": attr.string_list_dict(mandatory = True)},
)

_CLASSES = {
    "a/src/src/main/java/Main": "Main",
    "com/example/Main": None,
    "java/com/example/Main": "com.example.Main",
    "java/src/com/example/Main": "com.example.Main",
    "java/src/main/Main": "src.main.Main",
    "java/src/main/java/example/Main": "example.Main",
    "javatests/com/example/MainTest": "com.example.MainTest",
    "server/src/main/java/com/example/Main": "com.example.Main",
    "server/src/test/resources/com/example/Main": "com.example.Main",
    "server/testsrc/com/example/Main": "com.example.Main",
    "src/com/example/Main": "com.example.Main",
    "src/java/com/example/Main": "com.example.Main",
    "src/java/example/Main": "java.example.Main",
    "src/main/java/src/com/Main": "src.com.Main",
    "third_party/java/src/Main": "src.Main",
}

def _classes_test_impl(ctx):
    env = unittest.begin(ctx)
    for path, expected in _CLASSES.items():
        asserts.equals(env, expected, class_at(path), path)
    return unittest.end(env)

_classes_test = unittest.make(_classes_test_impl, doc = "Classes are named as Bazel names them.")

def classes_test(name):
    """Declares the test of class names.

    Args:
      name: string.
    """
    unittest.suite(name, _classes_test)
