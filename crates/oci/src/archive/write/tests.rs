use std::{collections::BTreeMap, io::Cursor};

use serde_json::Value;

use super::*;
use crate::{archive::names, media_type, platform::Platform, verify::VerifyReader};

/// Blobs by digest, as a source of an archive.
type Store = BTreeMap<Digest, Vec<u8>>;

/// An image of these layers, given by content and media type.
fn image(store: &mut Store, layers: &[(&[u8], &str)]) -> Descriptor {
    let mut put = |media_type: &str, bytes: &[u8]| {
        let descriptor = Descriptor::of(media_type, bytes);
        store.insert(descriptor.digest, bytes.to_vec());
        descriptor
    };
    let layers = layers.iter().map(|(bytes, media_type)| put(media_type, bytes)).collect();
    let config = put(media_type::OCI_CONFIG, br#"{"architecture":"amd64","os":"linux"}"#);
    let manifest = json::canonical(&Manifest::new(Family::Oci, config, layers)).unwrap();
    let descriptor = put(media_type::OCI_MANIFEST, &manifest);
    Descriptor { platform: Some(Platform::new("linux", "amd64")), ..descriptor }
}

fn written(
    format: Format,
    root: &Descriptor,
    tags: &[&str],
    store: &Store,
) -> Result<(Vec<u8>, Written), ArchiveError> {
    let names = names(tags.iter().copied()).unwrap();
    let mut out = Vec::new();
    let archive = Archive { format, root, names: &names };
    let written = write(&archive, &mut out, |blob| Ok(store.get(&blob.digest).map(Cursor::new)))?;
    Ok((out, written))
}

fn error(format: Format, root: &Descriptor, store: &Store) -> String {
    let error = written(format, root, &[], store).unwrap_err();
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    format!("{error}: {cause}")
}

/// Path, type, mode and content of each entry, in order.
fn entries(archive: &[u8]) -> Vec<(String, tar::EntryType, u32, Vec<u8>)> {
    let mut archive = tar::Archive::new(archive);
    let read = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
        let (kind, mode) = (header.entry_type(), header.mode().unwrap());
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (path, kind, mode, content)
    };
    archive.entries().unwrap().map(read).collect()
}

#[test]
fn a_layout_with_docker_s_manifest_beside_it() {
    let mut store = Store::new();
    let root = image(&mut store, &[(b"one", media_type::OCI_LAYER), (b"two", media_type::OCI_LAYER_GZIP)]);
    let (docker, said) = written(Format::Docker, &root, &["team/app", "r.example/x:1"], &store).unwrap();
    assert_eq!(said, Written { zstd_layers: vec![], absent_layers: vec![] });
    assert_eq!(docker.len() % 512, 0);
    assert_eq!(docker[docker.len() - 1024..], [0; 1024]);
    let found = entries(&docker);
    let paths: Vec<_> = found.iter().map(|entry| entry.0.clone()).collect();
    let mut expected: Vec<_> = store.keys().map(blob_path).collect();
    expected
        .extend(["blobs/", "blobs/sha256/", "index.json", "manifest.json", "oci-layout"].map(String::from));
    expected.sort();
    assert_eq!(paths, expected);
    for (path, kind, mode, content) in &found {
        let is_directory = path.ends_with('/');
        assert_eq!(
            (kind.is_dir(), *mode),
            (is_directory, if is_directory { 0o755 } else { 0o644 }),
            "{path}"
        );
        if let Some(hex) = path.strip_prefix("blobs/sha256/").filter(|hex| !hex.is_empty()) {
            assert_eq!(Digest::of(content).hex(), hex);
        }
    }
    let json = |name: &str| -> Value {
        serde_json::from_slice(&found.iter().find(|entry| entry.0 == name).unwrap().3).unwrap()
    };
    let layer = |content: &[u8]| format!("blobs/sha256/{}", Digest::of(content).hex());
    let images = json("manifest.json");
    assert_eq!(images[0]["Layers"], json!([layer(b"one"), layer(b"two")]));
    assert_eq!(images[0]["RepoTags"], json!(["team/app:latest", "r.example/x:1"]));
    let index: Index = serde_json::from_value(json("index.json")).unwrap();
    let names: Vec<_> =
        index.manifests.iter().map(|m| (&*m.annotations[REF_NAME], &*m.annotations[IMAGE_NAME])).collect();
    assert_eq!(names, [("team/app:latest", "docker.io/team/app:latest"), ("r.example/x:1", "r.example/x:1")]);
    assert!(index.manifests.iter().all(|manifest| manifest.digest == root.digest));
    assert_eq!(index.manifests[0].platform, root.platform);
    assert_eq!(json("oci-layout"), json!({"imageLayoutVersion": "1.0.0"}));

    let (oci, _) = written(Format::Oci, &root, &["team/app", "r.example/x:1"], &store).unwrap();
    let mut rest = found;
    rest.retain(|entry| entry.0 != "manifest.json");
    assert_eq!(entries(&oci), rest, "the formats differ by one file");
}

#[test]
fn equal_bytes_and_no_names() {
    let mut store = Store::new();
    let root = image(&mut store, &[(b"one", media_type::OCI_LAYER), (b"one", media_type::OCI_LAYER)]);
    for format in [Format::Docker, Format::Oci] {
        let (first, _) = written(format, &root, &[], &store).unwrap();
        assert_eq!(written(format, &root, &[], &store).unwrap().0, first);
        let index = entries(&first).into_iter().find(|entry| entry.0 == "index.json").unwrap().3;
        let index: Index = serde_json::from_slice(&index).unwrap();
        assert_eq!(index.manifests, std::slice::from_ref(&root));
        assert_eq!(entries(&first).iter().filter(|entry| entry.3 == b"one").count(), 1);
    }
}

#[test]
fn an_index() {
    let mut store = Store::new();
    let images = [
        image(&mut store, &[(b"a", media_type::OCI_LAYER)]),
        image(&mut store, &[(b"b", media_type::OCI_LAYER)]),
    ];
    let index = json::canonical(&Index::new(Family::Oci, images.to_vec())).unwrap();
    let root = Descriptor::of(media_type::OCI_INDEX, &index);
    store.insert(root.digest, index);
    let (oci, _) = written(Format::Oci, &root, &["x"], &store).unwrap();
    assert_eq!(entries(&oci).len(), 2 + store.len() + 2);
    assert!(error(Format::Docker, &root, &store).contains("set format = \"oci\""));
}

#[test]
fn what_docker_cannot_have() {
    let mut store = Store::new();
    let root = image(&mut store, &[(b"z", media_type::OCI_LAYER_ZSTD)]);
    let (_, said) = written(Format::Docker, &root, &[], &store).unwrap();
    assert_eq!(said.zstd_layers, [Digest::of(b"z")]);

    let root = image(&mut store, &[(b"foreign", media_type::OCI_FOREIGN_LAYER_GZIP)]);
    written(Format::Docker, &root, &[], &store).unwrap();
    store.remove(&Digest::of(b"foreign"));
    let (_, said) = written(Format::Oci, &root, &[], &store).unwrap();
    assert_eq!(said.absent_layers, [Digest::of(b"foreign")]);
    assert!(error(Format::Docker, &root, &store).contains("may not be distributed"));

    let config = Descriptor::of("application/x", b"{}");
    let artifact = json::canonical(&Manifest::new(Family::Oci, config, vec![])).unwrap();
    let root = Descriptor::of(media_type::OCI_MANIFEST, &artifact);
    store.extend([(root.digest, artifact), (Digest::of(b"{}"), b"{}".to_vec())]);
    written(Format::Oci, &root, &[], &store).unwrap();
    assert!(error(Format::Docker, &root, &store).contains("config of application/x"));
}

#[test]
fn what_is_missing_or_wrong() {
    let mut store = Store::new();
    let root = image(&mut store, &[(b"layer", media_type::OCI_LAYER)]);
    let layer = Digest::of(b"layer");
    for (content, expected) in [
        (
            None,
            format!("{layer} (application/vnd.oci.image.layer.v1.tar) is a part of the image, and nothing"),
        ),
        (Some(&b"laye"[..]), format!("at hand for {layer} are 4 or more")),
        (Some(b"layer!"), format!("at hand for {layer} are 6 or more")),
    ] {
        let mut store = store.clone();
        store.remove(&layer);
        store.extend(content.map(|content| (layer, content.to_vec())));
        let error = error(Format::Oci, &root, &store);
        assert!(error.contains(&expected), "{error}");
    }
    // A reader that verifies: the size is right and the digest is not.
    let mut out = Vec::new();
    let archive = Archive { format: Format::Oci, root: &root, names: &[] };
    let wrong = write(&archive, &mut out, |blob| {
        let bytes = if blob.digest == layer { b"LAYER".to_vec() } else { store[&blob.digest].clone() };
        Ok(Some(VerifyReader::new(Cursor::new(bytes), blob.digest, blob.size)))
    });
    assert!(matches!(wrong, Err(ArchiveError::Parts(PartsError::Read { digest, .. })) if digest == layer));

    let mut damaged = store.clone();
    damaged.insert(root.digest, vec![b'x'; usize::try_from(root.size).unwrap()]);
    assert!(error(Format::Oci, &root, &damaged).contains("its digest is"));
    let text = Descriptor::of(media_type::OCI_MANIFEST, b"text");
    store.insert(text.digest, b"text".to_vec());
    assert!(error(Format::Oci, &text, &store).contains("cannot understand"));
    let huge = Descriptor { size: crate::layout::MAX_DOCUMENT + 1, ..text };
    assert!(error(Format::Oci, &huge, &store).contains("should be a manifest"));
}

#[test]
fn blobs_of_eight_gibibytes_have_a_size() {
    let size = (8 << 30) + 1;
    let mut out = Vec::new();
    Tar { out: &mut out }.header("x", tar::EntryType::Regular, 0o644, size).unwrap();
    let header = tar::Header::from_byte_slice(&out);
    assert_eq!(header.size().unwrap(), size);
}

#[test]
fn a_full_disk_is_an_error() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::other("full"))?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut store = Store::new();
    let root = image(&mut store, &[(b"layer", media_type::OCI_LAYER)]);
    let archive = Archive { format: Format::Docker, root: &root, names: &[] };
    let all = written(Format::Docker, &root, &[], &store).unwrap().0.len();
    for room in [0, 512, 3000, all - 1] {
        let result = write(&archive, &mut Full(room), |blob| Ok(store.get(&blob.digest).map(Cursor::new)));
        assert!(matches!(result, Err(ArchiveError::Write(_))), "{room}");
    }
}
