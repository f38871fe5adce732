//! Pushes, loads, tests and serves images: the executable of every run target. Fetches layers of base images, and
//! pushes while a build goes on: a tool of actions.
//!
//! The command line ([`cli`]) becomes a [`target::Target`] (what the build wrote, found and read) and then work: one
//! module for each command, with its flags and one `run`. Standard output holds results only; all else goes
//! through [`ui::Ui`] to standard error. Every command ends in one [`exit::Exit`].

pub mod action;
mod bazelrc;
pub mod cli;
pub mod cosign;
pub mod credentials;
pub mod deploy;
pub mod environment;
pub mod exit;
pub mod fetch;
pub mod images;
pub mod inspect;
pub mod interrupt;
pub mod load;
pub mod names;
pub mod program;
pub mod push;
pub mod report;
pub mod runfiles;
pub mod serve;
pub mod spec;
pub mod spec_path;
pub mod stop;
pub mod target;
pub mod test;
pub mod ui;

use anyhow::Context as _;

use crate::environment::Environment;
use crate::exit::Exit;
use crate::ui::Ui;

/// The program: what the process was started with, to how it ends. Errors are printed here and nowhere else.
#[must_use]
pub fn main() -> Exit {
    let mut ui = Ui::new(false);
    match start(&mut ui) {
        Ok(exit) => exit,
        Err(error) => {
            ui.end();
            ui.say(format!("error: {error:#}"));
            Exit::of(&error)
        }
    }
}

fn start(ui: &mut Ui) -> anyhow::Result<Exit> {
    let environment = Environment::of_process().context("cannot read the process's environment")?;
    let (common, command) = cli::parse(&environment, std::env::args_os().skip(1))?;
    *ui = Ui::new(common.verbose);
    let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
    runtime.block_on(cli::run(&command, &environment, ui))
}
