//! Which image of an index goes to a runtime.
//!
//! The root is pulled, so that a store that keeps indexes keeps its digest, and the runtime chooses by the platform that
//! it is told. What is chosen here is which images it can be, for checks and messages, and the one that goes into an
//! archive.

use oci::{Descriptor, Digest, Platform};
use registry::content::Content;

use crate::exit::usage;
use crate::images::{self, Image};

/// What to ask a daemon for.
#[derive(Debug)]
pub(super) struct Choice {
    /// The digest to pull.
    pub pull: Digest,
    /// The first image that it can be.
    pub image: Descriptor,
    /// The platform to tell the daemon; `None` leaves it to its own.
    pub platform: Option<Platform>,
    /// The layers of the images that it can be, each once, the lowest first.
    pub layers: Vec<Descriptor>,
    /// The largest number of layers of one of them.
    pub most_layers: usize,
}

/// Chooses for a daemon that runs `daemon`, or for `wanted` if the user says so.
///
/// # Errors
/// Nothing is for that platform: lists the platforms there are. A manifest cannot be read.
pub(super) fn choose(
    content: &Content,
    root: &Descriptor,
    daemon: &Platform,
    wanted: Option<&Platform>,
) -> anyhow::Result<Choice> {
    let all = images::below(content, root)?;
    // A single image goes to any daemon, which may emulate its platform, unless the user asks for another one.
    let (single, sought) = (all.iter().all(|image| image.depth == 0), wanted.unwrap_or(daemon));
    let chosen: Vec<&Image> =
        all.iter().filter(|image| (single && wanted.is_none()) || image.fits(sought)).collect();
    let Some(first) = chosen.first() else {
        let none = images::none_for(sought, &all);
        return Err(usage(match wanted {
            Some(_) => none,
            None => format!(
                "{none}. The daemon runs {daemon}; --platform OS/ARCHITECTURE loads one of them all the same"
            ),
        }));
    };

    let foreign = single && !first.fits(sought);
    let mut layers: Vec<Descriptor> = Vec::new();
    for layer in chosen.iter().flat_map(|image| &image.manifest.layers) {
        if !layers.iter().any(|known| known.digest == layer.digest) {
            layers.push(layer.clone());
        }
    }
    Ok(Choice {
        // Docker's classic store takes no index inside another.
        pull: if first.depth > 1 { first.descriptor.digest } else { root.digest },
        image: first.descriptor.clone(),
        platform: if foreign { first.platform.clone() } else { wanted.cloned() },
        layers,
        most_layers: chosen.iter().map(|image| image.manifest.layers.len()).max().unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use oci::{Compression, Family};
    use registry::content::Source;
    use testing::image::{self, Image};

    use super::*;

    fn image(platform: &str) -> Image {
        let layer =
            image::layer(&format!("//app:{platform}"), &[("app", platform.as_bytes())], Compression::Gzip);
        let platform: Platform = platform.parse().expect("a platform");
        image::image(&platform, Family::Oci, vec![layer])
    }

    /// The content of `images` with `roots` on top, and the descriptor of the last of these.
    fn content(images: &[&Image], roots: &[Vec<u8>]) -> (Content, Descriptor) {
        let mut content = Content::new();
        let blobs = images.iter().flat_map(|image| image.blobs()).chain(roots.iter().map(Vec::as_slice));
        for blob in blobs {
            content.insert(Digest::of(blob), Source::Bytes(blob.to_vec().into()));
        }
        let root = roots.last().map_or_else(|| images[0].digest(), |root| Digest::of(root));
        let root = content.describe(&root).expect("a manifest or an index");
        (content, root)
    }

    fn linux(architecture: &str) -> Platform {
        Platform::new("linux", architecture)
    }

    #[test]
    fn a_single_image_goes_to_any_daemon_unless_another_is_asked_for() {
        let arm = image("linux/arm64");
        let (content, root) = content(&[&arm], &[]);
        let own = choose(&content, &root, &linux("arm64"), None).unwrap();
        assert_eq!((own.pull, own.platform, own.layers.len()), (arm.digest(), None, 1));
        // A daemon refuses an image for another platform unless it is told that this one is meant.
        let emulated = choose(&content, &root, &linux("amd64"), None).unwrap();
        assert_eq!(emulated.platform, Some(linux("arm64")));
        let error = choose(&content, &root, &linux("amd64"), Some(&linux("amd64"))).unwrap_err();
        assert_eq!(error.to_string(), "there is no image for linux/amd64; there are images for: linux/arm64");
    }

    #[test]
    fn an_index_gives_the_image_for_the_daemon() {
        let images = [image("linux/amd64"), image("linux/arm64")];
        let images: Vec<&Image> = images.iter().collect();
        let (content, root) = content(&images, &[image::index(&images)]);
        let own = choose(&content, &root, &linux("amd64"), None).unwrap();
        assert_eq!(
            (own.pull, own.platform),
            (root.digest, None),
            "the index is pulled, and the daemon chooses"
        );
        assert_eq!(own.layers[0].digest, images[0].layers[0].metadata.digest);
        let other = choose(&content, &root, &linux("amd64"), Some(&linux("arm64"))).unwrap();
        assert_eq!(other.platform, Some(linux("arm64")));
        assert_eq!(other.layers[0].digest, images[1].layers[0].metadata.digest);

        let error = choose(&content, &root, &linux("s390x"), None).unwrap_err().to_string();
        for part in ["linux/s390x", "linux/amd64, linux/arm64", "--platform"] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }

    #[test]
    fn what_names_no_platform_is_no_image_for_one() {
        let config = Descriptor::of("application/vnd.example.config.v1+json", b"{}");
        let artifact = oci::Manifest::new(Family::Oci, config, vec![]);
        let (content, root) = content(&[], &[oci::json::canonical(&artifact).unwrap()]);
        assert_eq!(choose(&content, &root, &linux("amd64"), None).unwrap().pull, root.digest);
        let error = choose(&content, &root, &linux("amd64"), Some(&linux("amd64"))).unwrap_err();
        assert_eq!(error.to_string(), "there is no image for linux/amd64; there are images for: none");
    }

    #[test]
    fn an_image_may_be_listed_for_several_platforms() {
        let data = image("linux/amd64");
        let listed = ["linux/amd64", "linux/arm64"]
            .map(|platform| Descriptor { platform: platform.parse().ok(), ..data.descriptor() });
        let index = oci::Index::new(Family::Oci, listed.into());
        let (content, root) = content(&[&data], &[oci::json::canonical(&index).unwrap()]);
        assert!(choose(&content, &root, &linux("arm64"), None).is_ok());
    }

    #[test]
    fn of_an_index_in_an_index_the_image_itself_is_pulled() {
        let amd = image("linux/amd64");
        let inner = image::index(&[&amd]);
        let descriptor = Descriptor::of(oci::media_type::OCI_INDEX, &inner);
        let outer = oci::json::canonical(&oci::Index::new(Family::Oci, vec![descriptor])).unwrap();
        let (content, root) = content(&[&amd], &[inner, outer]);
        assert_eq!(choose(&content, &root, &linux("amd64"), None).unwrap().pull, amd.digest());
    }
}
