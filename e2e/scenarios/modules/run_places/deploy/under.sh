#!/bin/sh
# What --run_under runs: says that it is there, and then runs the command.
echo "under: $(basename "$1")" >&2
exec "$@"
