//! What a token must allow (distribution spec, token authentication, "Requesting a Token").

use std::collections::BTreeSet;

/// Repositories and what is done with them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    repository: String,
    push: bool,
    mount_from: BTreeSet<String>,
}

impl Scope {
    /// Reading from `repository`.
    #[must_use]
    pub fn pull(repository: &str) -> Self {
        Self { repository: repository.to_owned(), push: false, mount_from: BTreeSet::new() }
    }

    /// Writing to `repository`, with blobs mounted from others: all named at once, since a registry that hands out
    /// tokens decides by the token whether a mount is allowed.
    #[must_use]
    pub fn push(repository: &str, mount_from: BTreeSet<String>) -> Self {
        Self { repository: repository.to_owned(), push: true, mount_from }
    }

    /// The same, with blobs mounted from this repository too.
    #[must_use]
    pub(crate) fn and_mount_from(&self, other: &str) -> Self {
        let mut scope = self.clone();
        scope.mount_from.insert(other.to_owned());
        scope
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The values of the `scope` parameters.
    pub fn parameters(&self) -> impl Iterator<Item = String> + '_ {
        let actions = if self.push { "pull,push" } else { "pull" };
        let others = self.mount_from.iter().filter(|name| **name != self.repository);
        std::iter::once(format!("repository:{}:{actions}", self.repository))
            .chain(others.map(|name| format!("repository:{name}:pull")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        let mounts = ["base/x".to_owned(), "app".to_owned()].into();
        let push: Vec<_> = Scope::push("app", mounts).parameters().collect();
        assert_eq!(push, ["repository:app:pull,push", "repository:base/x:pull"]);
        assert_eq!(Scope::pull("a/b").parameters().collect::<Vec<_>>(), ["repository:a/b:pull"]);
    }
}
