#!/usr/bin/env bash
# Writes third_party/crates/gen, the Bazel files of third-party crates, from Cargo.lock and the manifests.
#
#   update.sh           writes them (2 s); needs python3 and `cargo install cargo-bazel --version 0.15.0 --locked`
#   update.sh --check   tells whether they are what this script made of Cargo.lock and the manifests as they are now
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly HERE=third_party/crates
readonly SUMS=$HERE/sums.sha256

if [[ ${1-} == --check ]]; then
  sha256sum --check --quiet "$SUMS" && exit
  echo "$HERE/gen is not what Cargo.lock and the manifests ask for: run $HERE/update.sh" >&2
  exit 1
fi

type -P cargo-bazel >/dev/null || {
  echo "update.sh needs cargo-bazel: cargo install cargo-bazel --version 0.15.0 --locked" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CARGO=$(type -P cargo) RUSTC=$(type -P rustc)
export CARGO RUSTC

cargo fetch --locked --quiet
# cargo-bazel 0.15.0 looks for the registry's index under the name that cargo gave it before 1.85.
for index in "${CARGO_HOME:-$HOME/.cargo}"/registry/index/index.*-*; do
  [[ -L $index ]] || ln -sfn "$(basename "$index")" "${index%-*}-6f17d22bba15001f"
done

inputs=$(cargo metadata --locked --format-version=1 | python3 "$HERE/inputs.py" "$work")
cp "$work/workspace/Cargo.lock" "$work/Cargo.lock"
args=(--splicing-manifest "$work/splicing.json" --config "$work/config.json" --cargo-lockfile "$work/workspace/Cargo.lock")
cargo-bazel splice "${args[@]}" --output-dir "$work/spliced"
cp "$work/Cargo.lock" "$work/workspace/Cargo.lock" # which splicing rewrites
cargo-bazel generate "${args[@]}" --metadata "$work/spliced/metadata.json" --repository-dir "$work/out"

mv "$work/out/BUILD.bazel" "$work/out/BUILD.root.bazel"
rm "$work/out/alias_rules.bzl"
rm -rf "$HERE/gen"
mv "$work/out" "$HERE/gen"
# shellcheck disable=SC2086
sha256sum $inputs "$HERE"/{inputs.py,update.sh} "$HERE"/gen/* >"$SUMS"
