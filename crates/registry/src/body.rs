//! The body of an upload: streamed from where its bytes are by a thread of its own, and verified on the way.
//!
//! Invariant: the last piece is handed over only after all bytes proved to be those of the digest. So the registry
//! never gets a complete upload of wrong bytes, and what is wrong is known here, by file and label.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use oci::digest::Digest;
use tokio::sync::mpsc;

use crate::content::{Content, ContentError};
use crate::event::{Event, Listener};
use crate::transport::Activity;

/// Size of the pieces, in bytes: large enough that handing one over costs nothing beside hashing it.
const PIECE: usize = 256 << 10;
/// How many pieces may wait for the network; with [`PIECE`] the memory that an upload takes.
const AHEAD: usize = 4;

/// An upload under way, as seen from outside its body.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    state: Arc<Mutex<State>>,
    pub(crate) activity: Arc<Activity>,
}

#[derive(Debug, Default)]
struct State {
    moved: u64,
    failed: Option<ContentError>,
}

impl Upload {
    /// How many bytes were handed to the connection.
    pub(crate) fn moved(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).moved
    }

    /// What was wrong with the bytes on this side, if that is why the upload ended.
    pub(crate) fn failure(&self) -> Option<ContentError> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failed.take()
    }
}

/// A body that sends `digest`, `size` bytes, and a view of its progress.
pub(crate) fn stream(
    content: &Arc<Content>,
    digest: Digest,
    size: u64,
    listener: &Listener,
) -> (reqwest::Body, Upload) {
    let upload = Upload { state: Arc::default(), activity: Arc::new(Activity::new()) };
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
    let (content, state) = (Arc::clone(content), Arc::clone(&upload.state));
    tokio::task::spawn_blocking(move || {
        let read = content.open_sized(&digest, size).and_then(|reader| {
            send_pieces(reader, &sender)
                .map_err(|error| content.unreadable(&digest, &content.place(&digest), error))
        });
        if let Err(error) = read {
            let told = io::Error::other(error.to_string());
            state.lock().unwrap_or_else(PoisonError::into_inner).failed = Some(error);
            // Cuts the connection in the middle of the body, so that the registry drops what it has.
            let _ = sender.blocking_send(Err(told));
        }
    });
    let seen = upload.clone();
    let listener = Arc::clone(listener);
    let pieces = stream::unfold(receiver, move |mut receiver| {
        let (seen, listener) = (seen.clone(), Arc::clone(&listener));
        async move {
            let piece = receiver.recv().await?;
            if let Ok(piece) = &piece {
                seen.activity.mark();
                seen.state.lock().unwrap_or_else(PoisonError::into_inner).moved += piece.len() as u64;
                listener(&Event::Moved { bytes: piece.len() as u64 });
            }
            Some((piece, receiver))
        }
    });
    (reqwest::Body::wrap_stream(pieces), upload)
}

/// Reads to the verified end, one piece behind. A receiver that has gone away ends it without an error.
fn send_pieces(mut reader: impl Read, sender: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let mut held: Option<Bytes> = None;
    loop {
        let mut piece = vec![0; PIECE];
        let filled = fill(&mut reader, &mut piece)?;
        piece.truncate(filled);
        if let Some(previous) = held.take()
            && sender.blocking_send(Ok(previous)).is_err()
        {
            return Ok(());
        }
        if filled == 0 {
            return Ok(());
        }
        held = Some(piece.into());
    }
}

/// Reads until `buffer` is full or the end is reached.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
