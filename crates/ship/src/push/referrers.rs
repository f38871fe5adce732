//! Which artifacts go with what is pushed, and in which order.
//!
//! The build has checked that each is about something of the image or index. With `--platform` only a part of an index is
//! pushed, and what is about the rest stays behind.

use std::collections::BTreeSet;

use oci::Descriptor;
use registry::content::{Content, ContentError, is_document};
use registry::referrers::entry;

use crate::target::Target;
use crate::ui::Ui;

/// The artifacts to attach, each after what it is about; says which are left out.
///
/// # Errors
/// If a manifest or index can't be read.
pub(super) fn of(target: &Target, ui: &Ui) -> anyhow::Result<Vec<Descriptor>> {
    let Chosen { attached, left } = choose(&target.content, &target.root, &target.referrers)?;
    for artifact in left {
        let name = target.content.name(&artifact.digest);
        ui.say(format!("not attached: {name}, which is about something that is not pushed"));
    }
    Ok(attached)
}

/// What goes along, and what doesn't.
#[derive(Debug)]
struct Chosen {
    attached: Vec<Descriptor>,
    left: Vec<Descriptor>,
}

fn choose(content: &Content, root: &Descriptor, referrers: &[Descriptor]) -> Result<Chosen, ContentError> {
    let documents = content.walk(root)?.into_iter().filter(is_document);
    let mut there: BTreeSet<_> = documents.map(|document| document.digest).collect();
    let mut chosen = Chosen { attached: Vec::new(), left: referrers.to_vec() };
    // Each round takes those whose subject an earlier one took; there are as many rounds as artifacts at most.
    loop {
        let mut rest = Vec::new();
        let before = chosen.attached.len();
        for artifact in chosen.left {
            let subject = entry(&artifact, &content.document(&artifact.digest)?).map(|(subject, _)| subject);
            if subject.is_some_and(|subject| there.contains(&subject)) {
                there.insert(artifact.digest);
                chosen.attached.push(artifact);
            } else {
                rest.push(artifact);
            }
        }
        chosen.left = rest;
        if chosen.attached.len() == before {
            return Ok(chosen);
        }
    }
}

#[cfg(test)]
mod tests {
    use oci::{Digest, Family, Platform};
    use registry::content::Source;
    use testing::artifact::{Artifact, sbom};
    use testing::image::{image, index};

    use super::*;

    #[test]
    fn in_order_and_only_what_is_about_what_is_pushed() {
        let [amd64, arm64] =
            ["amd64", "arm64"].map(|arch| image(&Platform::new("linux", arch), Family::Oci, vec![]));
        let index = index(&[&amd64, &arm64]);
        let index_descriptor = Descriptor::of(oci::media_type::OCI_INDEX, &index);
        let about_index = sbom("index", &index_descriptor);
        let about_amd64 = sbom("amd64", &amd64.descriptor());
        let about_sbom = sbom("sbom", &about_amd64.descriptor());
        let about_nothing_here = sbom("x", &Descriptor::of(oci::media_type::OCI_MANIFEST, b"elsewhere"));
        let artifacts = [&about_sbom, &about_index, &about_nothing_here, &about_amd64];
        let mut content = Content::new();
        let manifests = artifacts.iter().map(|artifact| &artifact.manifest);
        for bytes in manifests.chain([&index, &amd64.manifest, &arm64.manifest]) {
            content.insert(Digest::of(bytes), Source::Bytes(bytes.clone().into()));
        }
        let descriptors = artifacts.map(Artifact::descriptor);
        let [of_sbom, of_index, of_other, of_amd64] = &descriptors;
        for (root, attached, left) in [
            (index_descriptor, vec![of_index, of_amd64, of_sbom], vec![of_other]),
            (amd64.descriptor(), vec![of_amd64, of_sbom], vec![of_index, of_other]),
            (arm64.descriptor(), vec![], vec![of_sbom, of_index, of_other, of_amd64]),
        ] {
            let chosen = choose(&content, &root, &descriptors).unwrap();
            assert_eq!(chosen.attached.iter().collect::<Vec<_>>(), attached);
            assert_eq!(chosen.left.iter().collect::<Vec<_>>(), left);
        }
    }
}
