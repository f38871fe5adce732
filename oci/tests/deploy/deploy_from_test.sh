#!/bin/sh
# Runs a deploy target that is data of this test. $1: its path in the runfiles; then the files with the digests of what it
# pushes.
set -eu

out=$TEST_TMPDIR/out
fail() {
  echo "$1"
  cat "$out" "$TEST_TMPDIR/err"
  exit 1
}

"$1" --registry embedded --tag v1 --digests-out "$TEST_TMPDIR/digests.json" >"$out" 2>"$TEST_TMPDIR/err" ||
  fail "exit code $?"
# pushed LINE LABEL REPOSITORY DIGEST_FILE: that line of standard output says so, and so does the file.
pushed() {
  digest=$(cat "$4")
  sed -n "$1p" "$out" | grep -q "^//oci/tests/deploy:$2 127.0.0.1:[0-9]*/team/$3@$digest\$" || fail "$2 was not pushed"
  grep -q "\"127.0.0.1:[0-9]*/team/$3@$digest\"" "$TEST_TMPDIR/digests.json" || fail "$2 is not in the file"
}
pushed 1 index.push index "$2"
pushed 2 image.push app "$3"
pushed 3 other_push other "$4"
[ "$(sed -n 4p "$out")" = 'Loaded image: team/other:v1' ] || fail 'nothing was loaded'
[ "$(wc -l <"$out")" -eq 4 ] || fail 'there are more lines'
grep -q '"v1"' "$TEST_TMPDIR/digests.json" || fail 'the file has no tags'
