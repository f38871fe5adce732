"""Analysis tests of pulled images."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci/tests:actions.bzl", "actions_of", "run_spec")

visibility("//oci/tests/...")

def _fetch_action_test_impl(ctx):
    env = analysistest.begin(ctx)
    fetches = actions_of(env, "OciFetch")
    asserts.equals(env, 1, len(fetches), "one OciFetch for the only layer")
    argv = fetches[0].argv
    asserts.true(env, argv[0].endswith("/ship"), "OciFetch runs " + argv[0])
    for words in [
        ["fetch", "--label", "//oci/tests/image:bottom"],
        ["--source", "registry.example.com/base", "--source", "http://mirror.example.com:5000/mirrored/base"],
        ["--url", "https://far.example.com/layer", "--credentials", "oci/tests/pulled/login.json", "--output"],
    ]:
        text = " ".join(words)
        asserts.true(env, text in " ".join(argv), "%s in %s" % (text, argv))
    return analysistest.end(env)

fetch_action_test = analysistest.make(
    _fetch_action_test_impl,
    doc = "OciFetch is told where the layer may be, in order.",
)

def _inputs_of(env, mnemonic):
    actions = actions_of(env, mnemonic)
    asserts.equals(env, 1, len(actions), "one " + mnemonic)
    return [file.short_path for file in actions[0].inputs.to_list()]

_FETCHED = "oci/tests/pulled/base.strata/0.blob"

def _layout_needs_it_test_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.true(env, _FETCHED in _inputs_of(env, "OciLayout"), "a layout needs the fetched layer")
    asserts.true(env, _FETCHED in _inputs_of(env, "OciTree"), "so does a listing of the image")
    for mnemonic in ["OciManifest", "OciReport"]:
        asserts.false(env, _FETCHED in _inputs_of(env, mnemonic), mnemonic + " needs no bytes")
    return analysistest.end(env)

layout_needs_it_test = analysistest.make(
    _layout_needs_it_test_impl,
    doc = "What is fetched is an input of the layout and the listing, and not of the manifest and the report.",
)

def _run_target_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    files = [file.short_path for file in target[DefaultInfo].default_runfiles.files.to_list()]
    asserts.false(env, _FETCHED in files, "a layer of the base is fetched only to be pushed: " + str(files))
    spec = run_spec(env)
    content = spec["content"]
    asserts.equals(env, ["registry.example.com", "mirror.example.com"], [source["registry"] for source in content["sources"]])
    asserts.equals(
        env,
        ["_main/oci/tests/pulled/login.json", None],
        [source["credentials"] and source["credentials"]["rlocation"] for source in content["sources"]],
    )
    asserts.true(env, "oci/tests/pulled/login.json" in files, "the file with credentials is in the runfiles")
    blobs = {layer["label"]: layer["blob"] for layer in content["layers"]}
    asserts.equals(env, None, blobs["//oci/tests/image:bottom"], "the base's layer")
    asserts.true(env, blobs["//oci/tests/image:top"] != None, "the image's own layer")
    return analysistest.end(env)

run_target_test = analysistest.make(
    _run_target_test_impl,
    doc = "A push or a load takes no layer of a pulled base along, and knows where they are.",
)
