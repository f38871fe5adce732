//! What became of each member, and what is told of it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use oci::atomic::AtomicFile;
use serde::Serialize;

use super::check::Member;
use crate::exit::{Exit, fail};
use crate::push::Ready;
use crate::ui::{Ui, count};

/// What was done for a member.
#[derive(Debug)]
pub(super) enum Done {
    /// It was pushed.
    Pushed,
    /// It was loaded; a line for each name.
    Loaded(Vec<String>),
    /// There was nothing to do.
    Nothing,
}

/// What became of each member, by its number. None for one that has not ended.
#[derive(Debug)]
pub(super) struct Outcomes(Mutex<Vec<Option<Outcome>>>);

/// What became of a member: what was done, and why not all of it.
#[derive(Debug)]
struct Outcome {
    done: Done,
    error: Option<anyhow::Error>,
}

/// What `--digests-out` tells of a push.
#[derive(Debug, Serialize)]
struct Digests {
    reference: String,
    tags: Vec<String>,
}

impl Outcomes {
    /// Of so many members, none of which has ended.
    pub(super) fn new(members: usize) -> Self {
        Self(Mutex::new((0..members).map(|_| None).collect()))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Outcome>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A member has ended.
    pub(super) fn set(&self, number: usize, outcome: anyhow::Result<Done>) {
        let outcome = match outcome {
            Ok(done) => Outcome { done, error: None },
            Err(error) => Outcome { done: Done::Nothing, error: Some(error) },
        };
        self.lock()[number] = Some(outcome);
    }

    /// A load has failed, and yet the image has the names that these lines tell.
    pub(super) fn fail(&self, number: usize, lines: Vec<String>, error: anyhow::Error) {
        self.lock()[number] = Some(Outcome { done: Done::Loaded(lines), error: Some(error) });
    }

    /// Prints what succeeded, in the order of the members.
    ///
    /// # Errors
    /// If nobody can read it.
    pub(super) fn print(&self, members: &[Member], ui: &Ui) -> anyhow::Result<()> {
        for (member, outcome) in members.iter().zip(self.lock().iter().map(Option::as_ref)) {
            match (outcome.map(|outcome| &outcome.done), member.push()) {
                (Some(Done::Pushed), Some(ready)) => {
                    ui.result(format!("{} {}", member.target.label, reference(ready)))?;
                }
                (Some(Done::Loaded(lines)), _) => lines.iter().try_for_each(|line| ui.result(line))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the digests of what was pushed.
    ///
    /// # Errors
    /// If the file can't be written.
    pub(super) fn write(&self, members: &[Member], mut file: AtomicFile) -> anyhow::Result<()> {
        let mut digests = BTreeMap::new();
        for (member, outcome) in members.iter().zip(self.lock().iter()) {
            if let (Some(Outcome { done: Done::Pushed, .. }), Some(ready)) = (outcome, member.push()) {
                let tags = ready.work.tags.iter().map(ToString::to_string).collect();
                digests.insert(&member.target.label, Digests { reference: reference(ready), tags });
            }
        }
        serde_json::to_writer_pretty(&mut file, &digests).context("cannot write JSON")?;
        file.write_all(b"\n")?;
        Ok(file.commit()?)
    }

    /// Nothing if no member has failed.
    ///
    /// # Errors
    /// Those of all that have: partly done if anything was done, else what they have in common.
    pub(super) fn failures(&self, members: &[Member]) -> anyhow::Result<()> {
        let outcomes = self.lock();
        let failed: Vec<(&Member, &anyhow::Error)> = members
            .iter()
            .zip(outcomes.iter().flatten())
            .filter_map(|(member, outcome)| Some((member, outcome.error.as_ref()?)))
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        let exits: Vec<Exit> = failed.iter().map(|(_, error)| Exit::of(error)).collect();
        let exit = if failed.len() < members.len() || exits.contains(&Exit::Partly) {
            Exit::Partly
        } else if exits.iter().all(|exit| *exit == exits[0]) {
            exits[0]
        } else {
            Exit::Failed
        };
        let lines: String =
            failed.iter().map(|(member, error)| format!("\n  {}: {error:#}", member.target.label)).collect();
        Err(fail(exit, format!("{} of {} failed:{lines}", failed.len(), count(members.len(), "target"))))
    }
}

fn reference(ready: &Ready) -> String {
    format!("{}@{}", ready.repository, ready.work.root.digest)
}
