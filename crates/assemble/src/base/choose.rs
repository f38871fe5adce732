//! Which image is meant, where there are several.

use anyhow::{Result, bail, ensure};
use oci::{Platform, Reference};

/// What to choose by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// The platform, where images are of several.
    pub(super) platform: Option<&'a Platform>,
    /// The name, where images have several.
    pub(super) reference: Option<&'a str>,
}

impl Wanted<'_> {
    /// Checks that something can be like that.
    pub(super) fn check(&self) -> Result<()> {
        self.platform.map_or(Ok(()), |platform| Ok(platform.check_known()?))
    }

    /// Whether one of an image's names is the wanted one; any will do if none is wanted.
    pub(super) fn takes<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        self.reference.is_none_or(|wanted| names.any(|name| same(wanted, name)))
    }
}

/// Whether two texts name the same: `app`, `app:latest` and `docker.io/library/app:latest` do.
fn same(one: &str, other: &str) -> bool {
    let full = |name: &str| {
        name.parse::<Reference>().ok().map(|reference| {
            let tag = reference.tag.as_ref().map_or_else(|| "latest".to_owned(), ToString::to_string);
            (reference.repository.to_string(), tag)
        })
    };
    one == other || full(one).is_some_and(|name| Some(name) == full(other))
}

/// An image that may be meant.
#[derive(Debug)]
pub(super) struct Candidate<T> {
    pub(super) image: T,
    pub(super) platform: Platform,
    /// Names that it has in the archive; often none.
    pub(super) names: Vec<String>,
}

/// The one candidate for the platform; without a platform, the only one.
pub(super) fn choose<T>(candidates: Vec<Candidate<T>>, platform: Option<&Platform>) -> Result<T> {
    let all = platforms(&candidates);
    let matches = |c: &Candidate<T>| platform.is_none_or(|wanted| wanted.matches(&c.platform));
    let mut matching: Vec<_> = candidates.into_iter().filter(matches).collect();
    if let Some(wanted) = platform {
        ensure!(
            !matching.is_empty(),
            "it holds no image for {wanted}, only for {all}: build for one of these, or make it anew with {wanted}"
        );
        // linux/arm also matches arm/v6, unless there is one for what linux/arm means by itself.
        let exact = |c: &Candidate<T>| c.platform.full_variant() == wanted.full_variant();
        if matching.len() > 1 && matching.iter().any(exact) {
            matching.retain(exact);
        }
    }
    let several = platforms(&matching);
    let first = matching.first().map(|candidate| &candidate.platform);
    let of_one_platform = matching.iter().all(|candidate| Some(&candidate.platform) == first);
    let names: Vec<_> = matching.iter().flat_map(|candidate| candidate.names.clone()).collect();
    match (matching.pop(), matching.is_empty(), platform) {
        (None, ..) => bail!("it holds no image"),
        (Some(only), true, _) => Ok(only.image),
        (Some(_), false, _) if of_one_platform && names.len() > 1 => bail!(
            "it holds several images for one platform: say which by oci_import(src = …, reference = {:?}). There are {}",
            names[0],
            names.join(", ")
        ),
        (Some(_), false, None) => bail!("it holds several images, for {several}: say which by a platform"),
        (Some(_), false, Some(wanted)) => bail!(
            "it holds several images that fit {wanted}, for {several}: name the variant, or make it anew with one"
        ),
    }
}

/// The platforms of candidates, for messages.
fn platforms<T>(candidates: &[Candidate<T>]) -> String {
    let mut names: Vec<_> = candidates.iter().map(|candidate| candidate.platform.to_string()).collect();
    names.sort();
    names.join(", ")
}

/// The error for a name that nothing has.
pub(super) fn no_such_name<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> anyhow::Error {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => {
            anyhow::anyhow!("it holds no image named {wanted}: its images have no names. Leave reference out")
        }
        names => anyhow::anyhow!("it holds no image named {wanted}. There are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_image() {
        let wanted = |reference| Wanted { platform: None, reference };
        for (reference, name, taken) in [
            (None, "x", true),
            (Some("app"), "docker.io/library/app:latest", true),
            (Some("app:latest"), "app", true),
            (Some("app:v1"), "app:latest", false),
            (Some("latest"), "latest", true),
            // A name in a layout may be any text.
            (Some("a b"), "a b", true),
            (Some("a b"), "c d", false),
        ] {
            assert_eq!(wanted(reference).takes([name].into_iter()), taken, "{reference:?} {name}");
        }
        assert!(!wanted(Some("x")).takes([].into_iter()));
    }

    #[test]
    fn several_of_one_platform_are_told_apart_by_name() {
        let candidate = |name: &str| Candidate {
            image: name.to_owned(),
            platform: Platform::new("linux", "amd64"),
            names: vec![name.to_owned()],
        };
        let error = choose(vec![candidate("a:1"), candidate("b:2")], None).unwrap_err().to_string();
        assert!(error.contains("reference = \"a:1\"") && error.contains("There are a:1, b:2"), "{error}");
        let unnamed = || Candidate { names: vec![], ..candidate("x") };
        let error = choose(vec![unnamed(), unnamed()], None).unwrap_err().to_string();
        assert!(error.contains("say which by a platform"), "{error}");
    }
}
