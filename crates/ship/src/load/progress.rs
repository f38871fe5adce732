//! How far a transfer is, as bytes that a bar can count.
//!
//! Docker's messages tell what it has of each layer, also of those that it had before. Of the others it is known what was
//! handed to them.

use std::collections::BTreeMap;

use oci::Descriptor;
use runtime::docker::Progress;

/// How many digits of a layer's digest docker's messages give.
const DIGITS: usize = 12;

/// Something that happened on the way.
#[derive(Debug)]
pub(super) enum News {
    /// The runtime says so.
    Said(Progress),
    /// So many bytes were handed to it, in all.
    Handed(u64),
    /// Something for those who want to know everything.
    Detail(String),
}

/// How much of the layers the runtime has.
#[derive(Debug, Default)]
pub(super) struct Had {
    /// By the first digits of a layer's digest: its size, and what the daemon has of it, in bytes.
    layers: BTreeMap<String, (u64, u64)>,
    /// Bytes that were handed to it.
    handed: u64,
}

impl Had {
    /// Nothing of these layers yet.
    pub(super) fn none_of(layers: &[Descriptor]) -> Self {
        let start = |layer: &Descriptor| layer.digest.hex()[..DIGITS].to_owned();
        Self { layers: layers.iter().map(|layer| (start(layer), (layer.size, 0))).collect(), handed: 0 }
    }

    /// By how many bytes more the runtime has, now that it was handed `handed` in all.
    pub(super) fn handed(&mut self, handed: u64) -> u64 {
        let more = handed.saturating_sub(self.handed);
        self.handed += more;
        more
    }

    /// By how many bytes more the daemon has after `message`. A download that starts again takes nothing away.
    pub(super) fn grow(&mut self, message: &Progress) -> u64 {
        let Some((size, had)) = message.layer.as_ref().and_then(|layer| self.layers.get_mut(layer)) else {
            return 0;
        };
        let now = match (message.status.as_str(), message.bytes) {
            ("Downloading", Some((bytes, _))) => bytes.min(*size),
            ("Already exists" | "Download complete" | "Pull complete", _) => *size,
            _ => return 0,
        };
        let more = now.saturating_sub(*had);
        *had += more;
        more
    }
}

#[cfg(test)]
mod tests {
    use oci::Digest;

    use super::*;

    #[test]
    fn each_layer_is_counted_once() {
        let layers = ["a", "b"].map(|text| Descriptor::new("layer", Digest::of(text.as_bytes()), 100));
        let id = |at: usize| Some(layers[at].digest.hex()[..DIGITS].to_owned());
        let mut had = Had::none_of(&layers);
        for (layer, status, bytes, expected) in [
            (None, "Pulling from image", None, 0),
            (id(0), "Pulling fs layer", None, 0),
            (id(1), "Already exists", None, 100),
            (id(0), "Downloading", Some((30, Some(100))), 30),
            (id(0), "Downloading", Some((10, Some(100))), 0),
            (id(0), "Downloading", Some((50, Some(100))), 20),
            (id(0), "Download complete", None, 50),
            (id(0), "Extracting", Some((100, Some(100))), 0),
            (id(0), "Pull complete", None, 0),
            (Some("000000000000".to_owned()), "Download complete", None, 0),
        ] {
            let message = Progress { layer, status: status.to_owned(), bytes };
            assert_eq!(had.grow(&message), expected, "{message:?}");
        }
    }

    #[test]
    fn what_is_handed_out_only_grows() {
        let mut had = Had::default();
        assert_eq!([5, 3, 9].map(|handed| had.handed(handed)), [5, 0, 4]);
    }
}
