"""What targets of JavaScript tell each other, with the names that aspect_rules_js has."""

JsInfo = provider(
    doc = "Files that a program of JavaScript needs.",
    fields = {
        "npm_sources": "Depset of the files of npm packages, links to them included.",
        "sources": "Depset of the target's own files.",
        "target": "Label of the target.",
        "transitive_sources": "Depset of the files of the target and of all that it depends on.",
    },
)
