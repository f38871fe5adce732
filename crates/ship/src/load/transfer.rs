//! The way into a runtime: it pulls from a registry that lives on loopback for as long as that takes.
//!
//! Invariant: whatever happens after the pull has begun, the name under which the runtime pulled is taken away again.
//! Nothing but the names that were asked for is left behind, and without them no image.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use oci::Reference;
use registry::content::Content;
use registry::serve::{ReadOnly, Served};
use runtime::{Engine, Error};

use super::choice::Choice;
use super::failure;
use super::progress::News;

/// How long the temporary name may take to go when someone waits who pressed Ctrl-C.
const CLEANUP: Duration = Duration::from_secs(5);
/// How often to look how much was handed out.
const LOOK: Duration = Duration::from_millis(100);

/// How a pull ended that did not fail.
#[derive(Debug)]
pub(super) enum Pulled {
    /// The image is there.
    Done(Transferred),
    /// The runtime does not reach this machine's loopback, and is as it was; says how that showed.
    OutOfReach(String),
}

/// What went to a runtime.
#[derive(Debug)]
pub(super) enum Moved {
    /// What it fetched.
    Layers(Vec<Served>),
    /// An archive of so many bytes.
    Archive(u64),
}

/// What a transfer did.
#[derive(Debug)]
pub(super) struct Transferred {
    /// What went to the runtime.
    pub moved: Moved,
    /// The names that the image has now.
    pub named: Vec<Reference>,
    /// What went wrong after the image was there: names that it did not get, the temporary one that stays.
    pub problems: Vec<String>,
}

/// Brings what was chosen into the runtime under `names`.
///
/// # Errors
/// Its pull fails; then it is as it was.
pub(super) async fn transfer(
    engine: &Engine,
    content: Arc<Content>,
    choice: &Choice,
    names: &[Reference],
    show: &dyn Fn(News),
) -> anyhow::Result<Pulled> {
    let registry = ReadOnly::start(content, choice.pull).context("cannot serve the image on 127.0.0.1")?;
    let pinned: Reference = registry.reference().parse().context("the name of the temporary image")?;
    let temporary = engine.pulled_as(pinned);
    let cleanup = Cleanup { engine, name: &temporary, needed: true };
    let pulled = tokio::select! {
        pulled = engine.pull(&temporary, choice.platform.as_ref(), |message| show(News::Said(message))) => {
            pulled.map_err(|error| explain(&registry, error))
        }
        problem = registry.failed() => Err(Failed::Other(problem.into())),
        () = silence(engine, &registry) => Err(Failed::OutOfReach(format!(
            "no request came from it within {} s", engine.silence().as_secs()
        ))),
        never = look(&registry, show) => match never {},
    };
    if let Err(failed) = pulled {
        // Nearly always there is nothing to remove, and the error that counts is the pull's.
        let _ = cleanup.now().await;
        let _ = engine.forget(&temporary).await;
        return match failed {
            Failed::OutOfReach(how) => Ok(Pulled::OutOfReach(format!(
                "{} does not reach {} on this machine, from which it was to pull: {how}",
                engine.kind(),
                registry.address(),
            ))),
            Failed::Other(error) => Err(error),
        };
    }
    let (named, mut problems) = name(engine, &temporary, names).await;
    match cleanup.now().await {
        Ok(()) => {
            // It is a note of some bytes, and nothing uses it.
            if let Err(error) = engine.forget(&temporary).await {
                show(News::Detail(error.to_string()));
            }
        }
        Err(error) => problems
            .push(format!("{error}\nA temporary name is left: `{}` removes it", engine.removal(&temporary))),
    }
    Ok(Pulled::Done(Transferred { moved: Moved::Layers(registry.served()), named, problems }))
}

/// Why a pull came to nothing.
enum Failed {
    /// It did not find the way; in the runtime's words.
    OutOfReach(String),
    Other(anyhow::Error),
}

/// A pull that was refused before any request came has not found the way; another says itself what is wrong, unless it was
/// a layer of the base that could not be had: of that the runtime knows only that its download broke off.
fn explain(registry: &ReadOnly, error: Error) -> Failed {
    if let Some(problem) = registry.take_problem() {
        return Failed::Other(anyhow::Error::new(problem).context(error.to_string()));
    }
    match error.words() {
        Some(words) if registry.requests() == 0 => {
            // Commands tell of each try; the last line is why they gave up.
            let last = words.lines().last().unwrap_or(words);
            Failed::OutOfReach(format!("it says: {last}"))
        }
        _ => Failed::Other(failure(error)),
    }
}

/// Ends when the runtime has had its time and nobody has asked for anything; else never.
async fn silence(engine: &Engine, registry: &ReadOnly) {
    tokio::time::sleep(engine.silence()).await;
    if registry.requests() > 0 {
        std::future::pending::<()>().await;
    }
}

/// Tells how much was handed out, again and again.
async fn look(registry: &ReadOnly, show: &dyn Fn(News)) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(LOOK).await;
        show(News::Handed(registry.served().iter().map(|served| served.bytes).sum()));
    }
}

/// Gives the image its names; returns those that it got, and why it did not get others.
pub(super) async fn name(
    engine: &Engine,
    image: &Reference,
    names: &[Reference],
) -> (Vec<Reference>, Vec<String>) {
    let (mut named, mut problems) = (Vec::new(), Vec::new());
    for name in names {
        match engine.tag(image, name).await {
            Ok(()) => named.push(name.clone()),
            Err(error) => problems.push(error.to_string()),
        }
    }
    (named, problems)
}

/// Takes the temporary name away, also where the transfer is dropped half-way, as Ctrl-C does.
struct Cleanup<'a> {
    engine: &'a Engine,
    name: &'a Reference,
    needed: bool,
}

impl Cleanup<'_> {
    async fn now(mut self) -> Result<(), Error> {
        let done = self.engine.untag(self.name).await;
        self.needed = false;
        done
    }
}

impl Drop for Cleanup<'_> {
    fn drop(&mut self) {
        if !self.needed {
            return;
        }
        // Nothing can be awaited here: a thread of its own asks, for as long as someone who pressed Ctrl-C waits.
        let ask = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            let untag = async {
                self.engine.untag(self.name).await?;
                self.engine.forget(self.name).await
            };
            runtime.block_on(async { tokio::time::timeout(CLEANUP, untag).await }).ok()
        };
        std::thread::scope(|scope| {
            let _ = scope.spawn(ask).join();
        });
    }
}

#[cfg(all(test, unix))]
mod tests;
