# shellcheck shell=bash
# Debian's testing suite on a machine of another one: apt with a state of its own, which installs nothing. For scripts to source.
#
# They set `work`, the folder for that state, and `architectures`, the first of which is apt's own.

readonly SUITE=forky

[[ ! -r /etc/os-release ]] || . /etc/os-release

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
  run "$work.log" apt-get update
  run "$work.log" apt-get install -y --no-install-recommends "$@"
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

# suite: makes apt's state below $work, with the package lists of the suite; `apt-get -c "$work/apt.conf"` uses it.
suite() {
  [[ $ID == debian && -n $(mirror) ]] || type -P debootstrap >/dev/null || install debootstrap debian-archive-keyring
  configure_apt
  run "$work/log" apt-get -c "$work/apt.conf" update -q
}
