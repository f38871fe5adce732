//! Where a push goes: repository and tags, all checked before anything is sent.

use std::collections::BTreeMap;

use oci::reference::{Repository, Tag};
use oci::stamp::Values;
use oci::{Descriptor, Digest};

use super::{Args, EMBEDDED};
use crate::exit::usage;
use crate::images::{self, Image};
use crate::names::Name;
use crate::spec;
use crate::target::Target;
use crate::ui::Ui;

/// Where to push: the flag, else what is declared; with another registry if one is named.
///
/// # Errors
/// If no repository is declared, or one that no registry takes.
pub(super) fn repository(target: &Target, declared: &spec::Push, args: &Args) -> anyhow::Result<Repository> {
    let name = match &args.repository {
        Some(flag) => Some(target.name(flag, "--repository")?),
        None => self::declared(target, declared)?,
    };
    let name = name.ok_or_else(|| {
        usage("no repository to push to: set the attribute repository, or say --repository")
    })?;
    let repository: Repository =
        name.text.parse().map_err(|error| usage(format!("{}: {error}", name.origin)))?;
    match args.registry.as_deref() {
        None | Some(EMBEDDED) => Ok(repository),
        Some(registry) => {
            repository.with_registry(registry).map_err(|error| usage(format!("--registry: {error}")))
        }
    }
}

/// The repository that attributes name, if one does.
///
/// # Errors
/// If it has a placeholder that nobody knows, or the file that should hold it doesn't.
pub(super) fn declared(target: &Target, declared: &spec::Push) -> anyhow::Result<Option<Name>> {
    match (&declared.repository, &declared.repository_file) {
        (Some(text), _) => target.name(text, "the attribute repository").map(Some),
        (None, Some(file)) => target.only_name(file, "a repository").map(Some),
        (None, None) => Ok(None),
    }
}

/// The path of the repository that gets the layers first, if one is declared.
///
/// # Errors
/// If no registry takes it.
pub(super) fn blob_repository(declared: &spec::Push) -> anyhow::Result<Option<String>> {
    let Some(path) = &declared.blob_repository else { return Ok(None) };
    // Only the path counts: it is a repository of the registry that is pushed to, whichever that is.
    match Repository::new("localhost", path) {
        Ok(_) => Ok(Some(path.clone())),
        Err(error) => Err(usage(format!("the attribute blob_repository: {error}"))),
    }
}

/// The tags of a push, each once.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tags {
    /// Of what is pushed, in the order of declaration.
    pub(super) root: Vec<Tag>,
    /// Of the images of an index.
    pub(super) images: Vec<(Descriptor, Tag)>,
}

/// All tags: those declared, those of the command line, and those of each platform's image.
///
/// # Errors
/// If one can't be a tag, or would have to name two images.
pub(super) fn tags(target: &Target, declared: &spec::Push, args: &Args, ui: &Ui) -> anyhow::Result<Tags> {
    let mut names = target.names("remote_tags", &declared.remote_tags, declared.remote_tags_file.as_ref())?;
    if let (true, Some(file)) = (names.is_empty(), &declared.remote_tags_file) {
        ui.say(format!("{} lists no tag", target.files.find(file)?.display()));
    }
    for flag in &args.tags {
        names.push(target.name(flag, "--tag")?);
    }
    let mut given = Given::default();
    for name in names {
        given.root(target, &parse(&name)?)?;
    }
    if !declared.platform_tags.is_empty() {
        let images = images::below(&target.content, &target.root)?;
        for template in &declared.platform_tags {
            for image in &images {
                given.image(target, template, image)?;
            }
        }
    }
    Ok(given.tags)
}

fn parse(name: &Name) -> anyhow::Result<Tag> {
    name.text.parse().map_err(|error| usage(format!("{}: {error}", name.origin)))
}

/// Tags as they are collected, with what each names.
#[derive(Default)]
struct Given {
    tags: Tags,
    /// By tag: the image, and how messages call it.
    named: BTreeMap<Tag, (Digest, String)>,
}

impl Given {
    fn root(&mut self, target: &Target, tag: &Tag) -> anyhow::Result<()> {
        if self.claim(tag, &target.root, &target.label)? {
            self.tags.root.push(tag.clone());
        }
        Ok(())
    }

    /// Expands `template` for an image: once for each tag where it names `{tag}`, else once.
    fn image(&mut self, target: &Target, template: &str, image: &Image) -> anyhow::Result<()> {
        // What is for no platform, such as an attestation, gets no tag.
        let Some(platform) = image.platform.as_ref().filter(|platform| platform.os != "unknown") else {
            return Ok(());
        };
        let mut values = target.values.clone();
        values.insert("os", platform.os.as_str());
        values.insert("arch", platform.architecture.as_str());
        values.insert("variant", platform.variant.as_deref().unwrap_or_default());
        values.insert("digest", image.descriptor.digest.hex());
        let tags: Vec<Option<Tag>> = if template.contains("{tag}") {
            self.tags.root.iter().cloned().map(Some).collect()
        } else {
            vec![None]
        };
        for tag in tags {
            let tag = expand(template, tag.as_ref(), values.clone())?;
            if !self.claim(&tag, &image.descriptor, &platform.to_string())? {
                continue;
            }
            if image.descriptor.digest == target.root.digest {
                self.tags.root.push(tag);
            } else {
                self.tags.images.push((image.descriptor.clone(), tag));
            }
        }
        Ok(())
    }

    /// Whether `tag` is new; an error where it names something else already.
    fn claim(&mut self, tag: &Tag, image: &Descriptor, what: &str) -> anyhow::Result<bool> {
        match self.named.get(tag) {
            None => {
                self.named.insert(tag.clone(), (image.digest, what.to_owned()));
                Ok(true)
            }
            Some((digest, _)) if *digest == image.digest => Ok(false),
            Some((_, other)) => Err(usage(format!(
                "platform_tags: the tag {tag} would name both {other} and {what}: let it tell them apart by {{tag}}, \
                 {{os}}, {{arch}} and {{variant}}"
            ))),
        }
    }
}

fn expand(template: &str, tag: Option<&Tag>, mut values: Values) -> anyhow::Result<Tag> {
    if let Some(tag) = tag {
        values.insert("tag", tag.as_str());
    }
    let text = values.expand_all(template).map_err(|error| usage(format!("platform_tags: {error}")))?;
    parse(&Name { text, origin: format!("platform_tags ({template:?})") })
}
