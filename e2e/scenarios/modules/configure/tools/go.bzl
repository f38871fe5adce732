"""Programs in Go that need no libc."""

load("@rules_go//go:def.bzl", "go_binary")

def static_go_binary(name, **kwargs):
    """A go_binary without cgo.

    Args:
      name: string.
      **kwargs: attributes of go_binary.
    """
    go_binary(
        name = name,
        pure = "on",
        **kwargs
    )
