//! Directories of packages that are symbolic links in the image: `/bin`, which is `usr/bin` there.
//!
//! A layer with a file below a link of a lower layer takes the link's place, on every runtime, and with it all that is reached
//! through it. So what packages have below such a directory goes where the link leads, as it does when dpkg unpacks them.

use std::str::FromStr;

use anyhow::{Context as _, Result, ensure};
use layer::path::ImagePath;

use super::data::Kind;

/// One link, `bin=usr/bin`.
#[derive(Debug, Clone)]
pub(super) struct Link {
    from: ImagePath,
    to: ImagePath,
}

impl FromStr for Link {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (from, target) = text.split_once('=').context("a link is written PATH=TARGET")?;
        let path = |path: &str| {
            ImagePath::parse(path.as_bytes()).map_err(|problem| anyhow::anyhow!("links: {path:?}: {problem}"))
        };
        let parsed = path(from)?;
        let parent = parsed.parent();
        // As the kernel follows it.
        let to = if target.starts_with('/') || parent.is_root() {
            path(target)?
        } else {
            path(&format!("{}/{target}", String::from_utf8_lossy(parent.as_bytes())))?
        };
        ensure!(
            !parsed.is_root() && !to.is_root() && !is_below(&to, &parsed) && to != parsed,
            "links: {from:?} cannot be a link to {target:?}: it leads to itself, or to the root"
        );
        Ok(Self { from: parsed, to })
    }
}

/// Where an entry of a package goes.
pub(super) fn follow(links: &[Link], path: ImagePath, kind: &Kind) -> Result<ImagePath> {
    let mut path = path;
    // Each may lead below another one.
    for _ in 0..=links.len() {
        let Some((link, rest)) = links.iter().find_map(|link| Some((link, below_or_at(&path, &link.from)?)))
        else {
            return Ok(path);
        };
        // A package may bring the link itself, or a file in its place, which the directory's conflicts tell of.
        if rest.is_empty() && *kind != Kind::Directory {
            return Ok(path);
        }
        let moved = [link.to.as_bytes(), rest].concat();
        path = ImagePath::parse(&moved).map_err(|problem| anyhow::anyhow!("its file {path}: {problem}"))?;
    }
    anyhow::bail!("links: {path} is below links that lead around")
}

/// What comes after `directory` in `path`: nothing, or a slash and more; `None` if it is elsewhere.
fn below_or_at<'p>(path: &'p ImagePath, directory: &ImagePath) -> Option<&'p [u8]> {
    let rest = path.as_bytes().strip_prefix(directory.as_bytes())?;
    (rest.is_empty() || rest.starts_with(b"/")).then_some(rest)
}

fn is_below(path: &ImagePath, directory: &ImagePath) -> bool {
    below_or_at(path, directory).is_some_and(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ImagePath {
        ImagePath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn following() {
        let links: Vec<Link> =
            ["bin=usr/bin", "/lib=/usr/lib", "var/run=/run", "var/lock=/var/run/lock", "opt/a=b"]
                .iter()
                .map(|text| text.parse().unwrap())
                .collect();
        for (from, kind, expected) in [
            ("bin/sh", Kind::File, "usr/bin/sh"),
            ("bin", Kind::Directory, "usr/bin"),
            ("bin", Kind::Symlink(b"usr/bin".to_vec()), "bin"),
            ("binary/x", Kind::File, "binary/x"),
            ("usr/bin/sh", Kind::File, "usr/bin/sh"),
            ("lib/x86_64-linux-gnu/libc.so.6", Kind::File, "usr/lib/x86_64-linux-gnu/libc.so.6"),
            ("var/lock/x", Kind::File, "run/lock/x"),
            ("opt/a/x", Kind::File, "opt/b/x"),
        ] {
            assert_eq!(follow(&links, path(from), &kind).unwrap(), path(expected), "{from}");
        }
        let around: Vec<Link> = ["a=b", "b=a"].iter().map(|text| text.parse().unwrap()).collect();
        let error = follow(&around, path("a/x"), &Kind::File).unwrap_err();
        assert!(error.to_string().contains("lead around"), "{error}");
    }

    #[test]
    fn refused() {
        for text in ["bin", "bin=", "=usr", "bin=bin", "bin=bin/x", "bin=/", "a=../b", "bin=usr//bin"] {
            assert!(text.parse::<Link>().is_err(), "{text}");
        }
    }
}
