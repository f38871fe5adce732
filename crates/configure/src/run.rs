//! A run, from what was asked for to an exit code.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::{Mode, Options, usage};
use crate::diagnostic::{Diagnostic, Severity};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::file::{self, Found, Task};
use crate::glob;
use crate::ignored::{Ignored, IgnoredError};
use crate::module_file::{self, ModuleError};
use crate::report::{self, Message};
use crate::root::{self, Asked};
use crate::settings::Settings;
use crate::summary::Summary;
use crate::walk::Walk;

/// Where results and messages go.
#[derive(Debug)]
pub struct Outputs<O, E> {
    /// Diffs and new contents.
    pub out: O,
    /// All else.
    pub err: E,
}

/// What a thread collected.
#[derive(Debug, Default)]
struct Collected {
    files: Found,
    /// The directories that were asked for and reached.
    reached: BTreeSet<PathBuf>,
}

/// Does what was asked for.
///
/// # Errors
/// If nothing was tried, since the command line is wrong, or if what came of it can't be printed.
pub fn run<O: Write, E: Write>(
    options: &Options,
    environment: &Environment,
    mut outputs: Outputs<O, E>,
) -> anyhow::Result<Exit> {
    let root = root::find(options.root.as_deref(), environment)?;
    let asked = Asked::new(&root, &options.dirs, options.recursive, environment)?;
    let exclude = glob::doublestar(options.exclude.iter().map(String::as_str))
        .map_err(|error| usage(format!("-exclude: {error}")))?;

    let (ignored, errors) = Ignored::read(&root);
    let mut messages: Vec<_> = errors.into_iter().flat_map(|(name, error)| of_ignored(name, error)).collect();
    let (defs, errors) = module_file::defs(&root);
    messages.extend(errors.into_iter().flat_map(of_module));

    let settings = Settings::root(&defs, options.langs.clone(), options.build_file_names.clone());
    let walk = Walk { root: &root, asked: &asked, ignored: &ignored, exclude, settings };
    let task = Task { root: &root, asked: &asked, mode: options.mode, colour: environment.colour };
    let collected = walk.run(
        |directory, collected: &mut Collected| {
            if asked.names(directory.relative) {
                collected.reached.insert(directory.relative.to_owned());
            }
            file::work(&task, directory, directory.build_file?, &mut collected.files)
        },
        |directory, error, collected| {
            collected.reached.insert(directory.to_owned());
            let text = format!("cannot list the directory: {error}");
            collected.files.messages.push(Message::error(directory_shown(directory), text));
        },
    );

    let mut shown = Vec::new();
    let mut summary = Summary { written: options.mode == Mode::Fix, ..Summary::default() };
    let mut reached = BTreeSet::new();
    for mut one in collected {
        messages.append(&mut one.files.messages);
        shown.append(&mut one.files.shown);
        summary.counts += one.files.counts;
        reached.append(&mut one.reached);
    }
    messages.extend(asked.dirs().filter(|dir| !reached.contains(*dir)).map(|dir| {
        let text = "left out by .bazelignore, REPO.bazel, .gitignore, -exclude or # gazelle:exclude";
        Message::warning(directory_shown(dir), text)
    }));
    messages.sort();
    shown.sort();
    if options.strict {
        messages.iter_mut().for_each(|message| message.severity = Severity::Error);
    }
    summary.errors = messages.iter().filter(|message| message.severity == Severity::Error).count();

    let differs = options.mode == Mode::Diff && !shown.is_empty();
    let fix = environment.fix.as_deref().filter(|_| differs);
    print(&mut outputs, &shown, &messages, &summary, fix).context("cannot print what was found")?;
    Ok(match (summary.errors, differs) {
        (0, false) => Exit::Done,
        (0, true) => Exit::Differs,
        _ => Exit::Failed,
    })
}

/// Prints what is to be shown, what there is to say, and the summary. Who closes standard output early has seen enough.
fn print<O: Write, E: Write>(
    outputs: &mut Outputs<O, E>,
    shown: &[(String, Vec<u8>)],
    messages: &[Message],
    summary: &Summary,
    fix: Option<&str>,
) -> io::Result<()> {
    let written = shown.iter().try_for_each(|(_, bytes)| outputs.out.write_all(bytes));
    if let Err(error) = written.and_then(|()| outputs.out.flush())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(error);
    }
    messages.iter().try_for_each(|message| write!(outputs.err, "{message}"))?;
    writeln!(outputs.err, "{summary}")?;
    if let Some(command) = fix {
        writeln!(outputs.err, "Write it: `{command}`")?;
    }
    outputs.err.flush()
}

/// A directory for people.
fn directory_shown(relative: &Path) -> String {
    if relative.as_os_str().is_empty() { ".".to_owned() } else { file::shown(relative) }
}

fn of_ignored(name: &'static str, error: IgnoredError) -> Vec<Message> {
    match error {
        IgnoredError::Syntax { offset, message, text } => {
            report::locate(name, &text, vec![Diagnostic::warning(offset, message)])
        }
        other => vec![Message::warning(name, other)],
    }
}

fn of_module(error: ModuleError) -> Vec<Message> {
    match error.place {
        Some((text, offset)) => {
            report::locate(&error.path, &text, vec![Diagnostic::warning(offset, error.message)])
        }
        None => vec![Message::warning(error.path, error.message)],
    }
}
