//! The names of the image in an archive, and so in the runtime that loads it.

use crate::reference::{Reference, ReferenceError, Tag};

/// Reads names, each once, in their order, with `latest` where there is no tag: Docker refuses an archive otherwise.
///
/// # Errors
/// [`NameError`]
pub fn names<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Reference>, NameError> {
    let mut names: Vec<Reference> = Vec::new();
    for text in texts {
        let name = name(text)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Reads one name, with `latest` where there is no tag.
///
/// # Errors
/// [`NameError`]
pub fn name(text: &str) -> Result<Reference, NameError> {
    let invalid = |source| NameError::Invalid { name: text.to_owned(), source };
    let mut name: Reference = text.parse().map_err(invalid)?;
    if name.digest.is_some() {
        return Err(NameError::Digest { name: text.to_owned() });
    }
    if name.tag.is_none() {
        name.tag = Some("latest".parse::<Tag>().map_err(invalid)?);
    }
    Ok(name)
}

/// Why a text cannot name an image, in an archive or a runtime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no reference.
    #[error("`{name}` is no name for an image")]
    Invalid {
        /// The text.
        name: String,
        /// What is wrong with it.
        source: ReferenceError,
    },
    /// It has a digest.
    #[error(
        "`{name}` is no name for an image: a digest follows from its content and cannot be given; leave out what comes \
         after the @"
    )]
    Digest {
        /// The text.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn names_are_completed_and_taken_once() {
        let cases: [(&[&str], &[&str]); 3] = [
            (&[], &[]),
            (&["app", "app:latest", "docker.io/library/app"], &["app:latest"]),
            (&["b:2", "localhost:5000/team/app:v1"], &["b:2", "localhost:5000/team/app:v1"]),
        ];
        for (given, expected) in cases {
            let found: Vec<_> =
                names(given.iter().copied()).unwrap().iter().map(Reference::familiar).collect();
            assert_eq!(found, expected, "{given:?}");
        }
    }

    #[test]
    fn what_is_no_name() {
        let pinned = format!("app@{}", Digest::of(b""));
        for (given, expected) in [("App", "`App` is no name"), (&*pinned, "leave out what comes after the @")]
        {
            let error = names([given]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
