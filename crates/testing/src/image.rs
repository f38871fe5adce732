//! Small images, made in memory and written where a test wants them.
//!
//! They are real: layers are tars that a runtime unpacks, and every digest fits. Equal arguments give equal
//! bytes.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    path::Path,
};

use oci::{
    Compression, Descriptor, Digest, Family, LayerJson, Manifest, Platform,
    config::{Config, History, field},
    json::canonical,
    layer_json::{self, Blob, LayerHistory},
    layout::LayoutWriter,
    manifest::Index,
    media_type::{self, Kind},
    timestamp,
};
use serde_json::json;

/// A layer: its blob and what is known of it.
#[derive(Debug, Clone)]
pub struct Layer {
    /// As `pack` writes it. Members are left out, as for an imported blob.
    pub metadata: LayerJson,
    /// The compressed tar.
    pub blob: Vec<u8>,
}

/// An image: the bytes of all its parts.
#[derive(Debug, Clone)]
pub struct Image {
    /// The manifest.
    pub manifest: Vec<u8>,
    /// The config.
    pub config: Vec<u8>,
    /// The layers, lowest first.
    pub layers: Vec<Layer>,
    /// What the image runs on.
    pub platform: Platform,
    /// Whose media types it uses.
    pub family: Family,
}

/// A layer that holds `files`, given by path and content, made by the target `label`.
#[must_use]
pub fn layer(label: &str, files: &[(&str, &[u8])], compression: Compression) -> Layer {
    let tar = tar(files);
    let blob = compress(&tar, compression);
    let metadata = LayerJson {
        v: layer_json::VERSION,
        layer_format: None,
        digest: Digest::of(&blob),
        diff_id: Digest::of(&tar),
        size: blob.len() as u64,
        uncompressed_size: Some(tar.len() as u64),
        media_type: media_type_of(Kind::layer(compression), Family::Oci).to_owned(),
        platform: None,
        annotations: [].into(),
        history: LayerHistory { created_by: label.to_owned() },
        blob: Blob::File,
        members: None,
        shape: None,
    };
    Layer { metadata, blob }
}

/// An image of these layers, with an entrypoint, a command, one variable and one label.
///
/// # Panics
/// For zstd layers in Docker's family, which has none.
#[must_use]
pub fn image(platform: &Platform, family: Family, layers: Vec<Layer>) -> Image {
    let mut config = Config::new(platform);
    let fields = [
        (field::ENTRYPOINT, json!(["/bin/base"])),
        (field::CMD, json!(["--base"])),
        (field::ENV, json!(["PATH=/usr/bin:/bin"])),
        (field::LABELS, json!({"base": "yes"})),
        (field::USER, json!("1000")),
    ];
    for (name, value) in fields {
        config.put(name, value).expect("config is an object");
    }
    config.set_created(timestamp::EPOCH);
    config.set_diff_ids(&layers.iter().map(|layer| layer.metadata.diff_id).collect::<Vec<_>>());
    let history = |layer: &Layer| History {
        created: Some(timestamp::EPOCH.to_owned()),
        created_by: Some(layer.metadata.history.created_by.clone()),
        ..History::default()
    };
    config.set_history(&layers.iter().map(history).collect::<Vec<_>>()).expect("history is JSON");
    with_config(platform, family, layers, config.to_json().expect("a config is JSON"))
}

/// An image of these layers whose config has exactly these bytes, right or wrong.
///
/// # Panics
/// For zstd layers in Docker's family, which has none.
#[must_use]
pub fn with_config(platform: &Platform, family: Family, layers: Vec<Layer>, config: Vec<u8>) -> Image {
    let descriptors = layers.iter().map(|layer| {
        let kind = media_type::kind(&layer.metadata.media_type).expect("a layer has a known media type");
        Descriptor { media_type: media_type_of(kind, family).to_owned(), ..layer.metadata.descriptor() }
    });
    let config_descriptor = Descriptor::of(media_type_of(Kind::Config, family), &config);
    let manifest = Manifest::new(family, config_descriptor, descriptors.collect());
    let manifest = canonical(&manifest).expect("a manifest is JSON");
    Image { manifest, config, layers, platform: platform.clone(), family }
}

/// An image for linux/amd64 in OCI's media types: one gzip layer with `/hello.txt`.
#[must_use]
pub fn small() -> Image {
    let layer = layer("//fixture:layer", &[("hello.txt", b"hello\n")], Compression::Gzip);
    image(&Platform::new("linux", "amd64"), Family::Oci, vec![layer])
}

/// An index of these images, in their order.
///
/// # Panics
/// Without images.
#[must_use]
pub fn index(images: &[&Image]) -> Vec<u8> {
    let family = images.first().expect("an index has images").family;
    let index = Index::new(family, images.iter().map(|image| image.descriptor()).collect());
    canonical(&index).expect("an index is JSON")
}

impl Image {
    /// The descriptor of the manifest, with the platform.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        let descriptor = Descriptor::of(media_type_of(Kind::Manifest, self.family), &self.manifest);
        Descriptor { platform: Some(self.platform.clone()), ..descriptor }
    }

    /// The digest of the manifest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }

    /// Every blob: manifest, config, layers.
    pub fn blobs(&self) -> impl Iterator<Item = &[u8]> {
        let layers = self.layers.iter().map(|layer| layer.blob.as_slice());
        [self.manifest.as_slice(), &self.config].into_iter().chain(layers)
    }

    /// Writes a layout at `dir` that holds this image alone.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write_layout(&self, dir: &Path) {
        write_layout(dir, &[self], vec![self.descriptor()], &[]);
    }

    /// Writes the parts as the outputs of actions: `manifest.json`, `config.json`, and for each layer
    /// `0.layer.json` and `0.blob`, and so on.
    ///
    /// # Panics
    /// If they cannot be written.
    pub fn write_files(&self, dir: &Path) {
        let write =
            |name: &str, bytes: &[u8]| fs::write(dir.join(name), bytes).expect("the folder is writable");
        write("manifest.json", &self.manifest);
        write("config.json", &self.config);
        for (i, layer) in self.layers.iter().enumerate() {
            write(&format!("{i}.layer.json"), &layer.metadata.to_json().expect("layer.json is JSON"));
            write(&format!("{i}.blob"), &layer.blob);
        }
    }
}

/// Writes a layout at `dir` with all blobs of `images`, further `documents` such as indexes, and these roots
/// in its `index.json`.
///
/// # Panics
/// If it cannot be written.
pub fn write_layout(dir: &Path, images: &[&Image], roots: Vec<Descriptor>, documents: &[&[u8]]) {
    let mut layout = LayoutWriter::create(dir).expect("the folder is writable");
    for blob in images.iter().flat_map(|image| image.blobs()).chain(documents.iter().copied()) {
        layout.add_bytes(blob).expect("the folder is writable");
    }
    layout.finish(roots).expect("the folder is writable");
}

fn media_type_of(kind: Kind, family: Family) -> &'static str {
    kind.media_type(family).expect("Docker's family has no zstd layers")
}

/// The entries of a tar by their paths: files with their content, all else with none.
///
/// # Panics
/// If it is no tar.
#[must_use]
pub fn entries(tar: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(tar);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").to_str().expect("UTF-8").to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("all of an entry");
        (path, bytes)
    };
    archive.entries().expect("a tar").map(read).collect()
}

/// A tar of these files: mode 0644, owner 0:0, time 0.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, *content).expect("the path fits and memory is writable");
    }
    tar.into_inner().expect("memory is writable")
}

fn compress(tar: &[u8], compression: Compression) -> Vec<u8> {
    match compression {
        Compression::None => tar.to_vec(),
        Compression::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            gzip.write_all(tar).and_then(|()| gzip.finish()).expect("memory is writable")
        }
        Compression::Zstd => zstd::bulk::compress(tar, 3).expect("memory is writable"),
    }
}
