"""Every action of rules_strata goes through here: the one file that calls ctx.actions.run.

What holds for all of them is written down once: the toolchain is named (so that each action gets its own
execution group), output paths may be mapped unless an action says why not, and files are passed as File, never as a path in
a string.
"""

load("//oci:toolchain.bzl", "ASSEMBLE_TOOLCHAIN_TYPE")

visibility("//oci/...")

# Output directories may be rewritten (--experimental_output_paths=strip), so that equal actions of different
# configurations share cache entries. OciIndex over a split transition may collide under it; Bazel then runs it unmapped.
_PATH_MAPPING = {"supports-path-mapping": "1"}

# Tools read ahead with several threads and compress on all cores that they are granted; Bazel schedules them for as many as
# they mostly use. A tree counts as one input, so the number of inputs says nothing about a layer's size.
def few_cpus(_os, _inputs):
    """The resources of an action that mostly waits for one file."""
    return {"cpu": 2}

def many_cpus(_os, _inputs):
    """The resources of an action whose inputs may be of any size."""
    return {"cpu": 4}

def new_arguments(ctx):
    """A command line that is always passed as a file, one argument a line.

    Args:
      ctx: a rule's or aspect's context.

    Returns:
      Args. A value must not hold a newline, which JSON's escapes see to.
    """
    arguments = ctx.actions.args()
    arguments.set_param_file_format("multiline")
    arguments.use_param_file("@%s", use_always = True)
    return arguments

def run(ctx, toolchain, mnemonic, verb, arguments, inputs, outputs, requirements = {}, mapped = True, **kwargs):
    """Declares an action.

    Args:
      ctx: a rule's or aspect's context.
      toolchain: the type of the toolchain whose tool runs.
      mnemonic: string.
      verb: string. What is shown of it while it runs, before the label.
      arguments: list of Args.
      inputs: depset of File.
      outputs: list of File, declared.
      requirements: dict. Further execution requirements.
      mapped: bool. Whether paths in arguments may be mapped.
      **kwargs: further arguments of ctx.actions.run.
    """
    ctx.actions.run(
        executable = ctx.toolchains[toolchain].tool,
        toolchain = toolchain,
        mnemonic = mnemonic,
        progress_message = verb + " %{label}",
        arguments = arguments,
        inputs = inputs,
        outputs = outputs,
        execution_requirements = (_PATH_MAPPING if mapped else {}) | requirements,
        **kwargs
    )

def assemble(ctx, mnemonic, verb, arguments, inputs, outputs, requirements = {}, mapped = True, resource_set = None):
    """Declares an action of `assemble`.

    Args:
      ctx: a rule's or aspect's context, with ASSEMBLE_TOOLCHAIN_TYPE.
      mnemonic: string.
      verb: string, as of run.
      arguments: Args from new_arguments.
      inputs: depset of File.
      outputs: list of File, declared.
      requirements: dict, as of run.
      mapped: bool, as of run.
      resource_set: function or None. What Bazel schedules the action for.
    """
    run(
        ctx,
        ASSEMBLE_TOOLCHAIN_TYPE,
        mnemonic = mnemonic,
        verb = verb,
        arguments = [arguments],
        inputs = inputs,
        outputs = outputs,
        requirements = requirements,
        mapped = mapped,
        resource_set = resource_set,
    )
