"""Analysis tests of oci_push and oci_load."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//oci:providers.bzl", "OciPushInfo")
load("//oci/tests:actions.bzl", "actions_of", "run_spec")

visibility("//oci/tests/...")

def _run_spec_test_impl(ctx):
    env = analysistest.begin(ctx)
    spec = run_spec(env)
    asserts.equals(env, 1, spec["v"])
    asserts.equals(env, "//oci/tests/run:" + analysistest.target_under_test(env).label.name, spec["label"])
    asserts.true(env, spec["self"].endswith(".run.json"))
    asserts.equals(env, "_main/oci/tests/run/image.strata/manifest.json", spec["content"]["root"]["rlocation"])
    asserts.equals(env, ["//oci/tests/image:bottom"], [layer["label"] for layer in spec["content"]["layers"]])
    asserts.equals(env, json.decode(ctx.attr.expected), spec[spec["command"]])
    asserts.equals(env, ctx.attr.status, [file["path"].split("/")[-1] for file in spec["status"]])
    return analysistest.end(env)

run_spec_test = analysistest.make(
    _run_spec_test_impl,
    doc = "The spec beside the executable holds what `ship` needs; `expected` is the part of its command, as JSON.",
    attrs = {
        "expected": attr.string(mandatory = True),
        "status": attr.string_list(doc = "The names of the status files that it lists."),
    },
)

def _stamps_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    runfiles = [file.basename for file in target[DefaultInfo].default_runfiles.files.to_list()]
    for name in ["stable-status.txt", "volatile-status.txt"]:
        asserts.true(env, name in runfiles, name + " is in the runfiles")
        for action in [action for action in analysistest.target_actions(env) if action.mnemonic.startswith("Oci")]:
            inputs = [file.basename for file in action.inputs.to_list()]
            asserts.false(env, name in inputs, "%s is an input of %s" % (name, action.mnemonic))
    return analysistest.end(env)

stamps_test = analysistest.make(
    _stamps_test_impl,
    doc = "The values of stamps are read when a target runs: no action has them as inputs.",
)

def _signer_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    spec = run_spec(env)
    signer = spec["push"]["signer"]
    file = {"path": "oci/tests/run/repository.txt", "rlocation": "_main/oci/tests/run/repository.txt"}
    asserts.equals(env, [
        ["sign"],
        ["-a=commit={STABLE_COMMIT}"],
        ["--key=", file, "!"],
        ["it's $HOME $", "(location repository.txt) {JSON}"],
        ["{reference}"],
    ], signer["args"])
    asserts.equals(env, {"KEY": [file]}, signer["env"])
    asserts.equals(env, "//oci/tests/run:signer", signer["label"])
    asserts.equals(env, "_main/oci/tests/run/loader", signer["tool"]["rlocation"])
    asserts.equals(env, ["stable-status.txt"], [file["path"].split("/")[-1] for file in spec["status"]])
    runfiles = [file.basename for file in target[DefaultInfo].default_runfiles.files.to_list()]
    for name in ["loader", "loader.sh", "repository.txt", "stable-status.txt"]:
        asserts.true(env, name in runfiles, name + " is in the runfiles")
    return analysistest.end(env)

signer_test = analysistest.make(
    _signer_test_impl,
    doc = "A push names its signer in the spec, argument by argument, and has all of its files.",
)

def _during_build_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    actions = actions_of(env, "OciPush")
    asserts.equals(env, 1, len(actions), "one OciPush")
    argv, inputs = actions[0].argv, [file.basename for file in actions[0].inputs.to_list()]
    asserts.true(env, argv[0].endswith("/ship"), "OciPush runs " + argv[0])
    asserts.equals(env, ["upload", "--spec", "--output"], [argv[1], argv[2], argv[4]])
    for name in ["bottom.tar.gz", "config.json", "layer.json", "manifest.json", "pushed.spec.json"]:
        asserts.true(env, name in inputs, name + " is an input of OciPush")
    for name in ["stable-status.txt", "volatile-status.txt", "during_build.run.json", "image"]:
        asserts.false(env, name in inputs, name + " is an input of OciPush")
    result = actions[0].outputs.to_list()
    asserts.equals(env, ["pushed"], [file.basename for file in result])
    asserts.equals(env, result, target[OutputGroupInfo].pushed.to_list())
    asserts.equals(env, ["during_build.run", "pushed"], [file.basename for file in target[DefaultInfo].files.to_list()])
    runfiles = target[DefaultInfo].default_runfiles.files.to_list()
    asserts.false(env, result[0] in runfiles, "what a push relies on holds the result of OciPush")
    spec = json.decode([
        action.content
        for action in actions_of(env, "FileWrite")
        if action.outputs.to_list()[0].basename == "pushed.spec.json"
    ][0])
    asserts.equals(
        env,
        {"blob_repository": None, "repository": "registry.example.com/team/app", "repository_file": None},
        spec["push"],
        "neither a tag nor a signer reruns OciPush",
    )
    asserts.equals(env, run_spec(env)["content"], spec["content"] | {"referrers": []})
    return analysistest.end(env)

during_build_test = analysistest.make(
    _during_build_test_impl,
    doc = "OciPush has what it sends and nothing of tags, stamps and signers.",
)

def _reference_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    files = target[OutputGroupInfo].reference.to_list()
    actions = actions_of(env, "OciReference")
    asserts.equals(env, files, actions[0].outputs.to_list())
    inputs = [file.basename for file in actions[0].inputs.to_list()]
    asserts.true(env, "digest" in inputs, "the digest is an input")
    asserts.false(env, "manifest.json" in inputs, "the manifest is an input")
    asserts.false(env, files[0] in target[DefaultInfo].files.to_list(), "the reference is built with the push")
    asserts.equals(env, [], actions_of(env, "OciPush"), "nothing is pushed for it")
    asserts.equals(env, [], target[OutputGroupInfo].pushed.to_list())
    return analysistest.end(env)

reference_test = analysistest.make(
    _reference_test_impl,
    doc = "The output group `reference` is made from the digest alone, and only where it is asked for.",
)

def _runfiles_test_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    info = target[DefaultInfo]
    asserts.equals(env, "image.push.run", info.files_to_run.executable.basename)
    names = [file.basename for file in info.default_runfiles.files.to_list()]
    for name in ["image.push.run.json", "manifest.json", "config.json", "layer.json", "bottom.tar.gz"]:
        asserts.true(env, name in names, "%s is in the runfiles" % name)
    asserts.equals(env, ["image.push.run"], [file.basename for file in info.files.to_list()])
    asserts.false(env, "image" in names, "the layout directory is in the runfiles of a push, which never needs it")
    return analysistest.end(env)

runfiles_test = analysistest.make(
    _runfiles_test_impl,
    doc = "The runfiles hold metadata and blobs, and not the layout directory.",
)

def _push_info_test_impl(ctx):
    env = analysistest.begin(ctx)
    push = analysistest.target_under_test(env)[OciPushInfo]
    asserts.equals(env, None, push.repository)
    asserts.equals(env, "repository.txt", push.repository_file.basename)
    asserts.equals(env, ("v1",), push.tags)
    asserts.equals(env, "//oci/tests/run:image", push.image.label)
    asserts.equals(env, push.image.digest, push.digest)
    return analysistest.end(env)

push_info_test = analysistest.make(
    _push_info_test_impl,
    doc = "OciPushInfo tells other rules what is pushed and where to.",
)
