//! `pack import`: a tar from elsewhere to a layer.

use std::{collections::BTreeMap, path::PathBuf};

use ::layer::{
    codec::{Codec, GzipMembers},
    import::{Treatment, import},
    layer::granted_threads,
};
use anyhow::bail;
use clap::{Args, ValueEnum};
use oci::media_type::Compression;

use crate::commands::Common;

/// Imports a tar from elsewhere: plain, gzip or zstd, told by its bytes.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The tar.
    #[arg(long, value_name = "FILE")]
    tar: PathBuf,
    /// Where to write the blob. Without it the tar is kept as it is, and nothing is copied.
    #[arg(long, value_name = "FILE")]
    blob: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    /// What becomes of the tar.
    #[arg(long, value_name = "KIND", default_value = "auto")]
    compression: Choice,
    /// gzip: 0 to 12, by default 5. zstd: 1 to 22, by default 3.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    compression_level: Option<i64>,
}

/// What becomes of the tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// gzip if it is not compressed, else it stays as it is.
    Auto,
    /// Compressed anew with gzip.
    Gzip,
    /// Compressed anew with zstd.
    Zstd,
    /// Not compressed.
    None,
    /// It stays as it is.
    Keep,
}

impl Import {
    /// Runs the subcommand. `warn` is told what is no error and yet worth a look.
    pub(crate) fn run(self, warn: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
        let codec = |compression| Codec::new(compression, self.compression_level, GzipMembers::Many);
        let treatment = match self.compression {
            Choice::Auto => Treatment::CompressPlain(codec(Compression::Gzip)?),
            Choice::Gzip => Treatment::Recompress(codec(Compression::Gzip)?),
            Choice::Zstd => Treatment::Recompress(codec(Compression::Zstd)?),
            Choice::None => Treatment::Recompress(codec(Compression::None)?),
            Choice::Keep if self.compression_level.is_some() => {
                bail!("a compression level for a tar that is kept as it is: leave the level out")
            }
            Choice::Keep => Treatment::Keep,
        };
        if self.blob.is_none() && matches!(treatment, Treatment::Recompress(_)) {
            bail!("to compress {} anew, --blob must say where to write the result", self.tar.display());
        }
        let description = self.common.description(None, BTreeMap::new());
        let outputs = (self.blob.as_deref(), &*self.common.metadata, &*self.common.mtree);
        import(&self.tar, treatment, granted_threads(), description, outputs, warn)?;
        Ok(())
    }
}
