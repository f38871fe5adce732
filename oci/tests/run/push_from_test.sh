#!/bin/sh
# Runs a push target that is data of this test, in all the ways that a program may start another. $1: its path in the
# runfiles.
set -eu

# pushes HOW COMMAND...: the command pushes, tells the reference on standard output, and nothing else there.
pushes() {
  how=$1
  shift
  out=$("$@" --registry embedded 2>"$TEST_TMPDIR/err") || {
    echo "$how: exit code $?" && cat "$TEST_TMPDIR/err" && exit 1
  }
  case $out in
    127.0.0.1:*/team/app@sha256:????????????????????????????????????????????????????????????????) ;;
    *) echo "$how: standard output is $out" && exit 1 ;;
  esac
  grep -q 'every digest is right' "$TEST_TMPDIR/err" || {
    echo "$how:" && cat "$TEST_TMPDIR/err" && exit 1
  }
}

pushes 'by its path in the runfiles' "$1"
pushes 'by its absolute path' "$PWD/$1"
name=$(basename "$1")
PATH=$PWD/$(dirname "$1"):$PATH
pushes 'by its name, through PATH' "$name"
cd "$(dirname "$1")"
pushes 'from its own folder' "./$name"
unset RUNFILES_DIR RUNFILES_MANIFEST_FILE TEST_SRCDIR || true
pushes 'without variables' "./$name" --tag v2 --tag v2

if "./$name" --registry embedded --tag 'v1 v2' 2>"$TEST_TMPDIR/err"; then
  echo 'a tag with a space was taken' && exit 1
fi
grep -q 'tag "v1 v2" has' "$TEST_TMPDIR/err"
