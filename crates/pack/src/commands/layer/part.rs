//! The part of `pack layer` in what is declared: the flags of layers that share their entries.

use std::{
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use ::layer::{
    entries,
    part::{Claims, Demands, Expected, Name, Part},
    pattern::Pattern,
};
use anyhow::Context as _;
use clap::Args;
use oci::atomic::AtomicFile;

/// Which of the entries the layer holds, for layers that share them. A file is in the first group that claims it. Regexes are
/// ECMAScript's, match anywhere in `./` and the path, and match everything if they are empty.
#[derive(Debug, Args)]
#[command(next_help_heading = "Part of the entries")]
pub(super) struct PartArgs {
    /// Hold only what matches.
    #[arg(long = "match", value_name = "REGEX")]
    matching: Option<String>,
    /// What matches is in an earlier layer, that of the group NAME.
    #[arg(long, value_name = "NAME=REGEX", value_parser = parse_except)]
    except: Vec<(String, String)>,
    /// Entries of an earlier layer: their paths, and what is below their trees, are in that one. Only this text is read.
    #[arg(long, value_name = "FILE")]
    except_entries: Vec<PathBuf>,
    /// What the user calls the group of files that the layer holds, for messages.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Fail if the layer would hold nothing.
    #[arg(long)]
    must_match: bool,
    /// Fail if nothing of the entries matches, whichever layer it is in.
    #[arg(long, value_name = "REGEX", requires = "expect_message")]
    expect: Option<String>,
    /// What to tell then.
    #[arg(long, value_name = "TEXT", requires = "expect")]
    expect_message: Option<String>,
    /// Fail if a file is neither in this layer nor in an earlier one.
    #[arg(long)]
    all_claimed: bool,
    /// Where to write the sources of which the layer holds nothing, one a line, for Bazel's `unused_inputs_list`. Trees among
    /// them only where `--except-entries` has all below them, or with `--tree-files`.
    #[arg(long, value_name = "FILE")]
    unused: Option<PathBuf>,
    /// Declared links whose path matches stay links, and lead to the place in the image of what they lead to; others are
    /// followed. Without it all declared links stay, with the targets that they were declared with.
    #[arg(long, value_name = "REGEX")]
    preserve_symlinks: Option<String>,
    /// A file that changes when a file in a tree gets another name, and so has the layer packed again. It is not read.
    #[arg(long, value_name = "FILE")]
    pub(super) tree_files: Option<PathBuf>,
}

fn parse_except(text: &str) -> Result<(String, String), &'static str> {
    let (name, regex) = text.split_once('=').ok_or("what is excepted is NAME=REGEX")?;
    Ok((name.to_owned(), regex.to_owned()))
}

impl PartArgs {
    /// Parses the regexes and reads the entries of earlier layers.
    pub(super) fn load(&self, target: &str) -> anyhow::Result<Part> {
        let name = Name { group: self.group.clone(), target: target.to_owned() };
        let matching = self.matching.as_deref().map(|text| {
            Pattern::parse(text).with_context(|| format!("layer_groups: the regex of {name} does not parse"))
        });
        let except = self.except.iter().map(|(group, text)| {
            let earlier = Name { group: Some(group.clone()), target: target.to_owned() };
            Pattern::parse(text).with_context(|| {
                format!("layer_groups: the regex of {earlier}, which is before it, does not parse")
            })
        });
        let expected = self.expect.as_deref().zip(self.expect_message.clone()).map(|(text, message)| {
            let pattern =
                Pattern::parse(text).with_context(|| format!("--expect of {name} does not parse"))?;
            anyhow::Ok(Expected { pattern, message })
        });
        let declared =
            self.except_entries.iter().map(|file| entries::load(file)).collect::<Result<Vec<_>, _>>()?;
        let claims = Claims::new(matching.transpose()?, except.collect::<Result<_, _>>()?, &declared);
        let expected = expected.transpose()?;
        let demands = Demands { some: self.must_match, expected, all_claimed: self.all_claimed };
        Ok(Part { claims, name, demands })
    }

    /// Parses the regex of links that stay links.
    pub(super) fn preserve_symlinks(&self) -> anyhow::Result<Option<Pattern>> {
        let regex = self.preserve_symlinks.as_deref().map(Pattern::parse);
        regex.transpose().context("preserve_symlinks: the regex does not parse")
    }

    /// Writes the file of unused sources, if one is asked for; it is in place once it is committed.
    pub(super) fn write_unused(&self, unused: &[PathBuf]) -> anyhow::Result<Option<AtomicFile>> {
        let write = |path: &Path| {
            let mut file = AtomicFile::create(path)?;
            let mut out = BufWriter::new(&mut file);
            for source in unused {
                // They come from a text, so nothing is lost.
                writeln!(out, "{}", source.display())?;
            }
            out.flush()?;
            drop(out);
            anyhow::Ok(file)
        };
        let cannot = |path: &Path| format!("cannot write {}", path.display());
        self.unused.as_deref().map(|path| write(path).with_context(|| cannot(path))).transpose()
    }
}
