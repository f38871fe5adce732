//! The names that an image gets in a runtime.

use oci::Reference;
use oci::reference::Tag;

use crate::exit::usage;

/// Reads the names of an image, each once, in order, with `latest` where there is no tag.
///
/// # Errors
/// There is none, or one is no name that an image can have; says which character is wrong, and the usual fix.
pub(super) fn parse(names: &[String]) -> anyhow::Result<Vec<Reference>> {
    let mut references: Vec<Reference> = Vec::with_capacity(names.len());
    for name in names {
        let reference = parse_one(name)?;
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    if references.is_empty() {
        return Err(usage("the image has no name: set repo_tags, or pass --tag NAME[:TAG]"));
    }
    Ok(references)
}

fn parse_one(name: &str) -> anyhow::Result<Reference> {
    let mut reference: Reference =
        name.parse().map_err(|error| usage(format!("`{name}` is no name for an image: {error}")))?;
    if reference.digest.is_some() {
        return Err(usage(format!(
            "`{name}` is no name for an image: a digest follows from its content and cannot be given; leave out what \
             comes after the @"
        )));
    }
    if reference.tag.is_none() {
        let latest: Tag = "latest".parse().map_err(|error| usage(format!("`latest`: {error}")))?;
        reference.tag = Some(latest);
    }
    Ok(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Result<Vec<String>, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        match parse(&names) {
            Ok(references) => Ok(references.iter().map(Reference::familiar).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn names_are_completed_and_taken_once() {
        for (given, expected) in [
            (&["app"][..], &["app:latest"][..]),
            (&["app", "app:latest", "docker.io/library/app"], &["app:latest"]),
            (&["b:2", "a:1"], &["b:2", "a:1"]),
            (&["localhost:5000/team/app:v1"], &["localhost:5000/team/app:v1"]),
        ] {
            assert_eq!(names(given).unwrap(), expected, "{given:?}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_fix() {
        let pinned = format!("app@{}", oci::Digest::of(b""));
        for (given, expected) in [
            (&[][..], "pass --tag"),
            (&["App:latest"], "try \"app\""),
            (&["app:"], "tag \"\" is empty"),
            (&["app:a b"], "' '"),
            (&["app", pinned.as_str()], "leave out"),
        ] {
            let error = names(given).unwrap_err();
            assert!(error.contains(expected), "{given:?}: {error}");
        }
    }
}
