#!/bin/sh
# A layout of an artifact has a manifest, a config and two files, each of the bytes that its name says. $1: the layout.
set -eu
cd "$1"
grep -q '"artifactType"' index.json && {
  echo 'the chart has no artifact type, and index.json has one'
  exit 1
}
grep -q 'application/vnd.oci.image.manifest.v1+json' index.json
count=0
for blob in blobs/sha256/*; do
  printf '%s  %s\n' "$(basename "$blob")" "$blob" | sha256sum -c --quiet
  count=$((count + 1))
done
test "$count" -eq 4
