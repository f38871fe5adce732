//! The executable: parses, calls, prints.

use std::process::ExitCode;

fn main() -> ExitCode {
    pack::run(std::env::args_os())
}
