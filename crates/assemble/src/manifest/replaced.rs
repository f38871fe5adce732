//! Links of lower layers that a layer would replace by directories.
//!
//! On every runtime a directory of a layer takes the place of a symbolic link that a lower layer has at its path. So
//! `/bin/tool` over a base with `/bin -> usr/bin` leaves an image whose `/bin` holds that tool and nothing else, which
//! hardly anybody means. Who does mean it says so in the image: a whiteout of the link in a layer between. (One in the
//! same layer counts as well. `pack` writes no such layer, others may.)
//!
//! Invariant: nothing is said of what is not known, which is all that lies below a layer without a shape. Shapes have no
//! files, so a link that a file of a layer between has replaced is taken to be there still.

use std::collections::BTreeMap;

use oci::{LayerJson, Shape};

/// As many links as Linux follows in one path.
const MOST_FOLLOWED: usize = 40;
/// More links of one layer are counted, not named: whoever replaces so many makes one mistake, not many.
const MOST_NAMED: usize = 10;

/// Tells `warn` of every link that one of `layers` replaces, which lie on `base`; both lowest first.
pub(crate) fn check(base: &[LayerJson], layers: &[LayerJson], mut warn: impl FnMut(&str)) {
    let mut links = Links::default();
    for layer in base {
        links.add(layer);
    }
    for layer in layers {
        links.delete(layer);
        if let Some(shape) = &layer.shape {
            let replaced: Vec<_> = links.replaced_by(shape).collect();
            for (path, example) in replaced.iter().take(MOST_NAMED) {
                warn(&links.message(layer, path, example));
            }
            if let Some(more @ 1..) = replaced.len().checked_sub(MOST_NAMED) {
                warn(&format!("{} replaces {more} more links by directories", layer.history.created_by));
            }
        }
        links.add(layer);
    }
}

/// The symbolic links of the layers so far, by their paths.
#[derive(Debug, Default)]
struct Links<'a>(BTreeMap<&'a str, Link<'a>>);

#[derive(Debug)]
struct Link<'a> {
    target: &'a str,
    /// Label of its layer.
    layer: &'a str,
}

impl<'a> Links<'a> {
    /// Puts a layer on top.
    fn add(&mut self, layer: &'a LayerJson) {
        self.delete(layer);
        let Some(shape) = &layer.shape else { return };
        self.0.retain(|path, _| shape.example(path).is_none());
        for (path, target) in &shape.symlinks {
            self.delete_below(path);
            self.0.insert(path, Link { target, layer: &layer.history.created_by });
        }
    }

    /// Deletes what a layer deletes, and whatever it may have deleted or replaced as far as anybody knows.
    fn delete(&mut self, layer: &LayerJson) {
        let Some(shape) = &layer.shape else { return self.0.clear() };
        self.0.retain(|path, _| shape.covers(path));
        for path in &shape.whiteouts {
            self.0.remove(&**path);
            self.delete_below(path);
        }
        for directory in &shape.opaque {
            self.delete_below(directory);
        }
    }

    fn delete_below(&mut self, directory: &str) {
        if directory.is_empty() {
            return self.0.clear();
        }
        let prefix = format!("{directory}/");
        let below = self.0.range(&*prefix..).map(|(path, _)| *path);
        for path in below.take_while(|path| path.starts_with(&prefix)).collect::<Vec<_>>() {
            self.0.remove(path);
        }
    }

    /// The links that stand where a layer has directories, each with something that it has there.
    fn replaced_by<'b>(&self, shape: &'b Shape) -> impl Iterator<Item = (&'a str, &'b str)> {
        self.0.keys().filter_map(|path| Some((*path, shape.example(path)?)))
    }

    fn message(&self, layer: &LayerJson, path: &str, example: &str) -> String {
        let Link { target, layer: below } = self.0[path];
        let above = &layer.history.created_by;
        let better = match (example.ends_with('/'), self.place(example)) {
            // The link's target is a directory already, or shall be one of the layer that has the link.
            (true, _) if example.len() == path.len() + 1 => "leave that out".to_owned(),
            (_, Some(place)) => format!("put that at /{place}"),
            (_, None) => "put that elsewhere, since the link leads in a circle".to_owned(),
        };
        format!(
            "/{path} -> {target} of {below} would be replaced by a directory, since {above} has /{example}: {better}, \
             or, if the link shall go, delete it by `whiteouts` of a layer between"
        )
    }

    /// Where a path leads: the links in its directories are followed, as far as they are known, and its last name is kept.
    /// `None` for a circle.
    fn place(&self, path: &str) -> Option<String> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut left: Vec<&str> = directory.split('/').rev().collect();
        let mut place = String::new();
        let mut followed = 0;
        while let Some(part) = left.pop() {
            match part {
                "" | "." => continue,
                // The root is its own parent.
                ".." => place.truncate(place.rfind('/').unwrap_or(0)),
                _ => {
                    let parent = place.len();
                    push(&mut place, part);
                    let Some(link) = self.0.get(&*place) else { continue };
                    followed += 1;
                    if followed > MOST_FOLLOWED {
                        return None;
                    }
                    place.truncate(if link.target.starts_with('/') { 0 } else { parent });
                    left.extend(link.target.split('/').rev());
                }
            }
        }
        push(&mut place, name);
        Some(place)
    }
}

fn push(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(name);
}

#[cfg(test)]
mod tests {
    use oci::Compression;
    use testing::image;

    use super::*;

    /// A layer from a text: `bin/tool` is a file, `tmp/` an empty directory, `bin -> usr/bin` a link, `-bin` a whiteout,
    /// `-etc/` an opaque directory, `^2` a depth. `?` is a layer of unknown shape.
    fn layer(label: &str, text: &str) -> LayerJson {
        let mut shape = Shape::default();
        for entry in text.split(", ").filter(|entry| !entry.is_empty()) {
            if let Some(deleted) = entry.strip_prefix('-') {
                match deleted.strip_suffix('/') {
                    Some(directory) => shape.opaque.insert(directory.to_owned()),
                    None => shape.whiteouts.insert(deleted.to_owned()),
                };
            } else if let Some(depth) = entry.strip_prefix('^') {
                shape.depth = depth.parse().ok();
            } else {
                let path = match entry.split_once(" -> ") {
                    Some((path, target)) => {
                        shape.symlinks.insert(path.to_owned(), target.to_owned());
                        path
                    }
                    None => entry,
                };
                // More of them than `pack` writes: all that have a directory.
                shape.paths.extend(path.contains('/').then(|| path.to_owned()));
            }
        }
        let metadata = image::layer(label, &[], Compression::None).metadata;
        LayerJson { shape: Some(shape).filter(|_| text != "?"), ..metadata }
    }

    /// What is said of layers on top of `base`, by their places in the stack.
    fn said(base: &[&str], layers: &[&str]) -> Vec<String> {
        let all: Vec<_> = base
            .iter()
            .chain(layers)
            .enumerate()
            .map(|(at, text)| layer(&format!("//:{at}"), text))
            .collect();
        let (base, layers) = all.split_at(base.len());
        let mut said = Vec::new();
        check(base, layers, |warning| said.push(warning.to_owned()));
        said
    }

    #[test]
    fn the_whole_message() {
        let expected = "/bin -> usr/bin of //:0 would be replaced by a directory, since //:1 has /bin/tool: put that at \
                        /usr/bin/tool, or, if the link shall go, delete it by `whiteouts` of a layer between";
        assert_eq!(said(&["bin -> usr/bin, usr/bin/sh"], &["bin/tool"]), [expected]);
        let expected = "/bin -> usr/bin of //:0 would be replaced by a directory, since //:1 has /bin/: leave that out, \
                        or, if the link shall go, delete it by `whiteouts` of a layer between";
        assert_eq!(said(&["bin -> usr/bin"], &["bin/"]), [expected]);
    }

    #[test]
    fn where_to_put_it() {
        let cases = [
            ("var/run -> /run", "var/run/app/pid", "at /run/app/pid,"),
            ("var/run -> ../run", "var/run/app/", "at /run/app/,"),
            ("a -> b, b -> c/d, c/d -> ../e", "a/x", "at /e/x,"),
            ("a -> ../../../b", "a/x", "at /b/x,"),
            ("a -> ./b//c/.", "a/x", "at /b/c/x,"),
            ("a -> /", "a/x", "at /x,"),
            ("a -> b, b/c -> d", "a/c/x", "at /b/d/x,"),
            ("a -> b/.., b -> c/d", "a/x", "at /c/x,"),
            ("bin -> usr/bin, usr/bin/sh -> dash", "bin/sh", "at /usr/bin/sh,"),
            ("a -> b, b -> a", "a/x", "elsewhere, since the link leads in a circle,"),
            ("a -> a", "a/x", "elsewhere, since the link leads in a circle,"),
        ];
        for (base, upper, place) in cases {
            let said = said(&[base], &[upper]);
            let expected = format!(": put that {place} or, if");
            assert!(said.len() == 1 && said[0].contains(&expected), "{base}: {said:?}");
        }
    }

    /// Name, base, layers on top, a part of each warning.
    type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

    #[test]
    fn what_is_said_of_whom() {
        const LINK: &str = "bin -> usr/bin";
        let cases: [Case<'_>; 20] = [
            ("no link", &["bin/sh"], &["bin/tool"], &[]),
            ("beside it", &[LINK], &["usr/bin/tool, binary/x"], &[]),
            ("a file or link in its place", &[LINK], &["bin, x -> bin", "bin -> x"], &[]),
            ("among the layers of one image", &[], &[LINK, "bin/tool"], &["//:1 has /bin/tool:"]),
            ("once for each link", &[LINK], &["bin/a, bin/b/c", "bin/d"], &["//:1 has /bin/a:"]),
            ("each link", &["a -> x, b -> x"], &["a/1, b/2"], &["//:1 has /a/1:", "//:1 has /b/2:"]),
            ("not of the base's own", &[LINK, "bin/a"], &["bin/b"], &[]),
            ("and again if it is back", &[LINK, "bin/a", LINK], &["bin/b"], &["//:3 has /bin/b:"]),
            ("meant", &[LINK], &["-bin, bin/tool"], &[]),
            ("deleted between", &[LINK], &["-bin", "bin/tool"], &[]),
            ("deleted with its directory", &["opt/bin -> x"], &["-opt, opt/bin/tool"], &[]),
            ("made opaque", &["opt/bin -> x"], &["-opt/, opt/bin/tool"], &[]),
            ("all of it", &[LINK], &["-/, bin/tool"], &[]),
            ("something else deleted", &[LINK], &["-bi, -bin/x, -bin/, bin/tool"], &["//:1 has /bin/tool:"]),
            ("below a link that hides it", &["a/b -> x"], &["a -> c", "a/b/f"], &["//:2 has /a/b/f:"]),
            ("of unknown shape", &[LINK, "?"], &["bin/tool"], &[]),
            ("unknown below", &["?", LINK], &["?", LINK, "bin/x"], &["//:4 has /bin/x:"]),
            ("as deep as is known", &["a/b -> x"], &["^2, a/b/c"], &["//:1 has /a/b/c:"]),
            ("known of the layer between", &["a/b -> x"], &["^2", "a/b/c"], &["//:2 has /a/b/c:"]),
            ("not known of it", &["a/b -> x"], &["^1", "a/b/c"], &[]),
        ];
        for (name, base, layers, expected) in cases {
            let said = said(base, layers);
            let as_expected = said.iter().zip(expected).all(|(said, part)| said.contains(part));
            assert!(said.len() == expected.len() && as_expected, "{name}: {said:?}");
        }
    }

    #[test]
    fn many_are_counted() {
        let join = |ending: &str| (0..25).map(|i| format!("l{i:02}{ending}")).collect::<Vec<_>>().join(", ");
        let said = said(&[&join(" -> x")], &[&join("/f")]);
        assert_eq!(said.len(), MOST_NAMED + 1);
        assert_eq!(said[MOST_NAMED], "//:1 replaces 15 more links by directories");
    }
}
