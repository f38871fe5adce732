//! A download as a [`Read`], for code that isn't async and for code that is.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::{Buf as _, Bytes};
use tokio::sync::Semaphore;

use super::download::Download;
use super::{Nowhere, RemoteBlob};
use crate::content::ContentError;

/// How many pieces may wait to be read: some hundred kilobytes, as connections hand them out.
const AHEAD: usize = 8;

/// The bytes of a blob that is not here. An error of its [`Read`] holds a [`ContentError`]; who reads to the end has
/// read the right bytes.
///
/// Waiting for bytes blocks the thread. That is safe in async code too, if not kind to it.
#[derive(Debug)]
pub struct Reader {
    pieces: Receiver<Piece>,
    room: Arc<Semaphore>,
    current: Bytes,
    ended: bool,
}

/// Bytes, or the end after the last of them; or why they can't be had.
type Piece = Result<Option<Bytes>, Nowhere>;

impl Reader {
    /// Starts a download that asks the blob's places from the `first` one on, and waits until it has begun.
    pub(super) fn open(blob: &RemoteBlob, first: usize) -> Result<Self, ContentError> {
        let (sender, pieces) = channel();
        let room = Arc::new(Semaphore::new(AHEAD));
        let broken = |source| match io::Error::downcast(source) {
            Ok(error) => error,
            Err(source) => {
                ContentError::Read { what: blob.name.clone(), place: blob.places().into(), source }
            }
        };
        blob.sources.spawn(run(Download::new(blob, first), sender, Arc::clone(&room))).map_err(broken)?;
        let mut reader = Self { pieces, room, current: Bytes::new(), ended: false };
        reader.fill().map_err(broken)?;
        Ok(reader)
    }

    /// Waits for the next piece; at the end there is none.
    fn fill(&mut self) -> io::Result<()> {
        // A download that ends without a word, for example by a panic, must not look like the end of the blob.
        let ended_early = || io::Error::new(io::ErrorKind::UnexpectedEof, "the download ended early");
        let piece = self.pieces.recv().map_err(|_| ended_early())?;
        self.room.add_permits(1);
        match piece.map_err(|nowhere| io::Error::other(ContentError::Nowhere(nowhere)))? {
            Some(piece) => self.current = piece,
            None => self.ended = true,
        }
        Ok(())
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended && !buffer.is_empty() {
            self.fill()?;
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Ends a download that waits for room.
        self.room.close();
    }
}

/// Downloads into a channel, no further ahead than there is room, until nobody reads any more.
async fn run(mut download: Download, sender: Sender<Piece>, room: Arc<Semaphore>) {
    loop {
        let Ok(permit) = room.acquire().await else { return };
        permit.forget();
        let piece = download.next().await;
        let last = !matches!(piece, Ok(Some(_)));
        if sender.send(piece).is_err() || last {
            return;
        }
    }
}
