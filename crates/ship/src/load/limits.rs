//! What a runtime cannot take, found out before any byte moves.

use runtime::{About, Kind};

use super::choice::Choice;
use crate::exit::{Exit, fail};

/// Checks that a runtime can take what was chosen.
///
/// # Errors
/// It has too many layers.
pub(super) fn check(kind: Kind, about: &About, choice: &Choice) -> anyhow::Result<()> {
    match about.most_layers {
        Some(most) if choice.most_layers > most => Err(fail(
            Exit::Failed,
            format!(
                "the image has {} layers, and {kind} takes no more than {most}: merge some into one with \
                 oci_layer(tars = [...])",
                choice.most_layers
            ),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use oci::{Descriptor, Digest, Platform};

    use super::*;

    #[test]
    fn layers_are_counted_where_there_is_a_limit() {
        for (layers, most, expected) in [
            (125, Some(125), None),
            (126, Some(125), Some("126 layers, and docker takes no more than 125")),
            (500, None, None),
        ] {
            let about = About {
                release: "20.10.24+dfsg1".to_owned(),
                platform: Platform::new("linux", "amd64"),
                place: "unix:///var/run/docker.sock".to_owned(),
                namespace: None,
                reads_zstd: false,
                most_layers: most,
            };
            let image = Descriptor::new(oci::media_type::OCI_MANIFEST, Digest::of(b""), 0);
            let choice =
                Choice { pull: image.digest, image, platform: None, most_layers: layers, layers: vec![] };
            let found = check(Kind::Docker, &about, &choice).err().map(|error| error.to_string());
            match (found, expected) {
                (None, None) => {}
                (Some(found), Some(expected)) => assert!(found.contains(expected), "{found}"),
                (found, _) => panic!("{layers} of {most:?}: {found:?}"),
            }
        }
    }
}
