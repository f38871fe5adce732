//! Names of images as people write them: in attributes, in files with one a line, and on the command line.
//!
//! They may hold placeholders such as `{STABLE_GIT_COMMIT}`, which get their values here, when the target runs, from
//! the status files that Bazel wrote last: so a new commit gives new tags and rebuilds no image. `{digest}` is the
//! digest of what is pushed or loaded, without `sha256:`, which no tag may hold. A name keeps its origin, so that
//! whoever finds it wrong can say where it stands.

use std::path::Path;

use anyhow::Context as _;

use crate::exit::usage;
use crate::spec;
use crate::target::Target;

/// A name, and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name, with all placeholders replaced.
    pub text: String,
    /// For messages: `--tag`, `remote_tags`, `/path/tags.txt:3`, and what was written there if that had placeholders.
    pub origin: String,
}

impl Target {
    /// A name that was written as `text` at `origin`.
    ///
    /// # Errors
    /// If it has a placeholder that nobody knows.
    pub fn name(&self, text: &str, origin: &str) -> anyhow::Result<Name> {
        let expanded = self.values.expand_all(text).map_err(|error| {
            let why = if self.stamped {
                ""
            } else {
                ". This target was built without status files, since none of its attributes names a stamp"
            };
            usage(format!("{origin}: {error}{why}"))
        })?;
        let origin = if expanded == text { origin.to_owned() } else { format!("{origin} ({text:?})") };
        Ok(Name { text: expanded, origin })
    }

    /// The names that an attribute declares, and those that a file of the build lists, in that order.
    ///
    /// # Errors
    /// As [`Target::name`], or if the file isn't found, can't be read, or isn't UTF-8.
    pub fn names(
        &self,
        attribute: &str,
        declared: &[String],
        file: Option<&spec::File>,
    ) -> anyhow::Result<Vec<Name>> {
        let declared = declared.iter().map(|text| self.name(text, attribute));
        let mut names = declared.collect::<anyhow::Result<Vec<Name>>>()?;
        if let Some(file) = file {
            let path = self.files.find(file)?;
            for (number, line) in oci::names::lines(&read(&path)?) {
                names.push(self.name(line, &format!("{}:{number}", path.display()))?);
            }
        }
        Ok(names)
    }

    /// What a load names the image: `tags`, those of the command line, or else what is declared.
    ///
    /// # Errors
    /// As [`Target::names`], or if a file that should hold names is empty.
    pub fn load_names(&self, load: &spec::Load, tags: &[String]) -> anyhow::Result<Vec<Name>> {
        let names = if tags.is_empty() {
            self.names("repo_tags", &load.repo_tags, load.repo_tags_file.as_ref())?
        } else {
            tags.iter().map(|tag| self.name(tag, "--tag")).collect::<anyhow::Result<_>>()?
        };
        if let (true, Some(file)) = (names.is_empty(), &load.repo_tags_file) {
            let file = self.files.find(file)?;
            return Err(usage(format!("{} is empty and should hold a name a line", file.display())));
        }
        Ok(names)
    }

    /// The one name that a file of the build holds; `what` says what it names, such as `a repository`.
    ///
    /// # Errors
    /// As [`Target::names`], or if the file holds no name, or several.
    pub fn only_name(&self, file: &spec::File, what: &'static str) -> anyhow::Result<Name> {
        let path = self.files.find(file)?;
        let (shown, text) = (path.display(), read(&path)?);
        let name = oci::names::only(&text, what).map_err(|error| usage(format!("{shown} {error}")))?;
        self.name(name, &shown.to_string())
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read the names in {}", path.display()))
}
