"""warning_test: what an action prints, though it succeeds, is the text that is checked in."""

load("@bazel_skylib//rules:diff_test.bzl", "diff_test")

visibility("//oci/tests/...")

_ActionsInfo = provider(
    doc = "The actions of a target.",
    fields = {"actions": "list of Action."},
)

def _actions_aspect_impl(target, _ctx):
    return [_ActionsInfo(actions = target.actions)]

_actions_aspect = aspect(implementation = _actions_aspect_impl)

def _printed_impl(ctx):
    actions = [action for action in ctx.attr.target[_ActionsInfo].actions if action.mnemonic == ctx.attr.action]
    if len(actions) != 1:
        fail("%s has %d actions %s" % (ctx.attr.target.label, len(actions), ctx.attr.action))
    action = actions[0]
    printed = ctx.actions.declare_file(ctx.label.name + ".txt")

    # The same command once more, in a sandbox of its own, where its outputs are nobody's.
    folders = {file.dirname: None for file in action.outputs.to_list()}.keys()
    ctx.actions.run_shell(
        command = 'mkdir -p {folders} && "$@" 2> {printed}'.format(
            folders = " ".join(["'%s'" % folder for folder in folders]),
            printed = printed.path,
        ),
        arguments = action.args,
        inputs = action.inputs,
        outputs = [printed],
    )
    return [DefaultInfo(files = depset([printed]))]

_printed = rule(
    implementation = _printed_impl,
    doc = "What an action of a target prints on standard error.",
    attrs = {
        "action": attr.string(mandatory = True),
        "target": attr.label(aspects = [_actions_aspect], mandatory = True),
    },
)

def warning_test(name, target, action, expected):
    """Compares what a successful action prints with a file.

    Args:
      name: string.
      target: label. What declares the action.
      action: string. The action's mnemonic.
      expected: label of the file; an empty one where nothing is printed.
    """
    printed = name + "_printed"
    _printed(
        name = printed,
        testonly = True,
        action = action,
        tags = ["manual"],
        target = target,
    )
    diff_test(
        name = name,
        size = "small",
        failure_message = "To accept it: bazel build //%s:%s, and copy the output over %s." % (native.package_name(), printed, expected),
        file1 = expected,
        file2 = printed,
    )
