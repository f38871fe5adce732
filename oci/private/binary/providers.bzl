"""What the rules of language images tell each other."""

visibility("//oci/...")

BinaryConfigInfo = provider(
    doc = "How a container starts a binary: what an image's config says where its own attributes don't.",
    fields = {
        "cmd": "tuple of string. Arguments after the entrypoint.",
        "entrypoint": "tuple of string.",
        "env": "dict from string to string. No `$` in a value means anything.",
        "env_files": "tuple of File. Further variables that only an action knows, one `NAME=VALUE` a line.",
        "workdir": "string, absolute.",
    },
)

InvocationInfo = provider(
    doc = "How `bazel run` would start a binary: the attributes `args` and `env` of its target.",
    fields = {
        "args": "tuple of string, expanded and taken apart into words.",
        "env": "dict from string to string, expanded.",
    },
)

ThirdPartyInfo = provider(
    doc = "What a target has from other repositories than the main one.",
    fields = {
        "files": "depset of File. The runfiles of the targets of other repositories that those of the main one name.",
    },
)

SymbolsInfo = provider(
    doc = """Providers of another ruleset, which only the package of the target that gives them loads. So a ruleset is fetched
where its language is analysed, and nowhere else.""",
    fields = {"symbols": "struct of providers."},
)
