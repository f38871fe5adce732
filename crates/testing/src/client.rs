//! Command-line clients that do what a test tells them to: shell scripts, in a folder that a test makes its `PATH`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An installed client.
#[derive(Debug)]
pub struct FakeClient {
    calls: PathBuf,
}

impl FakeClient {
    /// Writes the program `name` into `folder`. It notes its arguments, and runs the commands of the first of `cases` whose
    /// pattern, as `case` of the shell has them, fits all its arguments with a blank before each; if none does, it
    /// succeeds and says nothing. Only what the shell does itself is at hand.
    ///
    /// # Panics
    /// If the program cannot be written.
    pub fn install(folder: &Path, name: &str, cases: &[(&str, &str)]) -> Self {
        let calls = folder.join(format!("{name}.calls"));
        let cases: String = cases.iter().map(|(pattern, does)| format!("  {pattern}) {does} ;;\n")).collect();
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '{}'\ncase \" $*\" in\n{cases}esac\n",
            calls.display()
        );
        // By a process of its own: a program that another thread's child has inherited open for writing cannot start.
        let mut writer = Command::new("/bin/sh")
            .args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"])
            .arg(folder.join(name))
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut stdin = writer.stdin.take().expect("its input is piped");
        stdin.write_all(script.as_bytes()).expect("the shell reads");
        drop(stdin);
        assert!(writer.wait().expect("the shell ends").success(), "{name} was not written");
        Self { calls }
    }

    /// The arguments of each call so far.
    ///
    /// # Panics
    /// If they cannot be read.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        if !self.calls.exists() {
            return Vec::new();
        }
        let text = std::fs::read_to_string(&self.calls).expect("what the client notes");
        text.lines().map(str::to_owned).collect()
    }
}
