//! Where artifacts are found that are about an image: in the answers of the registry itself, or, where it has no referrers
//! API, in an index under a tag that clients keep (distribution-spec 1.1, "Pushing Manifests with Subject" and "Referrers
//! Tag Schema").
//!
//! Nothing locks that tag, so several clients may change it at once, and the later write takes the earlier one's entry
//! away. Invariant: [`list`] returns only after it has read back, a while after its own write, that all of its entries are
//! there.

use std::time::{Duration, Instant};

use oci::descriptor::Descriptor;
use oci::digest::Digest;
use oci::manifest::{Document, Index};
use oci::media_type::{Family, OCI_INDEX};
use oci::reference::Tag;

use crate::client::Client;
use crate::error::Error;
use crate::retry::jitter;
use crate::scope::Scope;

/// How often the index is written at most; it is read once more than that.
const WRITES: u32 = 8;
/// The longest pause that is not due to a slow registry.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The tag under which clients list what refers to `subject`.
#[must_use]
pub fn tag(subject: &Digest) -> Tag {
    format!("sha256-{}", subject.hex()).parse().expect("71 letters, digits and a dash are a tag")
}

/// What `document` is about, and how a list of referrers names it; `None` where it is about nothing.
#[must_use]
pub fn entry(descriptor: &Descriptor, document: &Document) -> Option<(Digest, Descriptor)> {
    let (subject, artifact_type, annotations) = match document {
        Document::Manifest(manifest) => (
            &manifest.subject,
            manifest.artifact_type.clone().or_else(|| Some(manifest.config.media_type.clone())),
            &manifest.annotations,
        ),
        Document::Index(index) => (&index.subject, index.artifact_type.clone(), &index.annotations),
    };
    let named = Descriptor::new(&descriptor.media_type, descriptor.digest, descriptor.size);
    let entry = Descriptor { artifact_type, annotations: annotations.clone(), ..named };
    Some((subject.as_ref()?.digest, entry))
}

/// Sees to it that the tag of `subject` lists `entries`, and all that it listed before.
///
/// # Errors
/// If the tag names something else than an index, or others take our entries away again and again.
pub(crate) async fn list(
    client: &Client,
    scope: &Scope,
    subject: &Digest,
    entries: &[Descriptor],
) -> Result<(), Error> {
    let tag = tag(subject);
    let failed =
        |what: String| Error::Listing { repository: scope.repository().to_owned(), tag: tag.clone(), what };
    for written in 0..=WRITES {
        let begun = Instant::now();
        let tagged = client.tagged(scope, &tag).await?;
        let (mut index, etag) = match tagged {
            None => (Index::new(Family::Oci, Vec::new()), None),
            Some(tagged) => match Document::parse(&tagged.bytes) {
                Ok(Document::Index(index)) => (index, tagged.etag),
                _ => {
                    return Err(failed(
                        "it names something else than an index, and is left as it is. Give what it names another tag, \
                         and push again"
                            .to_owned(),
                    ));
                }
            },
        };
        let missing: Vec<_> = entries
            .iter()
            .filter(|entry| index.manifests.iter().all(|there| there.digest != entry.digest))
            .cloned()
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        if written == WRITES {
            break;
        }
        index.manifests.extend(missing);
        let bytes = oci::json::canonical(&index).map_err(|error| failed(error.to_string()))?;
        let descriptor = Descriptor::of(index.media_type.as_deref().unwrap_or(OCI_INDEX), &bytes);
        client.replace_tag(scope, &tag, &descriptor, bytes.into(), etag).await?;
        tokio::time::sleep(pause(client.first_wait(), written, begun.elapsed())).await;
    }
    Err(failed(format!(
        "others change it at the same time: of {WRITES} writes none has stayed. All is pushed but for this list and the \
         tags: push again"
    )))
}

/// How long to wait before the index is read back: longer than anybody who read it before our write, and writes after it,
/// is likely to take for that; and each time longer, and not all clients alike.
fn pause(first: Duration, written: u32, took: Duration) -> Duration {
    let backoff = first.saturating_mul(1 << written.min(16)).min(LONGEST_PAUSE);
    backoff.mul_f64(0.5 + jitter() / 2.0).max(took.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use oci::Manifest;
    use oci::media_type::OCI_MANIFEST;

    use super::*;

    #[test]
    fn tags() {
        let tag = tag(&Digest::of(b"{}"));
        assert_eq!(tag.as_str(), "sha256-44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }

    #[test]
    fn entries() {
        let subject = Descriptor::of(OCI_MANIFEST, b"image");
        let mut manifest = Manifest::new(Family::Oci, Descriptor::of("a/config", b"{}"), vec![]);
        let descriptor = Descriptor::of(OCI_MANIFEST, b"artifact");
        let entry_of = |manifest: &Manifest| entry(&descriptor, &Document::Manifest(manifest.clone()));
        assert_eq!(entry_of(&manifest), None);
        manifest.subject = Some(subject.clone());
        manifest.annotations = [("k".to_owned(), "v".to_owned())].into();
        for (artifact_type, expected) in [(None, "a/config"), (Some("a/type"), "a/type")] {
            manifest.artifact_type = artifact_type.map(str::to_owned);
            let expected = Descriptor {
                artifact_type: Some(expected.to_owned()),
                annotations: manifest.annotations.clone(),
                ..descriptor.clone()
            };
            assert_eq!(entry_of(&manifest), Some((subject.digest, expected)));
        }
        let index = Index { subject: Some(subject), ..Index::new(Family::Oci, vec![]) };
        let (_, listed) = entry(&descriptor, &Document::Index(index)).unwrap();
        assert_eq!(listed.artifact_type, None);
    }

    #[test]
    fn pauses_outlast_our_own_round() {
        let (first, short) = (Duration::from_millis(100), Duration::from_millis(1));
        assert!((50..=100).contains(&pause(first, 0, short).as_millis()));
        assert!((200..=400).contains(&pause(first, 2, short).as_millis()));
        assert_eq!(pause(first, 0, Duration::from_secs(1)), Duration::from_secs(2));
        assert!(pause(first, 7, short) <= LONGEST_PAUSE);
        assert_eq!(pause(first, 7, LONGEST_PAUSE), LONGEST_PAUSE * 2);
    }
}
