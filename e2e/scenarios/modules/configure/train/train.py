"""Greets."""

print("Hello from Python")
