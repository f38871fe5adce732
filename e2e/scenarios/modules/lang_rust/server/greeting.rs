//! A greeting, which is a file.

use std::error::Error;

use runfiles::{Runfiles, rlocation};

/// The greeting.
pub fn text() -> Result<String, Box<dyn Error>> {
    let runfiles = Runfiles::create()?;
    let path = rlocation!(runfiles, "lang_rust/server/greeting.txt").ok_or("no greeting.txt")?;
    Ok(std::fs::read_to_string(path)?)
}
