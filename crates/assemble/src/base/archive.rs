//! Archives as bases, told by what is in them.

use std::path::Path;

use ::layer::members::Members;
use anyhow::{Result, bail};
use oci::archive::DOCKER_MANIFEST;

use super::{
    Image,
    choose::Wanted,
    docker, layout,
    store::{Store, read_small},
    tree::Tree,
};

/// Finds the image of an archive, and puts its layers into `tree`.
pub(super) fn find(
    path: &Path,
    wanted: Wanted<'_>,
    tree: &Tree,
    warn: &mut dyn FnMut(&str),
) -> Result<Image> {
    let members = Members::open(path, tree.beside())?;
    // First, since an archive of Docker 25 or later is both, and only this has the image's manifest.
    if let Some(store) = Store::in_archive(&members)? {
        let found = layout::find(&store, wanted)?;
        layout::copy_layers(&store, &found, tree)?;
        return Ok(found.into());
    }
    match read_small(&members, DOCKER_MANIFEST)? {
        Some(manifest) => docker::find(&members, &manifest, wanted, tree, warn),
        None => bail!("{}", what_else(&members)),
    }
}

/// What an archive is that holds no image, and what to do.
fn what_else(members: &Members) -> &'static str {
    let has = |name: &[u8]| members.names().any(|member| member == name);
    if has(b"oci-layout") || has(b"index.json") {
        "it looks like an OCI image layout and lacks oci-layout, index.json or what that lists: make it again, with \
         `tar -C LAYOUT -cf FILE .`"
    } else if has(b"repositories") {
        "it was saved by a Docker before 1.10, which wrote no manifest.json: load it into a newer one, and save it again"
    } else if [&b"etc"[..], b"usr", b"bin"].into_iter().filter(|name| has(name)).count() > 1 {
        "it is a file system, as `docker export` writes it, and no image: give it to oci_image as one of its tars, or save the \
         image with `docker save`"
    } else {
        "it is no archive of an image: it has neither manifest.json, as `docker save` writes it, nor oci-layout and \
         index.json, as an OCI image layout has them. A layer goes into tars, not into base"
    }
}
