"""What the scenarios share: processes, a registry, a docker daemon, Bazel, and the report. Standard library only."""
