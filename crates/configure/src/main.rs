//! Writes the image targets of the binaries in BUILD files: what `bazel run //:configure` starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    configure::main().into()
}
