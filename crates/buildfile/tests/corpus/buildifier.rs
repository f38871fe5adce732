//! What `buildifier` makes of texts.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

/// The program.
const BUILDIFIER: &str = "STRATA_BUILDIFIER";

/// What is said of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    /// Whether it is a BUILD file.
    pub(crate) accepted: bool,
    /// Whether it would be formatted otherwise.
    pub(crate) reformats: bool,
}

/// What `buildifier -mode=check` says of each text.
pub(crate) fn check(texts: &[Vec<u8>]) -> Vec<Verdict> {
    let folder = Folder::of(texts, "check");
    let said = folder.run("check", texts.len());
    let mut verdicts = vec![Verdict { accepted: true, reformats: false }; texts.len()];
    for line in said.lines() {
        // `12.BUILD:3:4: syntax error near x`, or `12.BUILD # reformat`
        let Some((file, what)) = line.split_once(".BUILD") else { continue };
        let Ok(index) = file.trim_start_matches("./").parse::<usize>() else { continue };
        match what.starts_with(':') {
            true => verdicts[index].accepted = false,
            false => verdicts[index].reformats = true,
        }
    }
    verdicts
}

/// The texts as `buildifier` formats them; those that it can't leave as they are when it comes by again are left out.
pub(crate) fn format(texts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let folder = Folder::of(texts, "format");
    let said = folder.run("fix", texts.len());
    assert!(!said.contains("syntax error"), "{said}");
    let formatted: Vec<_> = (0..texts.len()).map(|index| fs::read(folder.file(index)).unwrap()).collect();
    let verdicts = check(&formatted);
    formatted
        .into_iter()
        .zip(verdicts)
        .filter(|(_, verdict)| !verdict.reformats)
        .map(|(text, _)| text)
        .collect()
}

/// A temporary folder with the texts as files.
struct Folder(PathBuf);

impl Folder {
    fn of(texts: &[Vec<u8>], purpose: &str) -> Self {
        let folder = Self(env::temp_dir().join(format!("buildfile-{purpose}-{}-{:p}", process::id(), texts)));
        fs::create_dir_all(&folder.0).unwrap();
        for (index, text) in texts.iter().enumerate() {
            fs::write(folder.file(index), text).unwrap();
        }
        folder
    }

    fn file(&self, index: usize) -> PathBuf {
        self.0.join(format!("{index}.BUILD"))
    }

    /// What `buildifier` says of the files.
    fn run(&self, mode: &str, count: usize) -> String {
        #[allow(clippy::disallowed_methods, reason = "a test says which program to run")]
        let program = env::var_os(BUILDIFIER).expect("set STRATA_BUILDIFIER to buildifier's path");
        let mut said = String::new();
        let names: Vec<_> = (0..count).map(|index| format!("{index}.BUILD")).collect();
        for some in names.chunks(1_000) {
            let mut command = Command::new(Path::new(&program));
            command.current_dir(&self.0).args(["-type=build", "-mode", mode]).args(some);
            let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
            // 1: syntax errors; 4: there is something to reformat.
            assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{output:?}");
            said += &String::from_utf8_lossy(&output.stdout);
            said += &String::from_utf8_lossy(&output.stderr);
        }
        said
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays in the temporary folder does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
