#!/usr/bin/env bash
# download.sh FOLDER PACKAGE...: downloads these packages, not what they depend on, from Debian's testing suite.
#
# That is the suite of the compilers that tools/debian/bazel brings, whose programs want a C library as new as theirs.
# FOLDER appears when it is complete, and is left alone where it is there already. It needs no root.
set -euo pipefail

folder=$1
work=$folder.work
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
architectures=("$(dpkg --print-architecture)")
. "$here/apt.sh"

mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
[[ ! -d $folder ]] || exit 0

say "downloading $(($# - 1)) packages of Debian $SUITE into $folder, once"
suite
rm -rf "$work/debs"
mkdir "$work/debs"
(cd "$work/debs" && run "$work/log" apt-get -c "$work/apt.conf" download -q "${@:2}")
mv -T "$work/debs" "$folder"
rm -rf "$work"
