//! How much is under way at once: one bound for all that shares it, be it one image or many pushes to many registries.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for so many transfers and questions at once. Clones share it.
#[derive(Clone, Debug)]
pub struct Jobs(Arc<Semaphore>);

impl Jobs {
    /// Room for `count`; for one where that is 0. 8 is a good number.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count.max(1))))
    }

    /// Waits for room, first come, first served; it is taken until the result is dropped. Whoever has some must not wait
    /// for anybody else who may want some.
    pub(crate) async fn room(&self) -> OwnedSemaphorePermit {
        match Arc::clone(&self.0).acquire_owned().await {
            Ok(room) => room,
            Err(closed) => unreachable!("nobody closes it: {closed}"),
        }
    }
}
