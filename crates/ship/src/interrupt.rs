//! Ctrl-C and SIGTERM end a command, not the process: what it has under way is dropped, and so its temporary files
//! go and its transfers end.

use std::future::Future;

use anyhow::Context as _;

use crate::exit::Exit;
use crate::ui::Ui;

/// Returns at Ctrl-C, and on Unix at SIGTERM too.
///
/// # Errors
/// If signals can't be waited for.
pub async fn requested() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// What `work` returns; or [`Exit::Interrupted`], with `message`, once it has been interrupted and so dropped.
///
/// # Errors
/// Those of `work`, or if signals can't be waited for.
pub async fn unless(
    work: impl Future<Output = anyhow::Result<Exit>>,
    message: &str,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    tokio::select! {
        biased;
        done = work => done,
        interrupted = requested() => {
            interrupted.context("cannot wait for signals")?;
            ui.end();
            ui.say(message);
            Ok(Exit::Interrupted)
        }
    }
}
