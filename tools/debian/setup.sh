#!/usr/bin/env bash
# setup.sh ROOT [PACKAGES [ARCHITECTURE...]]: downloads packages from Debian's testing suite and unpacks them into ROOT:
# those that the file PACKAGES lists (packages.txt), of this machine's architecture or of those given.
#
# Nothing is installed and nothing of theirs is run: apt works on a state of its own, so this needs no root once
# bubblewrap is there. ROOT appears when it is complete; what an interrupted run has downloaded is used by the next.
set -euo pipefail

root=$1
work=$root.work
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
list=${2:-$here/packages.txt}
architectures=("$(dpkg --print-architecture 2>/dev/null || true)" "${@:3}")
. "$here/apt.sh"

# What maintainers' scripts would have done, as far as Bazel and compilers need it.
finish() {
  local link
  mkdir -p "$1/usr/local" "$1/usr/share/bazel/modules"
  mkdir -p "$1/usr/lib/jvm"
  find "$1/usr/lib/jvm" -type l -lname '/etc/java-*' -print0 | while IFS= read -r -d '' link; do
    ln -sfn "$root$(readlink "$link")" "$link"
  done
  for link in awk:mawk c++:g++ cc:gcc which:which.debianutils; do
    ln -sfn "${link#*:}" "$1/usr/bin/${link%:*}"
  done
}

if ! type -P apt-get >/dev/null || ! type -P dpkg-deb >/dev/null; then
  die "found neither bazelisk nor bazel on PATH, and can set up Bazel by itself on Debian and Ubuntu only" \
    "(this is ${PRETTY_NAME:-$(uname -s)}). Install Bazelisk (https://github.com/bazelbuild/bazelisk) and run this again."
fi

mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock --nonblock 9 || {
  say "another run is setting up Bazel; waiting for it"
  flock 9
}
[[ ! -d $root ]] || exit 0
why='no Bazel on PATH'
[[ $# -eq 1 ]] || why="for $(dirname "$list")"
say "$why: setting up Debian's under $(dirname "$root"), once"

type -P bwrap >/dev/null || install bubblewrap
bwrap --dev-bind / / true || die "bubblewrap cannot make a namespace here (its words are above). In a container, allow" \
  "user namespaces (for Docker: --privileged); or put bazelisk on PATH."

trap 'say "not finished. Run it again to go on from here."' EXIT
packages=$(grep -v '^#' "$list")
[[ $root != *-rust ]] || packages+=' cargo rustc'
say "1/3 package lists of Debian $SUITE"
suite
# shellcheck disable=SC2086
size=$(apt-get -c "$work/apt.conf" install --download-only --assume-no $packages 2>/dev/null | sed -n 's/^Need to get \(.*\) of archives.*/\1/p' || true)
say "2/3 downloading packages: ${size:-none missing}"
# shellcheck disable=SC2086
run "$work/log" apt-get -c "$work/apt.conf" install --download-only -y -q $packages
say "3/3 unpacking"
rm -rf "$work/root"
mkdir "$work/root"
printf '%s\0' "$work"/archives/*.deb | run "$work/log" xargs -0 -P "$(nproc)" -I{} dpkg-deb -x {} "$work/root"
finish "$work/root"
mv -T "$work/root" "$root"
rm -rf "$work"
trap - EXIT
say "ready"
