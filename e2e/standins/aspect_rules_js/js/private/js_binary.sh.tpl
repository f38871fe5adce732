#!/usr/bin/env bash

# Runs {{entry_point}} in Node.

set -o errexit -o nounset -o pipefail

{{envs}}

if [ -n "${TEST_SRCDIR:-}" ]; then
    RUNFILES="$TEST_SRCDIR"
else
    case "$0" in
    /*) self="$0" ;;
    *) self="$PWD/$0" ;;
    esac
    RUNFILES="$self.runfiles"
fi
export RUNFILES_DIR="${RUNFILES_DIR:-$RUNFILES}"
export JS_BINARY__RUNFILES="$RUNFILES"

# In a build action and in an image the program runs in the root of the outputs; `bazel run` and tests are there.
if [[ "$PWD" != *"/bazel-out/"* ]]; then
    if [ -z "${BAZEL_BINDIR:-}" ]; then
        echo "FATAL: aspect_rules_js[js_binary]: BAZEL_BINDIR must be set" >&2
        exit 1
    fi
    cd "$BAZEL_BINDIR"
fi

export JS_BINARY__NODE_BINARY="$RUNFILES/{{workspace}}/{{node}}"
export JS_BINARY__NODE_WRAPPER="$RUNFILES/{{workspace}}/{{node_wrapper}}"
export JS_BINARY__NODE_PATCHES="$RUNFILES/{{workspace}}/{{node_patches}}"
entry_point="$RUNFILES/{{workspace}}/{{entry_point}}"
for needed in "$JS_BINARY__NODE_BINARY" "$JS_BINARY__NODE_WRAPPER" "$JS_BINARY__NODE_PATCHES" "$entry_point"; do
    if [ ! -f "$needed" ]; then
        echo "FATAL: aspect_rules_js[js_binary]: '$needed' not found" >&2
        exit 1
    fi
done

if [ -n "${JS_BINARY__CHDIR:-}" ]; then
    cd "$JS_BINARY__CHDIR"
fi

PATH="$(dirname "$JS_BINARY__NODE_WRAPPER"):$PATH"
export PATH
exec "$JS_BINARY__NODE_WRAPPER" --preserve-symlinks-main -- "$entry_point" {{fixed_args}} "$@"
