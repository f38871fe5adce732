//! Pushes, loads and serves images: the executable of every run target.

use std::process::ExitCode;

fn main() -> ExitCode {
    ship::main().into()
}
