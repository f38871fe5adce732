//! What a docker daemon cannot take, found out before any byte moves.

use oci::Compression;
use oci::media_type::{self, Kind};
use registry::content::Content;
use runtime::docker::Version;

use super::choice::Choice;
use crate::exit::{Exit, fail};

/// The most layers of an image in docker: overlayfs takes no more lower directories (docker's `maxLayerDepth`).
const MOST_LAYERS: usize = 125;

/// Checks that `daemon` can take what was chosen.
///
/// # Errors
/// It has too many layers, or layers that the daemon cannot decompress: names them.
pub(super) fn check(content: &Content, choice: &Choice, daemon: &Version) -> anyhow::Result<()> {
    if choice.most_layers > MOST_LAYERS {
        return Err(fail(
            Exit::Failed,
            format!(
                "the image has {} layers, and docker takes no more than {MOST_LAYERS}: merge some into one with \
                 oci_layer(tars = [...])",
                choice.most_layers
            ),
        ));
    }
    if daemon.reads_zstd() {
        return Ok(());
    }
    let zstd: Vec<String> = choice
        .layers
        .iter()
        .filter(|layer| media_type::kind(&layer.media_type) == Some(Kind::layer(Compression::Zstd)))
        .map(|layer| content.name(&layer.digest))
        .collect();
    if zstd.is_empty() {
        return Ok(());
    }
    Err(fail(
        Exit::Failed,
        format!(
            "docker {} cannot read layers compressed with zstd, which docker 23.0 and later can: {}. Set \
             compression = \"gzip\" on what makes them, or update docker",
            daemon.version,
            zstd.join(", ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use oci::{Descriptor, Digest};

    use super::*;

    fn daemon(release: &str) -> Version {
        Version {
            version: release.to_owned(),
            os: "linux".to_owned(),
            arch: "amd64".to_owned(),
            components: vec![],
        }
    }

    fn choice(layers: usize, compression: Compression) -> Choice {
        let media_type =
            Kind::layer(compression).media_type(oci::Family::Oci).expect("OCI has all compressions");
        let layers: Vec<Descriptor> =
            (0..layers).map(|at| Descriptor::new(media_type, Digest::of(&at.to_le_bytes()), 1)).collect();
        Choice { pull: Digest::of(b""), platform: None, most_layers: layers.len(), layers }
    }

    #[test]
    fn limits() {
        use Compression::{Gzip, None, Zstd};
        for (layers, compression, release, expected) in [
            (125, Gzip, "20.10.24+dfsg1", Ok(())),
            (126, Gzip, "28.2.2", Err("126 layers, and docker takes no more than 125")),
            (1, None, "20.10.24+dfsg1", Ok(())),
            (1, Zstd, "23.0.0", Ok(())),
            (2, Zstd, "20.10.24+dfsg1", Err("docker 20.10.24+dfsg1 cannot read layers compressed with zstd")),
        ] {
            let choice = choice(layers, compression);
            let mut content = Content::new();
            content.label(choice.layers[0].digest, "//app:lowest");
            match (check(&content, &choice, &daemon(release)), expected) {
                (Ok(()), Ok(())) => {}
                (Err(error), Err(part)) => {
                    let text = error.to_string();
                    assert!(text.contains(part), "{text}");
                    assert!(compression != Zstd || text.contains("//app:lowest"), "{text}");
                }
                (found, _) => panic!("{layers} layers of {compression:?} into {release}: {found:?}"),
            }
        }
    }
}
