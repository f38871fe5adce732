//! The pipeline: members of a tar go in, in order; the blob and both digests come out.
//!
//! ```text
//! caller ── members ──┬─▶ hasher: the one serial SHA-256 that makes the diff_id, and nothing else
//!                     ├─▶ workers, up to as many as there are CPUs: compress
//!                     └─▶ writer: waits for members in order, writes the blob, its SHA-256
//! ```
//!
//! Invariants: the blob does not depend on the number of workers, since members are independent and written in order.
//! Memory is bounded: at most [`in_flight`] members are between the caller and the writer, and all queues are as
//! short. When a stage fails, the others find their channels closed and stop. The caller's own error is the one that is
//! returned; if the caller only stopped because a later stage had failed, that stage's.

use std::{
    io::Write,
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    thread::{self, Scope, ScopedJoinHandle},
};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use oci::{
    digest::{Digest, Hasher},
    layer_json::Member,
};

use crate::{
    block::Block,
    codec::{
        Codec, CompressError, Encoder,
        joined::{Check, Joined},
    },
    error::Error,
    format::Cuts,
};

/// What the pipeline found out about what went through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Digest of the blob.
    pub digest: Digest,
    /// Size of the blob in bytes.
    pub size: u64,
    /// Digest of the tar.
    pub diff_id: Digest,
    /// Size of the tar in bytes.
    pub uncompressed_size: u64,
    /// The members; none if the tar is not compressed.
    pub members: Vec<Member>,
}

/// A member on its way, shared by hasher and worker.
type Tar = Arc<Block>;

/// A member for a worker, and where its compressed bytes are awaited.
struct Job {
    tar: Tar,
    done: Sender<Result<Encoded, CompressError>>,
}

/// A member, compressed.
struct Encoded {
    bytes: Vec<u8>,
    /// For a codec that joins them.
    check: Option<Check>,
}

/// What the writer waits for.
enum Pending {
    Plain(Tar),
    Encoded(Receiver<Result<Encoded, CompressError>>),
}

/// Members between the caller and the writer. gzip: every worker has one in work and the next at hand. zstd, whose members
/// are twice as large: as many as stay well below 64 MiB and 16 MiB a thread.
const fn in_flight(codec: Codec, threads: usize) -> usize {
    match codec {
        Codec::None => 16,
        Codec::Gzip(_) | Codec::GzipJoined(_) => 2 * threads + 8,
        Codec::Zstd(_) => threads + 4,
    }
}

/// Runs `produce`, which feeds a [`Members`], and writes the blob to `out`. `path` names the blob in errors.
///
/// # Errors
/// Those of `produce`; [`Error::Write`] if `out` fails.
pub(crate) fn run<T>(
    codec: Codec,
    threads: NonZeroUsize,
    (out, path): (&mut (impl Write + Send), &Path),
    produce: impl FnOnce(&mut Members<'_, '_>) -> Result<T, Error>,
) -> Result<(Written, T), Error> {
    thread::scope(|scope| {
        let depth = in_flight(codec, threads.get());
        let (to_hash, hashed) = bounded(depth);
        let (to_write, pending) = bounded(depth);
        let (spare, spares) = unbounded();
        let hasher = scope.spawn({
            let spare = spare.clone();
            move || hash(&hashed, &spare)
        });
        let writer = scope.spawn({
            let spare = spare.clone();
            move || write(codec, &pending, (out, path), &spare)
        });
        let (jobs, waiting) = bounded(depth);
        let workers = Workers { codec, most: threads.get(), running: 0, waiting, spare };
        let mut members = Members {
            block: Block::new(codec.cuts().max),
            codec,
            to_hash,
            to_write,
            jobs,
            spares,
            workers,
            scope,
        };
        let produced = produce(&mut members).and_then(|value| members.cut().map(|()| value));
        // Closes the channels, so that every thread comes to its end.
        drop(members);
        let (diff_id, uncompressed_size) = join(hasher);
        let (blob, members) = match (produced.as_ref().err(), join(writer)) {
            // The producer stopped because the writer did: the writer knows why.
            (None | Some(Error::Stopped), Err(error)) => return Err(error),
            (_, Ok(written)) => written,
            (Some(_), Err(_)) => (None, Vec::new()),
        };
        let value = produced?;
        // What is not compressed has been hashed already.
        let (digest, size) = blob.unwrap_or((diff_id, uncompressed_size));
        Ok((Written { digest, size, diff_id, uncompressed_size, members }, value))
    })
}

/// Waits for a thread; a panic in it goes on here.
fn join<T>(handle: ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Where the caller puts the tar, member by member.
pub(crate) struct Members<'scope, 'env> {
    block: Block,
    codec: Codec,
    to_hash: Sender<Tar>,
    to_write: Sender<Pending>,
    jobs: Sender<Job>,
    spares: Receiver<Block>,
    workers: Workers,
    scope: &'scope Scope<'scope, 'env>,
}

impl Members<'_, '_> {
    /// The member that is being filled. It has room for the longest member there is.
    pub(crate) const fn block(&mut self) -> &mut Block {
        &mut self.block
    }

    /// Where members end.
    pub(crate) const fn cuts(&self) -> Cuts {
        self.codec.cuts()
    }

    /// Ends the member; nothing happens if it is empty.
    ///
    /// # Errors
    /// [`Error::Stopped`] if a later stage has failed: its error is the one to tell.
    pub(crate) fn cut(&mut self) -> Result<(), Error> {
        if self.block.is_empty() {
            return Ok(());
        }
        let max = self.codec.cuts().max;
        let next = self.spares.try_recv().unwrap_or_else(|_| Block::new(max));
        let tar = Arc::new(std::mem::replace(&mut self.block, next));
        // Blocks here while too many members are in flight.
        let pending = if self.codec == Codec::None {
            Pending::Plain(Arc::clone(&tar))
        } else {
            let (done, encoded) = bounded(1);
            self.workers.hire(self.scope, !self.jobs.is_empty());
            self.jobs.send(Job { tar: Arc::clone(&tar), done }).map_err(|_| Error::Stopped)?;
            Pending::Encoded(encoded)
        };
        self.to_write.send(pending).map_err(|_| Error::Stopped)?;
        self.to_hash.send(tar).map_err(|_| Error::Stopped)
    }
}

/// Starts workers as they are needed, so that a layer of one member costs one thread.
struct Workers {
    codec: Codec,
    most: usize,
    running: usize,
    waiting: Receiver<Job>,
    spare: Sender<Block>,
}

impl Workers {
    /// One more worker, if there is none or those that run are all `busy`.
    fn hire<'scope>(&mut self, scope: &'scope Scope<'scope, '_>, busy: bool) {
        if self.running == self.most || (self.running > 0 && !busy) {
            return;
        }
        self.running += 1;
        let (codec, waiting, spare) = (self.codec, self.waiting.clone(), self.spare.clone());
        scope.spawn(move || compress(codec, &waiting, &spare));
    }
}

fn compress(codec: Codec, jobs: &Receiver<Job>, spare: &Sender<Block>) {
    let mut encoder = Encoder::new(codec).expect("without compression there are no workers");
    for Job { tar, done } in jobs {
        // Copied out of the encoder's buffer, which has room for the worst case.
        let encoded = encoder.encode(tar.bytes()).map(|bytes| Encoded {
            bytes: bytes.to_vec(),
            check: codec.is_joined().then(|| Check::of(tar.bytes())),
        });
        recycle(tar, spare);
        // No one waits after an error elsewhere.
        let _ = done.send(encoded);
    }
}

fn hash(members: &Receiver<Tar>, spare: &Sender<Block>) -> (Digest, u64) {
    let mut hasher = Hasher::new();
    let mut size = 0;
    for tar in members {
        hasher.update(tar.bytes());
        size += tar.bytes().len() as u64;
        recycle(tar, spare);
    }
    (hasher.finish(), size)
}

/// Digest and size of the blob, if they were computed, and the table of its members.
type Blob = (Option<(Digest, u64)>, Vec<Member>);

fn write(
    codec: Codec,
    members: &Receiver<Pending>,
    (out, path): (&mut impl Write, &Path),
    spare: &Sender<Block>,
) -> Result<Blob, Error> {
    let mut blob = Output { out, path, hasher: Hasher::new(), size: 0 };
    let mut table = Vec::new();
    let mut joined = codec.is_joined().then(Joined::default);
    if joined.is_some() {
        blob.write(Joined::BEGIN)?;
    }
    for pending in members {
        match pending {
            Pending::Plain(tar) => {
                blob.write_unhashed(tar.bytes())?;
                recycle(tar, spare);
            }
            Pending::Encoded(encoded) => {
                let Ok(encoded) = encoded.recv() else {
                    // A worker is gone without an answer: it has panicked, or the caller gave up.
                    return Err(Error::Stopped);
                };
                let Encoded { bytes, check } = encoded?;
                let offset = blob.size;
                blob.write(&bytes)?;
                match (&mut joined, check) {
                    (Some(joined), Some(check)) => joined.add(&check),
                    _ => table.push(Member { offset, size: blob.size - offset }),
                }
            }
        }
    }
    if let Some(joined) = joined {
        blob.write(&joined.end())?;
        table.push(Member { offset: 0, size: blob.size });
    }
    blob.out.flush().map_err(|source| Error::Write { path: path.to_owned(), source })?;
    Ok(((codec != Codec::None).then(|| (blob.hasher.finish(), blob.size)), table))
}

/// The blob as it is written.
struct Output<'a, W> {
    out: &'a mut W,
    path: &'a Path,
    hasher: Hasher,
    size: u64,
}

impl<W: Write> Output<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hasher.update(bytes);
        self.write_unhashed(bytes)
    }

    /// For a tar, whose digest is the `diff_id`.
    fn write_unhashed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        self.out.write_all(bytes).map_err(|source| Error::Write { path: self.path.to_owned(), source })
    }
}

/// Gives the memory of a member back to the caller, if nobody else needs it.
fn recycle(tar: Tar, spare: &Sender<Block>) {
    if let Some(mut block) = Arc::into_inner(tar) {
        block.clear();
        // The caller may be done.
        let _ = spare.send(block);
    }
}
