//! A load by way of an archive: into a file (`--output`), or to a loader, a program that is called as
//! `LOADER load --input FILE`, as docker and podman may be. No daemon is looked for.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context as _;
use oci::archive::{self, Archive, ArchiveError, Format};
use oci::atomic::AtomicFile;
use oci::manifest::Document;
use oci::{Descriptor, Platform, Reference};

use crate::environment::Environment;
use crate::exit::{Exit, fail, usage};
use crate::images;
use crate::program;
use crate::spec;
use crate::stop::{StopOnDrop, Stopped};
use crate::target::Target;
use crate::ui::{Ui, bytes};

/// What `--output` takes for standard output.
const STANDARD_OUTPUT: &str = "-";

/// What goes into the archive.
#[derive(Clone, Debug)]
pub(super) struct Image<'a> {
    /// The image or index, and where its bytes are.
    pub(super) target: &'a Target,
    /// Who the archive is for.
    pub(super) format: spec::Format,
    /// What the image is called in it.
    pub(super) names: &'a [Reference],
}

/// Writes the archive to a file that the user names.
///
/// # Errors
/// If the image doesn't fit the format, or the file can't be written; it is then as it was before.
pub(super) async fn write(
    image: Image<'_>,
    output: &Path,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let cannot = || format!("cannot write --output {}", output.display());
    if output == Path::new(STANDARD_OUTPUT) {
        pack(&image, io::stdout(), ui).await.with_context(cannot)?;
        return Ok(Exit::Done);
    }
    let file = AtomicFile::create(&environment.resolve(output)).with_context(cannot)?;
    let (file, size) = pack(&image, file, ui).await.with_context(cannot)?;
    file.commit().with_context(cannot)?;
    let names: Vec<String> = image.names.iter().map(Reference::familiar).collect();
    ui.say(format!("wrote {} ({}): {}", output.display(), bytes(size), names.join(", ")));
    Ok(Exit::Done)
}

/// Gives the archive to a loader. What the loader prints goes to standard error; `Loaded image: NAME` is printed here.
///
/// # Errors
/// If the image doesn't fit the format, no temporary file can be written, or the loader can't be started or fails.
pub(super) async fn load(
    image: Image<'_>,
    loader: &spec::File,
    environment: &Environment,
    ui: &Ui,
) -> anyhow::Result<Exit> {
    let files = &image.target.files;
    let program = files.find(loader)?;
    let room = "cannot write the archive for the loader: set TMPDIR to a folder with room for the image";
    let folder = tempfile::Builder::new().prefix("strata-load-").tempdir().context(room)?;
    let path = folder.path().join("image.tar");
    // A file and no pipe: podman reads it twice.
    let file = std::fs::File::create(&path).context(room)?;
    let packed = pack(&image, file, ui).await.map_err(|error| match error.downcast_ref() {
        Some(ArchiveError::Write(_)) => error.context(room),
        _ => error.context("cannot make the archive for the loader"),
    });
    drop(packed?);

    let arguments = ["load".into(), "--input".into(), path.into_os_string()];
    let shown = program::shown(&program, &arguments);
    let mut command = program::helper(&program, &arguments, files, environment);
    let status = command
        .stdin(Stdio::null())
        .status()
        .await
        .with_context(|| format!("cannot start the loader: {shown}"))?;
    if !status.success() {
        return Err(fail(Exit::Failed, format!("the loader failed, {status}: {shown}")));
    }
    for name in image.names {
        ui.result(format!("Loaded image: {}", name.familiar()))?;
    }
    Ok(Exit::Done)
}

/// Writes the archive to `out`, and returns that with the number of bytes. Ends soon after it is dropped.
async fn pack<W: Write + Send + 'static>(
    Image { target, format, names }: &Image<'_>,
    out: W,
    ui: &Ui,
) -> anyhow::Result<(W, u64)> {
    let format = match format {
        spec::Format::Docker => Format::Docker,
        spec::Format::Oci => Format::Oci,
    };
    let root = root(target, format, ui)?;
    let (content, names, ui) = (Arc::clone(&target.content), names.to_vec(), ui.clone());
    let stop = StopOnDrop::default();
    let stopped = stop.stopped();
    // Reads files, and what is in registries.
    let work = tokio::task::spawn_blocking(move || {
        let mut out = io::BufWriter::new(Stoppable { out, bytes: 0, stopped });
        let archive = Archive { format, root: &root, names: &names };
        let written = archive::write(&archive, &mut out, |descriptor| {
            // What isn't to be distributed may be elsewhere.
            if content.source(&descriptor.digest).is_err() {
                return Ok(None);
            }
            let blob = content.open_sized(&descriptor.digest, descriptor.size).map_err(io::Error::other)?;
            Ok(Some(Named { blob, name: content.name(&descriptor.digest) }))
        })?;
        for layer in &written.zstd_layers {
            ui.say(format!("docker before version 23 cannot read zstd: {}", content.name(layer)));
        }
        for layer in &written.absent_layers {
            ui.say(format!("left out, since it isn't to be distributed: {}", content.name(layer)));
        }
        let mut out = out.into_inner().map_err(|error| ArchiveError::Write(error.into_error()))?;
        out.flush().map_err(ArchiveError::Write)?;
        anyhow::Ok((out.out, out.bytes))
    });
    work.await.context("the archive")?
}

/// What goes into the archive. Docker's holds one image: of an index that for this machine's CPU.
fn root(target: &Target, format: Format, ui: &Ui) -> anyhow::Result<Descriptor> {
    let is_index = matches!(target.content.document(&target.root.digest)?, Document::Index(_));
    if is_index && format == Format::Oci {
        return Ok(target.root.clone());
    }
    let images = images::below(&target.content, &target.root)?;
    if let (false, Some(image)) = (is_index, images.first()) {
        // The same bytes as those of the archive that the build makes.
        return Ok(image.listed());
    }
    let own = Platform { os: "linux".to_owned(), ..Platform::of_this_machine() };
    let image = images.iter().find(|image| image.fits(&own)).ok_or_else(|| {
        usage(format!(
            "an archive of docker's format holds one image, and the index has none for {own}: say --platform, or set \
             format = \"oci\" for all of it"
        ))
    })?;
    ui.say(format!("of the index, the image for {own}: --platform takes another"));
    Ok(image.listed())
}

/// Says which blob it is that can't be read.
struct Named<R> {
    blob: R,
    name: String,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let name = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.name));
        self.blob.read(buffer).map_err(name)
    }
}

/// Counts what is written, and writes nothing any more once it is told to stop.
struct Stoppable<W> {
    out: W,
    bytes: u64,
    stopped: Stopped,
}

impl<W: Write> Write for Stoppable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stopped.check()?;
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
