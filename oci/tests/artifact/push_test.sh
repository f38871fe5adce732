#!/bin/sh
# Pushes an index with artifacts to a registry inside the push. $1: the push; $2: what it says when it has read all back.
set -eu
"$1" --registry embedded >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" || {
  cat "$TEST_TMPDIR/err"
  exit 1
}
for says in "$2" 'every digest is right' 'attached: //oci/tests/artifact:sbom ' 'attached: //oci/tests/artifact:attestation ' \
  'attached: //oci/tests/artifact:of_index ' ', 3 attached, in '; do
  grep -qF "$says" "$TEST_TMPDIR/err" || {
    echo "it does not say: $says"
    cat "$TEST_TMPDIR/err"
    exit 1
  }
done
