"""How `bazel run` starts a binary, read from its target by an aspect, with paths that hold in a container."""

load("//oci/private:expansion.bzl", "make_parts")
load(":providers.bzl", "InvocationInfo")
load(":targets.bzl", "targets_in")
load(":words.bzl", "words")

visibility("//oci/...")

# In a container there are runfiles and nothing else, so that every location is one in them: relative to the working
# directory, which is the main repository's there, or for runfiles libraries.
_FUNCTIONS = {
    "execpath": "rootpath",
    "execpaths": "rootpaths",
    "location": "rootpath",
    "locations": "rootpaths",
    "rlocationpath": "rlocationpath",
    "rlocationpaths": "rlocationpaths",
    "rootpath": "rootpath",
    "rootpaths": "rootpaths",
}

_NAMED_BY = ["data", "srcs", "deps", "tools"]

def _has_location(text):
    return any(["$(%s " % function in text for function in _FUNCTIONS])

def _expander(ctx):
    # By label: several attributes may name one.
    targets = {target.label: target for target in targets_in(ctx.rule.attr, _NAMED_BY)}.values()

    def value_of(name):
        function, space, rest = name.partition(" ")
        if space and function in _FUNCTIONS:
            return ctx.expand_location("$(%s %s)" % (_FUNCTIONS[function], rest), targets)
        return ctx.var.get(name)

    def expand(text):
        # For Bazel, and unlike in images, `$$` is a dollar in these attributes wherever it stands.
        return "$".join(["".join(make_parts(part, value_of)) for part in text.split("$$")])

    return expand

def attribute_words(ctx, name):
    """The words of an attribute that Bazel treats as it does `args`.

    Args:
      ctx: the context of an aspect on the binary.
      name: string. The attribute; where the binary's rule has none, there are no words.

    Returns:
      list of strings.
    """
    expand = _expander(ctx)
    return [word for text in getattr(ctx.rule.attr, name, None) or [] for word in words(expand(text))]

def read_invocation(target, ctx):
    """What the attributes of a binary say of how it is started.

    Args:
      target: Target. The binary.
      ctx: the context of an aspect on it.

    Returns:
      InvocationInfo.
    """

    # As the rule has expanded it, since rules don't agree on what `$$` is (for go_binary, two dollars). But for locations: those of
    # the rule may lead to where no container has a file.
    env = dict(target[RunEnvironmentInfo].environment) if RunEnvironmentInfo in target else {}
    declared = getattr(ctx.rule.attr, "env", None)
    if type(declared) == "dict":
        expand = _expander(ctx)
        env |= {name: expand(value) for name, value in declared.items() if name not in env or _has_location(value)}
    return InvocationInfo(args = tuple(attribute_words(ctx, "args")), env = env)

def _invocation_aspect_impl(target, ctx):
    return [read_invocation(target, ctx)]

invocation_aspect = aspect(
    implementation = _invocation_aspect_impl,
    doc = "Reads `args` and `env` of a binary.",
    provides = [InvocationInfo],
)

def invocation_of(target):
    """How a binary is started.

    Args:
      target: Target, of an attribute with an aspect that gives InvocationInfo.

    Returns:
      InvocationInfo. Of a source file, which has no attributes, it says nothing.
    """
    return target[InvocationInfo] if InvocationInfo in target else InvocationInfo(args = (), env = {})
