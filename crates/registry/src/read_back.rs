//! Reading an image back from a registry, to prove that it holds what was pushed.

use std::sync::Arc;

use oci::descriptor::Descriptor;
use oci::manifest::Document;

use crate::client::{Blob, Client};
use crate::content::is_document;
use crate::error::{Asked, Error};
use crate::jobs::Jobs;
use crate::plan::is_foreign;
use crate::push::in_parallel;
use crate::scope::Scope;

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    /// Manifests and indexes.
    pub manifests: usize,
    /// Configs and layers.
    pub blobs: usize,
    /// Bytes of both.
    pub bytes: u64,
}

impl std::ops::AddAssign for ReadBack {
    fn add_assign(&mut self, other: Self) {
        self.manifests += other.manifests;
        self.blobs += other.blobs;
        self.bytes += other.bytes;
    }
}

/// Reads `root` and everything that it names from `repository`, each digest once, and verifies size and digest of
/// each. Layers that are never pushed are passed over.
///
/// # Errors
/// If anything is missing or wrong.
pub async fn read_back(
    client: &Client,
    repository: &str,
    root: &Descriptor,
    jobs: usize,
) -> Result<ReadBack, Error> {
    let scope = Arc::new(Scope::pull(repository));
    let mut seen = std::collections::BTreeSet::from([root.digest]);
    let mut documents = vec![root.clone()];
    let mut blobs = Vec::new();
    let mut read = ReadBack::default();
    while let Some(descriptor) = documents.pop() {
        let bytes = client.manifest(&scope, &descriptor.digest).await?;
        read.manifests += 1;
        read.bytes += bytes.len() as u64;
        let document = Document::parse(&bytes).map_err(|error| {
            let url = format!("{}/{repository}@{}", client.registry(), descriptor.digest);
            Error::protocol(Asked { method: "GET".to_owned(), url }, error.to_string())
        })?;
        for child in document.children().filter(|child| seen.insert(child.digest)) {
            if is_document(child) {
                documents.push(child.clone());
            } else if !is_foreign(child) {
                blobs.push(child.clone());
            }
        }
    }
    read.blobs = blobs.len();
    read.bytes += blobs.iter().map(|blob| blob.size).sum::<u64>();
    let work =
        blobs.into_iter().map(|descriptor| {
            let (client, scope) = (client.clone(), Arc::clone(&scope));
            async move {
                client.verify_blob(&scope, Blob { digest: descriptor.digest, size: descriptor.size }).await
            }
        });
    in_parallel(&Jobs::new(jobs), work).await?;
    Ok(read)
}
