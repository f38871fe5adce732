#!/bin/sh
# Runs the program that the first argument names, with the registry and the tag of the environment.
set -eu
exec "$1" --registry "$REGISTRY" --tag "$TAG"
