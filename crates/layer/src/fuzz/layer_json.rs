//! `layer.json`, which may come from tools of another release.

use oci::layer_json::LayerJson;

/// Parses a `layer.json`. What is understood is written and understood the same.
pub fn layer_json(data: &[u8]) {
    let Ok(layer) = LayerJson::parse(data) else { return };
    let bytes = layer.to_json().expect("what was JSON is JSON");
    let again = LayerJson::parse(&bytes).expect("what is written is understood");
    assert_eq!(again, layer);
    assert_eq!(again.to_json().expect("as before"), bytes);
}
