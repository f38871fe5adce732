//! History: one entry for each layer, over what the base has.
//!
//! Invariant: if the base's history is sound, the result has as many entries with a layer as the image has
//! layers. Tools that check this refuse an image as a whole when it does not hold.

use oci::{LayerJson, config::History};

/// Adds an entry for each of `layers` to the history of a base with `base_layers` layers. A base that says
/// less than it has layers (many have no history at all) gets entries for the rest first.
pub(super) fn extend(
    mut history: Vec<History>,
    base_layers: usize,
    layers: &[LayerJson],
    created: &str,
) -> Vec<History> {
    let told = history.iter().filter(|entry| !entry.empty_layer).count();
    let created = || Some(created.to_owned());
    let untold = History {
        created: created(),
        comment: Some("layer of the base image, which says nothing about it".to_owned()),
        ..History::default()
    };
    history.extend(std::iter::repeat_n(untold, base_layers.saturating_sub(told)));
    history.extend(layers.iter().map(|layer| History {
        created: created(),
        created_by: Some(layer.history.created_by.clone()),
        ..History::default()
    }));
    history
}

#[cfg(test)]
mod tests {
    use oci::Compression;
    use testing::image;

    use super::*;

    #[test]
    fn each_layer_has_an_entry() {
        let layers = [image::layer("//app:layer", &[], Compression::None).metadata];
        let entry = |created_by: &str, empty_layer| History {
            created_by: Some(created_by.to_owned()),
            empty_layer,
            ..History::default()
        };
        let sound = vec![entry("a", false), entry("env", true), entry("b", false)];
        let cases = [
            (vec![], 0, 1),
            (sound.clone(), 2, 4),
            (sound.clone(), 4, 6),
            (vec![], 3, 4),
            // A base that tells of layers that it does not have stays as it is.
            (sound, 1, 4),
        ];
        for (base, base_layers, expected) in cases {
            let history = extend(base.clone(), base_layers, &layers, "2024-01-01T00:00:00Z");
            assert_eq!(history.len(), expected);
            assert_eq!(history[..base.len()], base);
            let last = history.last().unwrap();
            assert_eq!(last.created_by.as_deref(), Some("//app:layer"));
            assert_eq!(last.created.as_deref(), Some("2024-01-01T00:00:00Z"));
        }
    }
}
