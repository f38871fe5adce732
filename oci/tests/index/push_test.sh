#!/bin/sh
# Pushes an index of one image in several configurations to a registry that lives as long as the push, which reads all back.
# Its runfiles are all that it has here.
set -eu
pushed=$("$1" --registry embedded)
case $pushed in
*@sha256:*) ;;
*)
  echo "no digest: $pushed"
  exit 1
  ;;
esac
