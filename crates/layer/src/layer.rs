//! A layer from declared entries: blob, `layer.json` and listing, each complete or not there.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufWriter, Write},
    num::NonZeroUsize,
    path::Path,
    thread,
};

use oci::{
    atomic::AtomicFile,
    layer_json::{self, Blob, LayerHistory, LayerJson},
    platform::Platform,
    shape::Shape,
};

use crate::{
    codec::Codec,
    engine::{self, Written},
    entry::Entry,
    error::Error,
    format::LAYER_FORMAT,
    mtree::Listing,
    read::read_ahead,
    stream::write_entries,
};

/// What is said about a layer, beside its contents.
#[derive(Debug, Clone)]
pub struct Description {
    /// Label of the target that makes it.
    pub created_by: String,
    /// What its contents run on, if it says so.
    pub platform: Option<Platform>,
    /// Annotations of its descriptor.
    pub annotations: BTreeMap<String, String>,
}

/// How a layer is packed.
#[derive(Debug, Clone, Copy)]
pub struct Packing {
    /// Compression of the blob.
    pub codec: Codec,
    /// Whether files with equal content and attributes are stored once, and the others are hard links to the first.
    pub dedupe: bool,
    /// Most threads that compress. No output depends on it.
    pub threads: NonZeroUsize,
}

/// As many threads as this process is granted: CPU affinity and cgroup limits count. Outputs do not depend on it.
#[must_use]
pub fn granted_threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Packs `entries`, as [`crate::plan::plan`] gives them, into a blob.
///
/// # Errors
/// [`Error`] for the first entry that cannot be read, or an output that cannot be written; no output is left behind.
pub fn pack(
    entries: &[Entry],
    packing: Packing,
    description: Description,
    (blob, metadata, mtree): (&Path, &Path, &Path),
) -> Result<LayerJson, Error> {
    let mut blob_file = AtomicFile::create(blob)?;
    let mut mtree_file = AtomicFile::create(mtree)?;
    let (written, shape) =
        write(entries, packing, (&mut blob_file, blob), (BufWriter::new(&mut mtree_file), mtree))?;
    let layer = LayerJson { shape: Some(shape), ..describe(written, packing.codec, description) };
    finish(&layer, Some(blob_file), mtree_file, metadata)?;
    Ok(layer)
}

/// Packs `entries` into `blob`, with a listing to `mtree`; the result has the layer's shape. The paths are for errors.
///
/// # Errors
/// As for [`pack`].
pub fn write(
    entries: &[Entry],
    packing: Packing,
    blob: (&mut (impl Write + Send), &Path),
    (mtree, mtree_path): (impl Write, &Path),
) -> Result<(Written, Shape), Error> {
    let failed = |source: io::Error| Error::Write { path: mtree_path.to_owned(), source };
    let Packing { codec, dedupe, threads } = packing;
    let mut listing = Listing::new(mtree).map_err(failed)?;
    let (written, ()) = thread::scope(|scope| {
        let mut reads = read_ahead(scope, entries, threads.get(), dedupe);
        engine::run(codec, threads, blob, |members| {
            write_entries(entries, dedupe, &mut reads, members, (&mut listing, mtree_path))
        })
    })?;
    Ok((written, listing.finish().map_err(failed)?))
}

/// The `layer.json` of a blob in our format, but for its shape.
pub(crate) fn describe(written: Written, codec: Codec, description: Description) -> LayerJson {
    let Written { digest, size, diff_id, uncompressed_size, members } = written;
    let Description { created_by, platform, annotations } = description;
    LayerJson {
        v: layer_json::VERSION,
        layer_format: Some(LAYER_FORMAT),
        digest,
        diff_id,
        size,
        uncompressed_size: Some(uncompressed_size),
        media_type: codec.media_type().to_owned(),
        platform,
        annotations,
        history: LayerHistory { created_by },
        blob: Blob::File,
        members: Some(members).filter(|_| codec != Codec::None),
        shape: None,
    }
}

/// Writes the `layer.json` and puts all outputs in place, metadata last: whoever sees it sees the rest, also if this
/// process is killed between. So one that is left from an earlier run goes first.
pub(crate) fn finish(
    layer: &LayerJson,
    blob: Option<AtomicFile>,
    mtree: AtomicFile,
    metadata: &Path,
) -> Result<(), Error> {
    let failed = |source: io::Error| Error::Write { path: metadata.to_owned(), source };
    let json = layer.to_json().map_err(|error| failed(error.into()))?;
    let mut metadata_file = AtomicFile::create(metadata)?;
    metadata_file.write_all(&json).map_err(failed)?;
    match fs::remove_file(metadata) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    if let Some(blob) = blob {
        blob.commit()?;
    }
    mtree.commit()?;
    Ok(metadata_file.commit()?)
}
