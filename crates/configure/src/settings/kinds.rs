//! Kinds that stand for other kinds: gazelle's `map_kind` and `alias_kind`.

use crate::languages::Macro;

/// How often a kind is looked up in place of another before a circle is assumed; gazelle takes none that long.
const LONGEST_CHAIN: usize = 16;

/// Which kinds stand for which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    mapped: Vec<Mapping>,
    /// A macro, and the kind that it wraps.
    aliases: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mapping {
    from: String,
    to: Macro,
}

impl Kinds {
    /// `to`, loaded from `file`, is used in place of `from`.
    pub(super) fn map(&mut self, from: &str, to: &str, file: &str) {
        self.mapped.retain(|mapping| mapping.from != from);
        let to = Macro { symbol: to.to_owned(), file: file.to_owned() };
        self.mapped.push(Mapping { from: from.to_owned(), to });
    }

    /// `wrapper` is a macro that makes a `kind`.
    pub(super) fn alias(&mut self, wrapper: &str, kind: &str) {
        self.aliases.retain(|(known, _)| known != wrapper);
        self.aliases.push((wrapper.to_owned(), kind.to_owned()));
    }

    /// Whether no kind stands for another.
    pub(super) fn is_empty(&self) -> bool {
        self.mapped.is_empty() && self.aliases.is_empty()
    }

    /// All kinds that `symbol` stands for: itself first.
    pub(super) fn meanings<'s>(&'s self, symbol: &'s str) -> Vec<&'s str> {
        let mut meanings = vec![symbol];
        let mut next = 0;
        while next < meanings.len() && meanings.len() < LONGEST_CHAIN {
            let kind = meanings[next];
            let mapped = self
                .mapped
                .iter()
                .filter(|mapping| mapping.to.symbol == kind)
                .map(|mapping| mapping.from.as_str());
            let aliased =
                self.aliases.iter().filter(|(wrapper, _)| wrapper == kind).map(|(_, kind)| kind.as_str());
            for meaning in mapped.chain(aliased) {
                if !meanings.contains(&meaning) {
                    meanings.push(meaning);
                }
            }
            next += 1;
        }
        meanings
    }

    /// What is written where `image` is meant.
    pub(super) fn written<'s>(&'s self, image: &'s Macro) -> &'s Macro {
        let mut written = image;
        for _ in 0..LONGEST_CHAIN {
            match self.mapped.iter().find(|mapping| mapping.from == written.symbol) {
                Some(mapping) if mapping.to.symbol != written.symbol => written = &mapping.to,
                Some(mapping) => return &mapping.to,
                None => break,
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_for_others() {
        let mut kinds = Kinds::default();
        kinds.map("go_binary", "a_binary", "//:a.bzl");
        kinds.map("a_binary", "b_binary", "//:b.bzl");
        kinds.alias("wrapper", "b_binary");
        assert_eq!(kinds.meanings("wrapper"), ["wrapper", "b_binary", "a_binary", "go_binary"]);
        assert_eq!(kinds.meanings("other"), ["other"]);

        let of = |symbol: &str, file: &str| Macro { symbol: symbol.to_owned(), file: file.to_owned() };
        assert_eq!(*kinds.written(&of("go_binary", "//:x.bzl")), of("b_binary", "//:b.bzl"));
        assert_eq!(*kinds.written(&of("py_binary", "//:x.bzl")), of("py_binary", "//:x.bzl"));
    }

    #[test]
    fn a_kind_can_keep_its_name_and_move() {
        let mut kinds = Kinds::default();
        kinds.map("go_image", "go_image", "//:images.bzl");
        let image = Macro { symbol: "go_image".to_owned(), file: "//:x.bzl".to_owned() };
        assert_eq!(kinds.written(&image).file, "//:images.bzl");
    }

    #[test]
    fn circles_end() {
        let mut kinds = Kinds::default();
        kinds.map("a", "b", "//:b.bzl");
        kinds.map("b", "a", "//:a.bzl");
        kinds.alias("c", "c");
        assert_eq!(kinds.meanings("a"), ["a", "b"]);
        assert_eq!(kinds.meanings("c"), ["c"]);
        let image = Macro { symbol: "a".to_owned(), file: String::new() };
        assert!(["a", "b"].contains(&kinds.written(&image).symbol.as_str()));
    }
}
