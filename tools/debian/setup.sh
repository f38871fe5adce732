#!/usr/bin/env bash
# setup.sh ROOT [PACKAGES [ARCHITECTURE...]]: downloads packages from Debian's testing suite and unpacks them into ROOT:
# those that the file PACKAGES lists (packages.txt), of this machine's architecture or of those given.
#
# Nothing is installed and nothing of theirs is run: apt works on a state of its own, so this needs no root once
# bubblewrap is there. ROOT appears when it is complete; what an interrupted run has downloaded is used by the next.
set -euo pipefail

readonly SUITE=forky
root=$1
work=$root.work
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
list=${2:-$here/packages.txt}
architectures=("$(dpkg --print-architecture 2>/dev/null || true)" "${@:3}")

say() { printf 'bazelw: %s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# run LOG COMMAND...: quiet unless it fails.
run() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "$1 failed; all it said is in $log"
  }
}

install() {
  [[ $EUID -eq 0 ]] || die "missing on this machine: $*. As root: apt-get install $*"
  say "installing $*"
  run "$root.log" apt-get update
  run "$root.log" apt-get install -y --no-install-recommends "$@"
}

# The mirror that this machine itself uses; where that is none of Debian's, the one that debootstrap would use.
mirror() {
  local found=
  [[ $ID != debian ]] ||
    # shellcheck disable=SC2016 # apt's own variables
    found=$(apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
      awk -v code="${VERSION_CODENAME-}" '$2 == "main" && ($1 == code || $1 ~ /^(stable|testing|unstable|sid)$/) { print $3; exit }')
  [[ -n $found || ! -r /usr/sbin/debootstrap ]] ||
    found=$(sed -n 's/^DEF_MIRROR="\(.*\)"$/\1/p' /usr/sbin/debootstrap)
  printf '%s' "$found"
}

# apt with a state of its own under $work, on an otherwise empty machine.
configure_apt() {
  local arch=${architectures[0]} keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mkdir -p "$work"/{lists,archives}/partial
  # A testing suite's own expiry date is passed over, as debootstrap does: a frozen mirror serves too. Signatures are checked.
  echo "deb [check-valid-until=no signed-by=$keyring] $(mirror) $SUITE main" >"$work/sources.list"
  # "Installed" already, so that apt leaves them out: a JDK and a C toolchain's extras, which weigh more than all the rest.
  printf 'Package: %s\nStatus: install ok installed\nVersion: 99:0\nArchitecture: '"$arch"'\nMaintainer: -\nDescription: -\n\n' \
    default-jdk-headless build-essential >"$work/status"
  cat >"$work/apt.conf" <<CONF
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$work";
Dir::State::Lists "$work/lists";
Dir::State::Status "$work/status";
Dir::Cache "$work";
Dir::Cache::Archives "$work/archives";
Acquire::Languages "none";
APT::Architecture "$arch";
#clear APT::Architectures;
APT::Architectures { $(printf '"%s"; ' "${architectures[@]}") };
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
CONF
}

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

[[ ! -r /etc/os-release ]] || . /etc/os-release
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
[[ $ID == debian && -n $(mirror) ]] || type -P debootstrap >/dev/null || install debootstrap debian-archive-keyring

trap 'say "not finished. Run it again to go on from here."' EXIT
packages=$(grep -v '^#' "$list")
[[ $root != *-rust ]] || packages+=' cargo rustc'
configure_apt
say "1/3 package lists of Debian $SUITE"
run "$work/log" apt-get -c "$work/apt.conf" update -q
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
