"""What the target under test of an analysis test does."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest")

visibility("//oci/tests/...")

def actions_of(env, mnemonic):
    """The actions of one kind that the target under test declares.

    Args:
      env: the environment of the analysis test.
      mnemonic: string, such as `OciLayer`.

    Returns:
      list of Action.
    """
    return [action for action in analysistest.target_actions(env) if action.mnemonic == mnemonic]

def run_spec(env):
    """The spec that the target under test, a run target, writes for `ship`.

    Args:
      env: the environment of the analysis test.

    Returns:
      dict.
    """
    return json.decode([
        action
        for action in actions_of(env, "FileWrite")
        if action.outputs.to_list()[0].basename.endswith(".run.json")
    ][0].content)
