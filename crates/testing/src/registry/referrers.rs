//! The referrers API: what is about a digest, found among the manifests that are there (distribution-spec 1.1, "Listing
//! Referrers").

use axum::response::Response;
use oci::media_type::OCI_INDEX;
use oci::{Descriptor, Digest, Document, Family, Index};

use super::handle::item;
use super::{Request, State};

/// What a manifest is about.
pub(super) fn subject(document: &Document) -> Option<Digest> {
    let subject = match document {
        Document::Manifest(manifest) => &manifest.subject,
        Document::Index(index) => &index.subject,
    };
    subject.as_ref().map(|subject| subject.digest)
}

/// The answer to `GET /v2/<name>/referrers/<digest>`.
pub(super) fn list(state: &State, request: &Request, name: &str, digest: &str) -> Response {
    let own = state.manifests.iter().filter(|((repository, _), _)| repository == name);
    let listed = own.filter_map(|((_, found), (media_type, bytes))| {
        let document = Document::parse(bytes).ok()?;
        (subject(&document)?.to_string() == digest)
            .then(|| Descriptor::new(media_type, *found, bytes.len() as u64))
    });
    let index = Index::new(Family::Oci, listed.collect());
    let bytes = oci::json::canonical(&index).expect("an index is JSON");
    item(request, OCI_INDEX, &Digest::of(&bytes).to_string(), &bytes.into())
}
