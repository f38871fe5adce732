//! Work in threads of its own that ends soon once nobody waits for it any more: a thread cannot be dropped, as Ctrl-C drops
//! all else.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells threads to stop when it goes: whoever waits for them holds it.
#[derive(Debug, Default)]
pub struct StopOnDrop(Stopped);

/// What the threads ask.
#[derive(Clone, Debug, Default)]
pub struct Stopped(Arc<AtomicBool>);

impl StopOnDrop {
    /// For a thread.
    #[must_use]
    pub fn stopped(&self) -> Stopped {
        self.0.clone()
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl Stopped {
    /// Fails once nobody waits any more.
    ///
    /// # Errors
    /// That it was interrupted; nobody is there to see it.
    pub fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(io::Error::other("interrupted")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_told_when_nobody_waits() {
        let stop = StopOnDrop::default();
        let stopped = stop.stopped();
        assert!(stopped.check().is_ok());
        drop(stop);
        assert!(stopped.check().is_err());
    }
}
