//! What an image consists of, as a table: the layers, with the targets that made them.

use std::collections::BTreeSet;

use oci::manifest::Document;
use registry::content::is_document;

use crate::target::Target;
use crate::ui::{bytes, count};

/// One row: layer, type, size, uncompressed size.
type Row = [String; 4];

/// The layers of `target`, each once, from the bottom up, with totals.
///
/// # Errors
/// If a manifest of the image can't be read.
pub fn table(target: &Target) -> anyhow::Result<String> {
    let mut rows: Vec<Row> = vec![["layer", "type", "size", "uncompressed"].map(str::to_owned)];
    let (mut seen, mut size, mut uncompressed) = (BTreeSet::new(), 0, Some(0));
    for descriptor in target.content.walk(&target.root)? {
        if !is_document(&descriptor) {
            continue;
        }
        let Document::Manifest(manifest) = target.content.document(&descriptor.digest)? else { continue };
        for layer in manifest.layers.iter().filter(|layer| seen.insert(layer.digest)) {
            let known = target.layers.iter().find(|known| known.metadata.digest == layer.digest);
            let name = known.map_or_else(|| layer.digest.to_string(), |known| known.label.clone());
            let unpacked = known.and_then(|known| known.metadata.uncompressed_size);
            size += layer.size;
            uncompressed = uncompressed.zip(unpacked).map(|(sum, one)| sum + one);
            rows.push([
                name,
                short_type(&layer.media_type),
                bytes(layer.size),
                unpacked.map_or("?".to_owned(), bytes),
            ]);
        }
    }
    let layers = count(rows.len() - 1, "layer");
    rows.push([layers, String::new(), bytes(size), uncompressed.map_or("?".to_owned(), bytes)]);
    Ok(aligned(&rows))
}

/// What follows the vendor in a media type: `tar+gzip` of `application/vnd.oci.image.layer.v1.tar+gzip`.
fn short_type(media_type: &str) -> String {
    match media_type.find(".tar") {
        Some(at) => media_type[at + 1..].to_owned(),
        None => media_type.to_owned(),
    }
}

/// Columns, the first two to the left and numbers to the right.
fn aligned(rows: &[Row]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    let line = |[name, kind, size, unpacked]: &Row| {
        let [a, b, c, d] = widths;
        format!("{name:a$}  {kind:b$}  {size:>c$}  {unpacked:>d$}")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned);
        let rows =
            [row(["layer", "type", "size", "uncompressed"]), row(["//a:b", "tar+gzip", "1 B", "2.0 kB"])];
        assert_eq!(
            aligned(&rows),
            "layer  type      size  uncompressed\n//a:b  tar+gzip   1 B        2.0 kB"
        );
    }

    #[test]
    fn types() {
        for (media_type, short) in [
            (oci::media_type::OCI_LAYER_ZSTD, "tar+zstd"),
            (oci::media_type::OCI_LAYER, "tar"),
            (oci::media_type::DOCKER_LAYER_GZIP, "tar.gzip"),
            ("application/wasm", "application/wasm"),
        ] {
            assert_eq!(short_type(media_type), short);
        }
    }
}
