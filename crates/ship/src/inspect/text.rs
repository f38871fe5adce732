//! A report for people: what they ask first comes first, and nothing that isn't there.

use std::fmt::Write as _;

use oci::report::{IndexReport, Layer, Report};
use serde_json::{Map, Value};

use crate::ui::{bytes, count};

/// Fields of the config that people look for, in the order in which they do. What else there is follows.
const FIELDS: [&str; 6] = ["Entrypoint", "Cmd", "WorkingDir", "User", "Env", "ExposedPorts"];
/// The width of the names of fields.
const NAME: usize = 14;

/// The report as text.
pub(super) fn show(report: &Report) -> String {
    let mut text = format!("{}\n", report.label);
    field(&mut text, "Digest", &report.digest.to_string());
    if let Some(platform) = &report.platform {
        field(&mut text, "Platform", &platform.to_string());
    }
    let layers = count(report.layers.len(), "layer");
    field(&mut text, "Size", &format!("{} in {layers}", bytes(report.size)));
    field(&mut text, "Media type", &report.media_type);
    if let Some(Value::String(created)) = report.config.get("created") {
        field(&mut text, "Created", created);
    }
    let annotations = report.annotations.iter().map(|(key, value)| format!("{key}={value}"));
    list(&mut text, "Annotations", annotations);
    config(&mut text, report);
    text.push_str("\nLayers, the lowest first\n");
    let width = report.layers.len().to_string().len();
    for (number, layer) in (1..).zip(&report.layers) {
        show_layer(&mut text, number, width, layer);
    }
    if !report.replaced_links.is_empty() {
        text.push_str("\nLinks that layers replace\n");
        for sentence in &report.replaced_links {
            line(&mut text, format_args!("  {sentence}"));
        }
    }
    text
}

/// The report on an index as text: what it lists, then each image.
pub(super) fn show_index(report: &IndexReport) -> String {
    let mut text = format!("{}\n", report.label);
    field(&mut text, "Digest", &report.digest.to_string());
    let images = count(report.images.len(), "image");
    field(&mut text, "Size", &format!("{} in {images}, what they share counted once", bytes(report.size)));
    field(&mut text, "Media type", &report.media_type);
    let annotations = report.annotations.iter().map(|(key, value)| format!("{key}={value}"));
    list(&mut text, "Annotations", annotations);
    text.push_str("\nImages\n");
    let platforms: Vec<String> = report
        .images
        .iter()
        .map(|image| image.platform.as_ref().map_or_else(|| "(none)".to_owned(), ToString::to_string))
        .collect();
    let width = platforms.iter().map(String::len).max().unwrap_or_default();
    for (platform, image) in platforms.iter().zip(&report.images) {
        let size = bytes(image.size);
        line(&mut text, format_args!("  {platform:<width$}  {size:>9}  {}  {}", image.digest, image.label));
    }
    for image in &report.images {
        text.push('\n');
        text.push_str(&show(image));
    }
    text
}

/// What a container starts with.
fn config(text: &mut String, report: &Report) {
    let Some(Value::Object(config)) = report.config.get("config") else { return };
    let known = FIELDS.iter().filter_map(|name| Some((*name, config.get(*name)?)));
    let rest = config.iter().filter(|(name, _)| !FIELDS.contains(&name.as_str()));
    let mut shown = String::new();
    for (name, value) in known.chain(rest.map(|(name, value)| (name.as_str(), value))) {
        match value {
            Value::Null => {}
            Value::String(value) if value.is_empty() => {}
            Value::String(value) => field(&mut shown, name, &printable(value)),
            // Commands are shown as what they are: one text an argument.
            Value::Array(items) if !matches!(name, "Entrypoint" | "Cmd" | "Shell") => {
                list(&mut shown, name, items.iter().map(plain));
            }
            Value::Object(pairs)
                if pairs.values().all(|value| value.as_object().is_some_and(Map::is_empty)) =>
            {
                list(&mut shown, name, pairs.keys().cloned());
            }
            Value::Object(pairs) => {
                list(&mut shown, name, pairs.iter().map(|(key, value)| format!("{key}={}", plain(value))));
            }
            value => field(&mut shown, name, &value.to_string()),
        }
    }
    if !shown.is_empty() {
        text.push_str("\nConfig\n");
        text.push_str(&shown);
    }
}

fn show_layer(text: &mut String, number: usize, width: usize, layer: &Layer) {
    let created_by = layer.created_by.as_deref().unwrap_or("(nothing is said of it)");
    let unseen = if layer.unseen { "  (in a registry: not looked into)" } else { "" };
    line(
        text,
        format_args!(
            "  {number:>width$}  {:>9}  {}  {}{unseen}",
            bytes(layer.size),
            layer.digest,
            printable(created_by)
        ),
    );
}

/// A value of a list or a map.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// A field with one value.
fn field(text: &mut String, name: &str, value: &str) {
    line(text, format_args!("  {name:<NAME$}{value}"));
}

/// A field with a value a line; nothing if there is none.
fn list(text: &mut String, name: &str, values: impl Iterator<Item = String>) {
    for (at, value) in values.enumerate() {
        field(text, if at == 0 { name } else { "" }, &printable(&value));
    }
}

/// A value on one line, and without what a terminal would take for a command.
fn printable(value: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    value.chars().map(escape).collect()
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{}", arguments.to_string().trim_end());
}

#[cfg(test)]
mod tests {
    use oci::Digest;
    use serde_json::json;

    use super::*;

    fn report() -> Report {
        let layer = |created_by: Option<&str>, size, content: &[u8]| Layer {
            created_by: created_by.map(str::to_owned),
            digest: Digest::of(content),
            size,
            media_type: "application/vnd.oci.image.layer.v1.tar+gzip".into(),
            diff_id: None,
            annotations: [].into(),
            // The lowest, which nothing is said of, is in a registry alone.
            unseen: created_by.is_none(),
        };
        Report {
            v: oci::report::VERSION,
            label: "//app:image".into(),
            digest: Digest::of(b"manifest"),
            media_type: "application/vnd.oci.image.manifest.v1+json".into(),
            size: 27_101_234,
            platform: Some(oci::Platform::new("linux", "amd64")),
            annotations: [("a".to_owned(), "two\nlines".to_owned())].into(),
            config: json!({
                "created": "1970-01-01T00:00:00Z",
                "config": {
                    "Env": ["PATH=/bin", "A=\u{1b}[31m"], "Entrypoint": ["/app", "two words"], "Cmd": null,
                    "Labels": {"k": "v"}, "User": "", "ExposedPorts": {"80/tcp": {}},
                    "Healthcheck": {"Test": ["CMD", "/app"], "Retries": 3},
                },
            })
            .as_object()
            .cloned()
            .unwrap_or_default(),
            layers: vec![layer(None, 27_100_000, b"1"), layer(Some("//app:layer"), 12, b"2")],
            replaced_links: vec!["/bin -> usr/bin of //base:debian would be replaced".into()],
        }
    }

    #[test]
    fn everything() {
        let expected = "\
//app:image
  Digest        sha256:5cb3d7ce7dd9bea6abb2a2e7cfd2fc0a2c1d6b5c
  Platform      linux/amd64
  Size          27.1 MB in 2 layers
  Media type    application/vnd.oci.image.manifest.v1+json
  Created       1970-01-01T00:00:00Z
  Annotations   a=two\\nlines

Config
  Entrypoint    [\"/app\",\"two words\"]
  Env           PATH=/bin
                A=\\u{1b}[31m
  ExposedPorts  80/tcp
  Healthcheck   Retries=3
                Test=[\"CMD\",\"/app\"]
  Labels        k=v

Layers, the lowest first
  1    27.1 MB  ONE  (nothing is said of it)  (in a registry: not looked into)
  2       12 B  TWO  //app:layer

Links that layers replace
  /bin -> usr/bin of //base:debian would be replaced
"
        .replace("sha256:5cb3d7ce7dd9bea6abb2a2e7cfd2fc0a2c1d6b5c", &Digest::of(b"manifest").to_string())
        .replace("ONE", &Digest::of(b"1").to_string())
        .replace("TWO", &Digest::of(b"2").to_string());
        assert_eq!(show(&report()), expected);
    }

    #[test]
    fn an_index_and_then_each_image() {
        let arm64 = Report {
            label: "//app:other".into(),
            platform: Some("linux/arm64/v8".parse().unwrap()),
            size: 1,
            ..report()
        };
        let index = IndexReport {
            v: oci::report::VERSION,
            label: "//app:index".into(),
            digest: Digest::of(b"index"),
            media_type: "application/vnd.oci.image.index.v1+json".into(),
            size: 27_101_500,
            annotations: [("a".to_owned(), "b".to_owned())].into(),
            images: vec![report(), arm64.clone(), Report { platform: None, ..report() }],
        };
        let image = Digest::of(b"manifest");
        let expected = format!(
            "\
//app:index
  Digest        {}
  Size          27.1 MB in 3 images, what they share counted once
  Media type    application/vnd.oci.image.index.v1+json
  Annotations   a=b

Images
  linux/amd64       27.1 MB  {image}  //app:image
  linux/arm64/v8        1 B  {image}  //app:other
  (none)            27.1 MB  {image}  //app:image

{}
{}
",
            Digest::of(b"index"),
            show(&report()),
            show(&arm64),
        );
        let text = show_index(&index);
        assert!(text.starts_with(&expected), "{text}");
    }

    #[test]
    fn nothing_that_is_not_there() {
        let mut report = report();
        (report.platform, report.layers, report.replaced_links) = (None, vec![], vec![]);
        report.annotations.clear();
        report.config.clear();
        let text = show(&report);
        for absent in ["Platform", "Config", "Annotations", "Links"] {
            assert!(!text.contains(absent), "{text}");
        }
        assert!(text.contains("in 0 layers"), "{text}");
    }
}
