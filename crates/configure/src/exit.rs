//! How a run ends: one enum for every exit code.

use std::process::ExitCode;

/// Exit codes. Of several that would fit, the largest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// There was nothing to change, or all was written.
    Done = 0,
    /// `-mode=diff`: something would change.
    Differs = 1,
    /// The command line is wrong; nothing was tried.
    Usage = 2,
    /// Some file could not be read, parsed or written, or, with `-strict`, there were warnings. All others are done.
    Failed = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
