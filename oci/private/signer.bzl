"""oci_signer: a tool that signs what a push has sent. No cryptography of our own."""

load("//oci:providers.bzl", "OciSignerInfo")
load(":expansion.bzl", "make_parts")
load(":labels.bzl", "display_label")
load(":run_files.bzl", "rlocation_path")
load(":run_tool.bzl", "host_platforms")

visibility("//oci/...")

# A path means something only where the push runs, which need not have a runfiles tree: so all of these are the file, and
# `ship` finds it there.
_ONE = ["execpath", "location", "rlocationpath", "rootpath"]
_MANY = ["execpaths", "locations", "rlocationpaths", "rootpaths"]

def _parts(ctx, text, files):
    def value(name):
        function, space, label = name.partition(" ")
        if space and function in _MANY:
            fail("%s: $(%s) may be several paths in one argument: write $(location …) for each file." % (ctx.label, name))
        if space and function in _ONE:
            return files[ctx.expand_location("$(rlocationpath %s)" % label, ctx.attr.data)]
        return ctx.var.get(name)

    return tuple([part for part in make_parts(text, value) if part != ""])

def _oci_signer_impl(ctx):
    tool = ctx.attr.tool[0][DefaultInfo]

    # A key or a certificate: few files.
    files = {
        rlocation_path(ctx.workspace_name, file.short_path): file
        for target in ctx.attr.data
        for file in target[DefaultInfo].files.to_list() + [target[DefaultInfo].files_to_run.executable]
        if file
    }
    runfiles = ctx.runfiles(files = [ctx.executable.tool] + files.values())
    runfiles = runfiles.merge_all([tool.default_runfiles] + [target[DefaultInfo].default_runfiles for target in ctx.attr.data])
    return [
        DefaultInfo(files = depset([ctx.executable.tool]), runfiles = runfiles),
        OciSignerInfo(
            args = tuple([_parts(ctx, text, files) for text in ctx.attr.args]),
            env = {name: _parts(ctx, text, files) for name, text in ctx.attr.env.items()},
            label = display_label(ctx.label),
            runfiles = runfiles,
            tool = ctx.executable.tool,
        ),
    ]

# The tool runs where the push does.
def _where_the_push_runs_impl(settings, attr):
    return {} if attr.run_on == "target" else host_platforms(settings)

_where_the_push_runs = transition(
    implementation = _where_the_push_runs_impl,
    inputs = ["//command_line_option:host_platform"],
    outputs = ["//command_line_option:platforms"],
)

oci_signer = rule(
    implementation = _oci_signer_impl,
    doc = """A tool that signs what an `oci_push` has sent: its attribute `signer` names this target.

```starlark
oci_signer(
    name = "signer",
    tool = "@cosign",  # an executable: cosign, notation, or a script of yours
    args = ["sign", "--yes", "--key", "$(location :signing.key)", "{reference}"],
    data = [":signing.key"],
)
```

The push runs the tool when all that it sends is in the registry, by digest, and before any tag moves. Where the tool fails, no
tag moves, and the next run tries again. docs/push-and-load.md says more.
""",
    attrs = {
        "args": attr.string_list(
            doc = """Arguments of the tool, one an item; no shell sees them. In them `{reference}` stands for `REPOSITORY@sha256:…`,
`{repository}` for `registry/path`, `{registry}` for its registry, `{digest}` for `sha256:…`, and `{STABLE_…}` and `{BUILD_…}`
for keys of the workspace status; other braces stay. Without any of the first four, the reference comes last.
`$(location …)` of a file of `data` is where it is when the tool runs, wherever that is.""",
        ),
        "data": attr.label_list(
            doc = "Files that the tool needs, such as a public key, and that `$(location …)` in args and env may name.",
            allow_files = True,
        ),
        "env": attr.string_dict(
            doc = "Variables of the tool's environment, beside those of the push. Values expand as args do.",
        ),
        "run_on": attr.string(
            doc = "As that of the push: `host`, or `target` for a push that runs elsewhere.",
            default = "host",
            values = ["host", "target"],
        ),
        "tool": attr.label(
            doc = "The executable.",
            mandatory = True,
            allow_files = True,
            cfg = _where_the_push_runs,
            executable = True,
        ),
    },
    provides = [OciSignerInfo],
)

def signer_texts(signer):
    """The texts of a signer that may hold placeholders.

    Args:
      signer: OciSignerInfo.

    Returns:
      list of strings.
    """
    return [
        part
        for parts in list(signer.args) + signer.env.values()
        for part in parts
        if type(part) == "string"
    ]

def signer_options(signer, reference_to):
    """A signer as the spec of a push has it (crates/ship/src/spec.rs).

    Args:
      signer: OciSignerInfo.
      reference_to: function from a File to how the spec names it.

    Returns:
      dict.
    """

    def encoded(parts):
        return [part if type(part) == "string" else reference_to(part) for part in parts]

    return {
        "args": [encoded(parts) for parts in signer.args],
        "env": {name: encoded(parts) for name, parts in signer.env.items()},
        "label": signer.label,
        "tool": reference_to(signer.tool),
    }
