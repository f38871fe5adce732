//! Which of two versions of a package is later (Debian Policy, 5.6.12), for `Replaces: libx (<< 1.2)`.

use std::{cmp::Ordering, iter};

/// What a field wants of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Earlier,
    EarlierOrEqual,
    Equal,
    LaterOrEqual,
    Later,
}

impl Relation {
    /// `<< 1.2` to a relation and the version. Without one it is `=`; `<` and `>` mean `<=` and `>=`, as dpkg has it.
    pub(super) fn parse(text: &str) -> (Self, String) {
        let table = [
            ("<<", Self::Earlier),
            ("<=", Self::EarlierOrEqual),
            (">=", Self::LaterOrEqual),
            (">>", Self::Later),
            ("<", Self::EarlierOrEqual),
            (">", Self::LaterOrEqual),
            ("=", Self::Equal),
            ("", Self::Equal),
        ];
        let found = table.iter().find_map(|(sign, relation)| Some((*relation, text.strip_prefix(sign)?)));
        let (relation, version) = found.unwrap_or((Self::Equal, text));
        (relation, version.trim().to_owned())
    }

    /// Whether it holds, where `found` is what a version is beside that of the field.
    pub(super) fn holds(self, found: Ordering) -> bool {
        match self {
            Self::Earlier => found.is_lt(),
            Self::EarlierOrEqual => found.is_le(),
            Self::Equal => found.is_eq(),
            Self::LaterOrEqual => found.is_ge(),
            Self::Later => found.is_gt(),
        }
    }
}

/// Compares two versions: epoch, upstream version, revision.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let ((epoch, upstream, revision), other) = (parts(one), parts(other));
    compare_numbers(epoch, other.0)
        .then_with(|| compare_parts(upstream, other.1))
        .then_with(|| compare_parts(revision, other.2))
}

fn parts(version: &str) -> (&[u8], &[u8], &[u8]) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch.as_bytes(), upstream.as_bytes(), revision.as_bytes())
}

/// Digits and what is between them in turn.
fn compare_parts(mut one: &[u8], mut other: &[u8]) -> Ordering {
    while !one.is_empty() || !other.is_empty() {
        let (text, other_text) = (split(&mut one, false), split(&mut other, false));
        // Longer by a place, since the end is a letter of its own.
        let length = text.len().max(other_text.len()) + 1;
        let letters = |text: &[u8]| -> Vec<u16> {
            text.iter().map(|byte| rank(*byte)).chain(iter::repeat(END)).take(length).collect()
        };
        let order = letters(text).cmp(&letters(other_text));
        let order = order.then_with(|| compare_numbers(split(&mut one, true), split(&mut other, true)));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes off the digits, or what is no digit, at the beginning.
fn split<'a>(text: &mut &'a [u8], digits: bool) -> &'a [u8] {
    let end = text.iter().position(|byte| byte.is_ascii_digit() != digits).unwrap_or(text.len());
    let (taken, rest) = text.split_at(end);
    *text = rest;
    taken
}

const END: u16 = 1;

/// `~` is before the end, that before letters, and these before all else.
fn rank(byte: u8) -> u16 {
    match byte {
        b'~' => 0,
        byte if byte.is_ascii_alphabetic() => u16::from(byte),
        byte => u16::from(byte) + 256,
    }
}

/// Numbers of any length.
fn compare_numbers(one: &[u8], other: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let (one, other) = (&one[significant(one)..], &other[significant(other)..]);
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order() {
        // Each is earlier than the next. What dpkg --compare-versions says of them was looked up.
        let ordered = [
            "0~~",
            "0~~a",
            "0~",
            "0",
            "0a",
            "0+b",
            "0.1~rc1",
            "0.1",
            "0.1-1",
            "0.1-1+b1",
            "0.1-1.1",
            "0.1.0",
            "0.2",
            "0.10",
            "1.0~beta1~svc",
            "1.0~beta1",
            "1.0",
            "1.0-1~deb12u1",
            "1.0-1",
            "99999999999999999999999",
            "1:0",
            "10:0",
        ];
        for (at, version) in ordered.iter().enumerate() {
            for (other_at, other) in ordered.iter().enumerate() {
                assert_eq!(compare(version, other), at.cmp(&other_at), "{version} {other}");
            }
        }
        for (one, other) in [("1.0", "0:1.0"), ("1.0-0", "1.0"), ("01.00", "1.0"), ("1.a", "1.a0")] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
    }

    #[test]
    fn relations() {
        let cases = [
            ("<< 1", Relation::Earlier),
            ("<=1", Relation::EarlierOrEqual),
            ("= 1", Relation::Equal),
            ("1", Relation::Equal),
            (">= 1", Relation::LaterOrEqual),
            (">> 1", Relation::Later),
            ("< 1", Relation::EarlierOrEqual),
        ];
        for (text, relation) in cases {
            assert_eq!(Relation::parse(text), (relation, "1".to_owned()), "{text}");
        }
    }
}
