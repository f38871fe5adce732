//! What a push has to bring to a registry, decided before anything is sent.

use std::cmp::Reverse;

use oci::descriptor::Descriptor;

use crate::content::{Content, ContentError, is_document};

/// What an image consists of, in the order in which it is pushed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Every layer and config once: the largest first, so that a long upload doesn't come last alone.
    pub blobs: Vec<Descriptor>,
    /// Manifests and indexes below the root, by level: none names one of its own or a later level.
    pub levels: Vec<Vec<Descriptor>>,
    /// Layers that are never pushed, as their manifests say where else to get them.
    pub foreign: Vec<Descriptor>,
}

impl Plan {
    /// The plan for `root`. With `push_foreign`, layers that aren't to be distributed are pushed like others.
    ///
    /// # Errors
    /// If a manifest or index can't be had. Blobs are looked at when they have to be sent.
    pub fn new(content: &Content, root: &Descriptor, push_foreign: bool) -> Result<Self, ContentError> {
        let mut plan = Self { blobs: Vec::new(), levels: Vec::new(), foreign: Vec::new() };
        let mut depths = std::collections::BTreeMap::new();
        for descriptor in content.walk(root)? {
            if is_document(&descriptor) {
                let document = content.document(&descriptor.digest)?;
                let depth = document.children().filter_map(|child| depths.get(&child.digest)).max();
                let depth = depth.map_or(0, |deepest| deepest + 1);
                depths.insert(descriptor.digest, depth);
                if descriptor.digest != root.digest {
                    if plan.levels.len() <= depth {
                        plan.levels.resize(depth + 1, Vec::new());
                    }
                    plan.levels[depth].push(descriptor);
                }
            } else if !push_foreign && is_foreign(&descriptor) {
                plan.foreign.push(descriptor);
            } else {
                plan.blobs.push(descriptor);
            }
        }
        plan.blobs.sort_by_key(|blob| (Reverse(blob.size), blob.digest));
        Ok(plan)
    }

    /// The bytes of all blobs.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size).sum()
    }
}

/// Whether a layer is fetched from where its manifest says, and never pushed.
pub(crate) fn is_foreign(descriptor: &Descriptor) -> bool {
    descriptor.is_foreign_layer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Source;
    use oci::{Compression, Digest, Family, Manifest, Platform, media_type};
    use testing::image::{Image, image, index, layer};

    fn insert(content: &mut Content, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        content.insert(digest, Source::Bytes(bytes.to_vec().into()));
        digest
    }

    fn sized(arch: &str, sizes: &[usize]) -> Image {
        let content: Vec<Vec<u8>> = sizes.iter().map(|size| vec![b'x'; *size]).collect();
        let layers = content.iter().map(|bytes| layer("//app:l", &[("f", bytes)], Compression::None));
        image(&Platform::new("linux", arch), Family::Oci, layers.collect())
    }

    #[test]
    fn blobs_once_and_the_largest_first() {
        let mut content = Content::new();
        let image = sized("amd64", &[10, 90_000, 10, 4000]);
        let root = insert(&mut content, &image.manifest);
        let plan = Plan::new(&content, &content.describe(&root).unwrap(), false).unwrap();
        let sizes: Vec<u64> = plan.blobs.iter().map(|blob| blob.size).collect();
        assert_eq!(sizes.len(), 4, "three layers, one of them twice, and the config: {sizes:?}");
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
        assert_eq!(plan.bytes(), sizes.iter().sum::<u64>());
        assert!(plan.levels.is_empty() && plan.foreign.is_empty());
    }

    #[test]
    fn levels_from_the_bottom_up() {
        let mut content = Content::new();
        let (amd, arm) = (sized("amd64", &[1]), sized("arm64", &[1]));
        insert(&mut content, &amd.manifest);
        insert(&mut content, &arm.manifest);
        let inner = insert(&mut content, &index(&[&arm]));
        let outer = oci::Index::new(Family::Oci, vec![amd.descriptor(), content.describe(&inner).unwrap()]);
        let outer = insert(&mut content, &oci::json::canonical(&outer).unwrap());
        let plan = Plan::new(&content, &content.describe(&outer).unwrap(), false).unwrap();
        let levels: Vec<Vec<Digest>> =
            plan.levels.iter().map(|level| level.iter().map(|manifest| manifest.digest).collect()).collect();
        assert_eq!(levels, [vec![amd.digest(), arm.digest()], vec![inner]]);
    }

    #[test]
    fn foreign_layers_apart() {
        let mut content = Content::new();
        let foreign = Descriptor::of(media_type::OCI_FOREIGN_LAYER_GZIP, b"far away");
        let config = Descriptor::of(media_type::OCI_CONFIG, b"{}");
        let manifest = Manifest::new(Family::Oci, config.clone(), vec![foreign.clone()]);
        let root = insert(&mut content, &oci::json::canonical(&manifest).unwrap());
        let root = content.describe(&root).unwrap();
        let plan = Plan::new(&content, &root, false).unwrap();
        assert_eq!((plan.blobs, plan.foreign), (vec![config], vec![foreign]));
        assert_eq!(Plan::new(&content, &root, true).unwrap().blobs.len(), 2);
    }
}
