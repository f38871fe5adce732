//! The order in which `buildifier` puts `load` statements: other repositories, then this one, then this package.

use std::cmp::Ordering;

/// A label as the order sees it.
struct Parts<'a> {
    repository: &'a [u8],
    /// None for a label of this package, which goes last.
    package: Option<&'a [u8]>,
    target: &'a [u8],
}

/// Which of two loaded files comes first.
pub(super) fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let is_elsewhere = |label: &[u8]| label.starts_with(b"@");
    let elsewhere = is_elsewhere(other).cmp(&is_elsewhere(one));
    let (one, other) = (parts(one), parts(other));
    elsewhere.then_with(|| one.repository.cmp(other.repository)).then_with(|| {
        match (one.package, other.package) {
            (Some(one), Some(other)) => {
                one.is_empty().cmp(&other.is_empty()).reverse().then_with(|| compare_paths(one, other))
            }
            (one, other) => one.is_none().cmp(&other.is_none()),
        }
        .then_with(|| compare_paths(one.target, other.target))
    })
}

fn parts(label: &[u8]) -> Parts<'_> {
    let at_signs = label.iter().take_while(|&&byte| byte == b'@').count();
    if at_signs == 0 && !label.starts_with(b"//") {
        let colons = label.iter().take_while(|&&byte| byte == b':').count();
        return Parts { repository: b"", package: None, target: &label[colons..] };
    }
    let absolute = &label[at_signs..];
    let (repository, rest) = if at_signs == 0 {
        (&b""[..], absolute)
    } else {
        match absolute.iter().position(|&byte| byte == b'/') {
            Some(slash) => absolute.split_at(slash),
            None => return Parts { repository: absolute, package: Some(b""), target: absolute },
        }
    };
    let path = rest.strip_prefix(b"//").unwrap_or(rest);
    match path.iter().position(|&byte| byte == b':') {
        Some(colon) if colon + 1 < path.len() => {
            Parts { repository, package: Some(&path[..colon]), target: &path[colon + 1..] }
        }
        _ => Parts {
            repository,
            package: Some(path),
            target: path.rsplit(|&byte| byte == b'/').next().unwrap_or(path),
        },
    }
}

/// Paths piece by piece, capitals like small letters unless nothing else differs.
fn compare_paths(one: &[u8], other: &[u8]) -> Ordering {
    let pieces = |path: &[u8]| {
        path.to_ascii_lowercase().split(|&byte| byte == b'/').map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    pieces(one).cmp(&pieces(other)).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_in_the_order_of_buildifier() {
        let sorted = [
            "@a",
            "@a//:a.bzl",
            "@@a//:b.bzl",
            "@a//a:a.bzl",
            "@a//a/b:a.bzl",
            "@a//a-b:a.bzl",
            "@b//:a.bzl",
            "//:a.bzl",
            "//:b.bzl",
            "//A:b.bzl",
            "//a:a.bzl",
            "//a:b/c.bzl",
            "//a/b:a.bzl",
            "//b:a.bzl",
            ":a.bzl",
            ":B.bzl",
            "c.bzl",
        ];
        for (at, label) in sorted.iter().enumerate() {
            for after in &sorted[at + 1..] {
                assert_eq!(compare(label.as_bytes(), after.as_bytes()), Ordering::Less, "{label} {after}");
                assert_eq!(compare(after.as_bytes(), label.as_bytes()), Ordering::Greater, "{label} {after}");
            }
        }
        assert_eq!(compare(b"//a:b", b"//a:b"), Ordering::Equal);
    }
}
