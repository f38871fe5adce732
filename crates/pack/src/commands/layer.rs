//! `pack layer`: declared entries to a layer.

mod part;
mod standalone;

use std::{collections::BTreeMap, path::PathBuf};

use ::layer::{
    codec::{Codec, GzipMembers},
    entries,
    layer::{Packing, granted_threads, pack},
    plan::{Planning, plan_part},
};
use anyhow::bail;
use clap::Args;
use oci::{media_type::Compression, platform::Platform};

use crate::commands::Common;
use part::PartArgs;

/// Packs declared entries into a layer.
#[derive(Debug, Args)]
pub(crate) struct Layer {
    /// What the layer holds: `strata-entries 2`, then four lines an entry.
    #[arg(long, value_name = "FILE")]
    entries: PathBuf,
    /// Entries of a layer below this one in the image, lowest first: what they have is left out. Only this text is read.
    #[arg(long, value_name = "FILE")]
    below: Vec<PathBuf>,
    /// Where to write the blob.
    #[arg(long, value_name = "FILE")]
    blob: PathBuf,
    #[command(flatten)]
    common: Common,
    /// gzip, zstd or none.
    #[arg(long, value_name = "KIND", default_value = "gzip")]
    compression: Compression,
    /// gzip: 0 to 12, by default 5. zstd: 1 to 22, by default 3.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    compression_level: Option<i64>,
    /// `one` for readers that stop after the first gzip member.
    #[arg(long, value_name = "many|one", default_value = "many")]
    gzip_members: GzipMembers,
    /// Store files with equal content and attributes once, with hard links for the others.
    #[arg(long)]
    dedupe: bool,
    /// Operating system that the contents run on.
    #[arg(long, requires = "architecture")]
    os: Option<String>,
    /// Architecture that the contents run on.
    #[arg(long, requires = "os")]
    architecture: Option<String>,
    /// Variant of the architecture.
    #[arg(long, requires = "architecture")]
    variant: Option<String>,
    /// Path of a program in the image, which has no other layers: fail if the program is dynamic, since nothing would load it.
    #[arg(long, value_name = "PATH")]
    standalone: Vec<String>,
    /// Annotation of the layer's descriptor.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_annotation)]
    annotation: Vec<(String, String)>,
    // Last, since what follows would come under its heading.
    #[command(flatten)]
    part: PartArgs,
}

fn parse_annotation(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("an annotation is KEY=VALUE, and the key is not empty"),
    }
}

impl Layer {
    /// Runs the subcommand.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let codec = Codec::new(self.compression, self.compression_level, self.gzip_members)?;
        let platform = self
            .os
            .zip(self.architecture)
            .map(|(os, architecture)| Platform { variant: self.variant, ..Platform::new(os, architecture) });
        platform.as_ref().map_or(Ok(()), Platform::check_known)?;
        let mut annotations = BTreeMap::new();
        for (key, value) in self.annotation {
            if let Some(other) = annotations.insert(key.clone(), value.clone()) {
                bail!("the annotation {key:?} is given twice: {other:?} and {value:?}");
            }
        }
        let planning = Planning {
            part: self.part.load(&self.common.created_by)?,
            lower: self.below.iter().map(|file| entries::load(file)).collect::<Result<_, _>>()?,
            preserve_symlinks: self.part.preserve_symlinks()?,
            names_are_known: self.part.tree_files.is_some(),
        };
        let planned = plan_part(&entries::load(&self.entries)?, &planning, &self.blob)?;
        standalone::check(&self.common.created_by, &self.standalone, &planned.entries)?;
        let unused = self.part.write_unused(&planned.unused)?;
        let description = self.common.description(platform, annotations);
        let outputs = (&*self.blob, &*self.common.metadata, &*self.common.mtree);
        let packing = Packing { codec, dedupe: self.dedupe, threads: granted_threads() };
        pack(&planned.entries, packing, description, outputs)?;
        unused.map_or(Ok(()), |unused| Ok(unused.commit()?))
    }
}
