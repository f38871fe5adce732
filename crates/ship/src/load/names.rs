//! The names that an image gets in a runtime.

use oci::{Reference, archive};

use crate::exit::usage;
use crate::names::Name;

/// Reads the names of an image, each once, in order, with `latest` where there is no tag.
///
/// # Errors
/// There is none, or one is no name that an image can have; says where it stands, what is wrong, and the usual fix.
pub(super) fn parse(names: &[Name]) -> anyhow::Result<Vec<Reference>> {
    let mut references: Vec<Reference> = Vec::with_capacity(names.len());
    for Name { text, origin } in names {
        let reference = archive::name(text)
            .map_err(|error| usage(format!("{origin}: {:#}", anyhow::Error::new(error))))?;
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    if references.is_empty() {
        return Err(usage("the image has no name: set repo_tags, or pass --tag NAME[:TAG]"));
    }
    Ok(references)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Result<Vec<String>, String> {
        let name = |text: &&str| Name { text: (*text).to_owned(), origin: "names.txt:3".to_owned() };
        match parse(&names.iter().map(name).collect::<Vec<_>>()) {
            Ok(references) => Ok(references.iter().map(Reference::familiar).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn each_name_is_taken_once() {
        assert_eq!(names(&["b:2", "app", "app:latest"]).unwrap(), ["b:2", "app:latest"]);
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_place_and_the_fix() {
        let pinned = format!("app@{}", oci::Digest::of(b""));
        for (given, expected) in [
            (&[][..], "pass --tag"),
            (&["App:latest"], "names.txt:3: `App:latest` is no name for an image: "),
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
