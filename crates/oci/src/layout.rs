//! OCI image layouts: directories of blobs with an index (OCI image-spec, image-layout.md).
//!
//! Invariants: what is read is verified against its descriptor; what is written appears complete or not at
//! all, and its blobs are files, never symlinks, since readers are right to refuse those.

mod read;
mod write;

pub use self::{
    read::{Layout, LayoutError, MAX_DOCUMENT},
    write::{LayoutWriter, Place, WriteError},
};

/// Name of the file that says that a directory is a layout.
pub const MARKER: &str = "oci-layout";
/// Name of the file that lists what a layout holds.
pub const INDEX: &str = "index.json";
/// Path of the blobs, each named by the hexadecimal part of its digest.
pub const BLOBS: &str = "blobs/sha256";
/// The version of layouts that is written; readers take any 1.x.
pub(crate) const VERSION: &str = "1.0.0";

#[cfg(test)]
mod tests {
    use std::{error::Error as _, fs, path::Path};

    use super::*;
    use crate::{descriptor::Descriptor, digest::Digest, media_type};

    const LAYER: &[u8] = b"a layer";
    const MANIFEST: &[u8] = br#"{"layers":[],"config":null,"schemaVersion":2}"#;

    fn layer() -> Descriptor {
        Descriptor::of(media_type::OCI_LAYER, LAYER)
    }

    /// A layout of one manifest and one layer, the latter from a file.
    fn write(dir: &Path, place: Place) -> Layout {
        let source = dir.join("source");
        fs::write(&source, LAYER).unwrap();
        let mut writer = LayoutWriter::create(&dir.join("layout")).unwrap();
        writer.add_file(&layer(), &source, place).unwrap();
        writer.add_file(&layer(), Path::new("not read a second time"), place).unwrap();
        writer.add_bytes(MANIFEST).unwrap();
        writer.finish(vec![Descriptor::of(media_type::OCI_MANIFEST, MANIFEST)]).unwrap();
        Layout::open(&dir.join("layout")).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        for place in [Place::Copy, Place::Link] {
            let dir = tempfile::tempdir().unwrap();
            let layout = write(dir.path(), place);
            assert_eq!(layout.index().manifests, [Descriptor::of(media_type::OCI_MANIFEST, MANIFEST)]);
            assert_eq!(layout.read_blob(&layer()).unwrap(), LAYER);
            layout.verify_blob(&layer()).unwrap();
            let marker = fs::read_to_string(dir.path().join("layout").join(MARKER)).unwrap();
            assert_eq!(marker, r#"{"imageLayoutVersion":"1.0.0"}"#);
            oci_spec::image::ImageIndex::from_file(dir.path().join("layout").join(INDEX)).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn blobs_are_files_even_where_the_source_is_a_symlink() {
        use std::os::unix::fs::{MetadataExt as _, symlink};
        for (place, links) in [(Place::Copy, 1), (Place::Link, 2)] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("real"), LAYER).unwrap();
            symlink("real", dir.path().join("link")).unwrap();
            let mut writer = LayoutWriter::create(&dir.path().join("layout")).unwrap();
            writer.add_file(&layer(), &dir.path().join("link"), place).unwrap();
            writer.finish(Vec::new()).unwrap();
            let blob = Layout::open(&dir.path().join("layout")).unwrap().blob_path(&layer().digest);
            let metadata = fs::symlink_metadata(blob).unwrap();
            assert!(metadata.is_file());
            assert_eq!(metadata.nlink(), links);
        }
    }

    #[test]
    fn nothing_stays_of_a_layout_that_fails() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("short"), "a").unwrap();
        let mut writer = LayoutWriter::create(&dir.path().join("layout")).unwrap();
        let short =
            writer.add_file(&layer(), &dir.path().join("short"), Place::Link).unwrap_err().to_string();
        assert!(short.contains("has 1 bytes") && short.contains("has 7"), "{short}");
        let missing = writer.add_file(&layer(), &dir.path().join("missing"), Place::Copy).unwrap_err();
        assert!(missing.to_string().contains("missing"), "{missing}");
        drop(writer);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn damage_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let layout = write(dir.path(), Place::Copy);
        let blob = layout.blob_path(&layer().digest);
        let cases: [(&[u8], &str); 3] =
            [(b"A layer", "its digest is"), (b"a lay", "5 bytes"), (b"a layer!", "more than the 7 bytes")];
        for (content, expected) in cases {
            fs::write(&blob, content).unwrap();
            let error = layout.verify_blob(&layer()).unwrap_err();
            assert!(error.to_string().contains(&layer().digest.hex()), "{error}");
            assert!(error.source().unwrap().to_string().contains(expected), "{error:?}");
            assert!(layout.read_blob(&layer()).is_err());
        }
        fs::remove_file(&blob).unwrap();
        let error = layout.verify_blob(&layer()).unwrap_err().to_string();
        assert!(error.contains("lacks the blob sha256:") && error.contains(media_type::OCI_LAYER), "{error}");
        let huge = Descriptor::new("x", Digest::of(b""), MAX_DOCUMENT + 1);
        assert!(layout.read_blob(&huge).unwrap_err().to_string().contains("bytes"));
        let root = &layout.index().manifests[0];
        assert!(matches!(layout.read_document(root), Err(LayoutError::Document { .. })));
    }

    #[test]
    fn what_is_no_layout() {
        let dir = tempfile::tempdir().unwrap();
        let error = || Layout::open(dir.path()).map(|layout| layout.index().clone()).unwrap_err();
        assert!(error().to_string().contains("has no oci-layout"), "{}", error());
        let cases = [
            (MARKER, "{}", "version none"),
            (MARKER, r#"{"imageLayoutVersion":"2.0.0"}"#, "version 2.0.0"),
            (MARKER, "{", "cannot understand"),
            (MARKER, r#"{"imageLayoutVersion":"1.0.0"}"#, "has no index.json"),
            (INDEX, "[]", "cannot understand"),
        ];
        for (name, content, expected) in cases {
            fs::write(dir.path().join(name), content).unwrap();
            assert!(error().to_string().contains(expected), "{}", error());
        }
        fs::write(dir.path().join(INDEX), r#"{"schemaVersion":2,"manifests":[]}"#).unwrap();
        Layout::open(dir.path()).unwrap();
        let file = Layout::open(&dir.path().join(INDEX)).unwrap_err().to_string();
        assert!(file.contains("is a file"), "{file}");
    }
}
