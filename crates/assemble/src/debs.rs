//! `assemble debs`: Debian packages as the tar of a layer, with what scanners ask dpkg for.
//!
//! Files are what `dpkg --unpack` would make of the packages in this order. Maintainer scripts do not run: nothing of a package
//! is executed. What is installed stands in `/var/lib/dpkg/status.d`, a file for each package, as in distroless images, so that
//! layers of several targets add to each other and none replaces the list of another.
//!
//! Invariants: packages are streamed, and memory holds paths and digests, never contents; the output depends on the packages
//! and their order alone, and is whole or not there.

mod ar;
mod architecture;
mod control;
pub(crate) mod data;
#[cfg(test)]
pub(crate) mod fixtures;
mod links;
mod output;
mod owners;
pub(crate) mod package;
#[cfg(test)]
mod tests;
mod version;

use std::{
    io::{BufWriter, Write},
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use layer::path::ImagePath;
use oci::atomic::AtomicFile;

use architecture::Wanted;
use data::{Attributes, Entry, Kind};
use links::Link;
use output::Output;
use owners::{Fate, Owners};
use package::Package;

/// Where scanners look for packages beside dpkg's own list.
const STATUS: &str = "var/lib/dpkg/status.d";

/// Arguments of `assemble debs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Label of the layer, for messages.
    #[arg(long, value_name = "LABEL")]
    label: String,
    /// A package, once for each.
    #[arg(long = "deb", value_name = "FILE", required = true)]
    debs: Vec<PathBuf>,
    /// A directory of packages that is a link in the image, and where it leads.
    #[arg(long = "link", value_name = "PATH=TARGET")]
    links: Vec<Link>,
    /// A glob over paths in the image that are left out.
    #[arg(long = "exclude", value_name = "GLOB")]
    excludes: Vec<String>,
    #[command(flatten)]
    wanted: Wanted,
    /// Keep the times that packages say; else all are 0.
    #[arg(long)]
    keep_mtime: bool,
    /// Where to write the tar.
    #[arg(long, value_name = "OUT")]
    output: PathBuf,
}

/// Writes the tar.
///
/// # Errors
/// If a file is no package, is damaged, or conflicts with another; beginning with the label.
pub fn run(args: &Args) -> Result<()> {
    write(args).with_context(|| args.label.clone())
}

fn write(args: &Args) -> Result<()> {
    let layer =
        Layer { links: &args.links, excludes: excludes(&args.excludes)?, keep_mtime: args.keep_mtime };
    let mut file = AtomicFile::create(&args.output)?;
    let mut learnt = Some(Owners::default());
    while let Some(mut owners) = learnt {
        file.restart().context("cannot write the tar once more")?;
        build(args, &layer, &mut owners, BufWriter::with_capacity(1 << 18, &mut file))?;
        learnt = owners.again();
    }
    Ok(file.commit()?)
}

fn build(args: &Args, layer: &Layer<'_>, owners: &mut Owners, writer: impl Write) -> Result<()> {
    let mut first = None;
    let mut output = Output::new(writer);
    for path in &args.debs {
        let name = path.display().to_string();
        let Package { control, md5sums, data } = Package::open(path).with_context(|| name.clone())?;
        args.wanted.check(path, &control, &mut first)?;
        owners.begin(&name, control.clone())?;
        data.each(&mut |entry| layer.add(entry, owners, &mut output)).with_context(|| name)?;
        let status = |extension: &str| -> Result<ImagePath> {
            Ok(ImagePath::parse(format!("{STATUS}/{}{extension}", control.package).as_bytes())?)
        };
        output.write_plain(&status("")?, &control.status())?;
        if let Some(md5sums) = md5sums {
            output.write_plain(&status(".md5sums")?, &md5sums)?;
        }
    }
    Ok(output.finish()?.flush()?)
}

/// What is said of the files of all packages.
struct Layer<'a> {
    links: &'a [Link],
    excludes: GlobSet,
    keep_mtime: bool,
}

impl Layer<'_> {
    fn add(
        &self,
        mut entry: Entry<'_, '_>,
        owners: &mut Owners,
        output: &mut Output<impl Write>,
    ) -> Result<()> {
        if entry.path.is_root() {
            return Ok(());
        }
        entry.path = links::follow(self.links, entry.path, &entry.kind)?;
        if let Kind::Hardlink(target) = &mut entry.kind {
            *target = links::follow(self.links, target.clone(), &Kind::File)?;
        }
        if self.excludes.is_match_candidate(&globset::Candidate::from_bytes(entry.path.as_bytes())) {
            owners.leave_out(entry.path);
            return Ok(());
        }
        if owners.judge(&mut entry)? == Fate::LeaveOut {
            return Ok(());
        }
        let Entry { path, kind, attributes, mut content } = entry;
        let mtime = if self.keep_mtime { attributes.mtime } else { 0 };
        let size = content.size();
        let digest = output.write(&path, &kind, Attributes { mtime, ..attributes }, size, &mut content)?;
        owners.wrote(path, kind, attributes, digest);
        Ok(())
    }
}

/// Globs as those of `oci_layer`. One that matches nothing is fine: a list of what is not wanted serves many targets.
fn excludes(globs: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let pattern = glob.strip_prefix('/').unwrap_or(glob);
        let built = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
        set.add(built.with_context(|| format!("exclude: {glob:?}"))?);
    }
    Ok(set.build()?)
}
