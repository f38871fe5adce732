//! One blob on its way: from the first place that has it, and on from the next where that one fails.

use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use oci::digest::Hasher;

use super::{Failure, Nowhere, Place, RemoteBlob, Sources};
use crate::client::{Blob, BlobStream};
use crate::error::{Asked, Error, Problem};
use crate::event::Event;
use crate::retry::Attempts;

/// After so many new bytes a connection that breaks off counts as the first one that did: a large layer over a bad
/// line breaks off often and is done in the end.
const PROGRESS: u64 = 1 << 20;

/// A blob on its way.
pub(super) struct Download {
    blob: Blob,
    what: String,
    looked: Vec<String>,
    sources: Arc<Sources>,
    places: Vec<Place>,
    /// The place that is asked now.
    at: usize,
    attempts: Attempts,
    /// The connection that the bytes come from; none before it is made and after it broke.
    stream: Option<BlobStream>,
    hasher: Hasher,
    /// How many bytes were hashed.
    position: u64,
    /// How many of them came since the last failure.
    fresh: u64,
    /// The last piece that came: it goes out when there is another one behind it, or all of it is verified.
    held: Option<Bytes>,
    /// Bytes were hashed that are wrong, at the place that is asked now.
    wrong: bool,
    done: bool,
    failures: Vec<Failure>,
}

impl Download {
    /// A download of `blob` that asks its places from the `first` one on.
    pub(super) fn new(blob: &RemoteBlob, first: usize) -> Self {
        Self {
            blob: Blob { digest: blob.digest, size: blob.size },
            what: blob.name.clone(),
            looked: blob.looked.clone(),
            sources: Arc::clone(&blob.sources),
            places: blob.places.clone(),
            at: first,
            attempts: blob.sources.options.retry.start(),
            stream: None,
            hasher: Hasher::new(),
            position: 0,
            fresh: 0,
            held: None,
            wrong: false,
            done: false,
            failures: Vec::new(),
        }
    }

    /// The next bytes; none after the last, which came only when all were verified.
    ///
    /// # Errors
    /// Why no place gave them, once there is none left to ask.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Nowhere> {
        while !self.done {
            let Some(place) = self.places.get(self.at).cloned() else { return Err(self.give_up()) };
            match self.read(&place).await {
                Ok(Some(piece)) => {
                    if let Some(ready) = self.held.replace(piece) {
                        return Ok(Some(ready));
                    }
                }
                Ok(None) => self.done = true,
                Err(error) => self.recover(&place, error).await?,
            }
        }
        Ok(self.held.take())
    }

    /// The next bytes from `place`; none at the verified end.
    async fn read(&mut self, place: &Place) -> Result<Option<Bytes>, Error> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            // The connection broke after the last byte.
            None if self.position > 0 && self.position == self.blob.size => {
                let asked = Asked { method: "GET".to_owned(), url: place.to_string() };
                return self.verify(asked).map(|()| None);
            }
            None => self.sources.open(place, self.blob, self.position).await?,
        };
        let size = self.blob.size;
        while let Some(mut piece) = stream.next().await? {
            // What a registry that knows no ranges sends again.
            let again = usize::try_from(stream.skip).unwrap_or(usize::MAX).min(piece.len());
            stream.skip -= again as u64;
            piece.advance(again);
            if piece.is_empty() {
                continue;
            }
            if self.position + piece.len() as u64 > size {
                self.wrong = true;
                return Err(Error::protocol(
                    stream.asked,
                    format!("it sends more than the {size} bytes of the blob"),
                ));
            }
            self.hasher.update(&piece);
            self.position += piece.len() as u64;
            self.fresh += piece.len() as u64;
            self.stream = Some(stream);
            return Ok(Some(piece));
        }
        if self.position < size {
            let BlobStream { asked, host, .. } = stream;
            return Err(Error::Connection { asked, host, problem: Problem::Cut, source: None });
        }
        self.verify(stream.asked).map(|()| None)
    }

    /// Whether the bytes are those of the digest, now that there are as many as there should be.
    fn verify(&mut self, asked: Asked) -> Result<(), Error> {
        let found = std::mem::take(&mut self.hasher).finish();
        if found == self.blob.digest {
            return Ok(());
        }
        self.wrong = true;
        Err(Error::Damaged { asked, found, size: self.position })
    }

    /// After a failure: waits for the next try, or goes on to the next place.
    async fn recover(&mut self, place: &Place, error: Error) -> Result<(), Nowhere> {
        self.stream = None;
        if std::mem::take(&mut self.fresh) >= PROGRESS {
            self.attempts = self.sources.options.retry.start();
        }
        let error = match self.attempts.next(error, self.sources.reached(place)) {
            Ok((wait, error)) => {
                (self.sources.options.listener)(&Event::Retry { error: &error, wait });
                tokio::time::sleep(wait).await;
                return Ok(());
            }
            Err(error) => error,
        };
        self.failures.push(Failure { place: place.to_string(), error });
        self.at += 1;
        self.attempts = self.sources.options.retry.start();
        if self.wrong {
            let held = self.held.take().map_or(0, |piece| piece.len() as u64);
            if self.position > held {
                return Err(self.give_up());
            }
            (self.hasher, self.position, self.wrong) = (Hasher::new(), 0, false);
        }
        Ok(())
    }

    fn give_up(&mut self) -> Nowhere {
        self.done = true;
        Nowhere {
            what: self.what.clone(),
            looked: self.looked.clone(),
            failures: std::mem::take(&mut self.failures),
            untried: self.places.len().saturating_sub(self.at),
        }
    }
}
