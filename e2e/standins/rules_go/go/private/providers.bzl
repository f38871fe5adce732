"""Providers, with those of the real ones' fields that are needed here."""

GoInfo = provider(
    doc = "A package of Go, as it is written.",
    fields = {
        "deps": "list of GoArchive: what it imports.",
        "importpath": "string.",
        "label": "Label.",
        "name": "string.",
        "runfiles": "runfiles of what embeds it.",
        "srcs": "list of File.",
    },
)

# buildifier: disable=name-conventions
GoArchive = provider(
    doc = "A package of Go, compiled.",
    fields = {
        "data": "struct(importpath = string, file = File).",
        "runfiles": "runfiles of what depends on it.",
        "transitive": "depset of the same structs: this one, and all that it imports beside the standard library.",
    },
)
