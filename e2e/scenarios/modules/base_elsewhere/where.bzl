"""The registry that holds the base. The scenario writes it."""

REGISTRY = "127.0.0.1:5000"
