//! What a load moved, in words.

use std::collections::BTreeMap;
use std::time::Duration;

use oci::{Descriptor, Digest};
use registry::content::Content;
use registry::serve::Served;

use crate::ui::{bytes as readable, seconds};

/// A line for each of `layers` that was handed out, and one for the whole.
pub(super) fn lines(
    content: &Content,
    layers: &[Descriptor],
    served: &[Served],
    took: Duration,
) -> Vec<String> {
    let bytes: BTreeMap<Digest, u64> = served.iter().map(|served| (served.digest, served.bytes)).collect();
    let moved: Vec<(&Descriptor, u64)> =
        layers.iter().filter_map(|layer| Some((layer, *bytes.get(&layer.digest)?))).collect();
    let mut lines: Vec<String> = moved
        .iter()
        .map(|(layer, bytes)| format!("moved: {}, {}", name(content, &layer.digest), readable(*bytes)))
        .collect();
    lines.push(format!(
        "already there: {} of {} layers; moved: {} of {}, in {}",
        layers.len() - moved.len(),
        layers.len(),
        readable(moved.iter().map(|(_, bytes)| bytes).sum()),
        readable(layers.iter().map(|layer| layer.size).sum()),
        seconds(took),
    ));
    lines
}

/// A line for an archive of so many bytes.
pub(super) fn archive(sent: u64, took: Duration) -> String {
    format!("moved: an archive of {}, in {}", readable(sent), seconds(took))
}

/// The target that made a layer; the digest for those of bases.
fn name(content: &Content, digest: &Digest) -> String {
    content.label_of(digest).map_or_else(|| digest.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_and_what_was_there() {
        let layer = |text: &str, size| Descriptor::new("layer", Digest::of(text.as_bytes()), size);
        let layers = [layer("base", 5_000_000), layer("lib", 1_000), layer("app", 143)];
        let mut content = Content::new();
        content.label(layers[2].digest, "//app:layer");
        let served = |layer: &Descriptor| Served { digest: layer.digest, bytes: layer.size };
        // The manifest is handed out too, and is no layer.
        let manifest = Served { digest: Digest::of(b"manifest"), bytes: 700 };
        let took = Duration::from_millis(1234);

        assert_eq!(
            lines(&content, &layers, &[manifest, served(&layers[2])], took),
            ["moved: //app:layer, 143 B", "already there: 2 of 3 layers; moved: 143 B of 5.0 MB, in 1.2 s"]
        );
        assert_eq!(
            lines(&content, &layers, &[manifest], took),
            ["already there: 3 of 3 layers; moved: 0 B of 5.0 MB, in 1.2 s"]
        );
        let moved = lines(&content, &layers, &[served(&layers[0])], took);
        assert_eq!(moved[0], format!("moved: {}, 5.0 MB", layers[0].digest));
    }
}
