"""Actions of Go's own tools."""

load("@go_local_sdk//:sdk.bzl", "GOROOT", "GOVERSION")

# For the rules that run them.
PLATFORM_ATTRS = {"_arm64": attr.label(default = "@platforms//cpu:arm64")}

def run_go(ctx, *, mnemonic, script, arguments, inputs, outputs):
    """Runs a shell script that calls `"$GO"` for the target platform.

    Args:
      ctx: the rule's context, with PLATFORM_ATTRS.
      mnemonic: string.
      script: string.
      arguments: Args.
      inputs: depset of File.
      outputs: list of File.
    """
    arm64 = ctx.target_platform_has_constraint(ctx.attr._arm64[platform_common.ConstraintValueInfo])
    ctx.actions.run_shell(
        mnemonic = mnemonic,
        command = "set -eu; export GOCACHE=$PWD/gocache; " + script,
        arguments = [arguments],
        inputs = inputs,
        outputs = outputs,
        env = {
            "CGO_ENABLED": "0",
            "GO": GOROOT + "/bin/go",
            "GO111MODULE": "off",
            "GOARCH": "arm64" if arm64 else "amd64",
            "GOENV": "off",
            "GOFLAGS": "-trimpath",
            "GOOS": "linux",
            "GOPROXY": "off",
            "GOROOT": GOROOT,
            "GOTOOLCHAIN": "local",
            # Another version is reason to run again, though it is at the same path.
            "GOVERSION": GOVERSION,
        },
    )
