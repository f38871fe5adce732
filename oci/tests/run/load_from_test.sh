#!/bin/sh
# Runs a load target that is data of this test: by its loader, and into a file. $1: its path in the runfiles.
set -eu

fail() {
  echo "$1"
  cat "$TEST_TMPDIR/err"
  exit 1
}

"$1" >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" || fail "exit code $?"
grep -q '^Loaded image: team/app:v1$' "$TEST_TMPDIR/out" || fail "$(cat "$TEST_TMPDIR/out")"
[ "$(wc -l <"$TEST_TMPDIR/out")" -eq 2 ] || fail "$(cat "$TEST_TMPDIR/out")"
grep -q 'its own files are there' "$TEST_TMPDIR/err" || fail 'the loader does not find its own files'
grep -Eq '"RepoTags":\["team/app:v1","team/app:[0-9a-f]{64}"\]' "$TEST_TMPDIR/err" || fail 'the archive has other names'

"$1" --output "$TEST_TMPDIR/image.tar" --tag other >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" || fail "exit code $?"
[ ! -s "$TEST_TMPDIR/out" ] || fail 'standard output is not empty'
tar -xOf "$TEST_TMPDIR/image.tar" manifest.json | grep -q '"RepoTags":\["other:latest"\]' || fail 'the file has other names'
