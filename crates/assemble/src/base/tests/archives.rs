//! Archives as bases.

use std::io::{Read as _, Write as _};

use oci::{
    LayerJson,
    archive::{self, Archive, Format},
    layout::BLOBS,
};

use super::*;

/// What came of an archive: manifest, config, and the blobs in the tree by their names.
#[derive(Debug)]
struct Split {
    manifest: Vec<u8>,
    config: Vec<u8>,
    blobs: Vec<(String, Vec<u8>)>,
}

/// Takes an archive with these bytes for a base.
fn split(bytes: &[u8], change: impl FnOnce(&mut Args)) -> Result<Split, String> {
    let dir = tempfile::tempdir().unwrap();
    let (source, outputs) = (dir.path().join("x.bin"), dir.path().join("out"));
    fs::write(&source, bytes).unwrap();
    // As Bazel does for a directory that an action declares.
    fs::create_dir_all(outputs.join("tree")).unwrap();
    let mut args = arguments(&source, &outputs);
    change(&mut args);
    let result = run(&args, |_| {}).map_err(|error| format!("{error:#}"));
    let left: Vec<_> = fs::read_dir(&outputs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    if let Err(error) = result {
        assert_eq!(left, ["tree"], "something stayed");
        assert_eq!(fs::read_dir(outputs.join("tree")).unwrap().count(), 0, "something stayed");
        assert!(error.starts_with("//:base: cannot use "), "{error}");
        return Err(error);
    }
    let mut blobs: Vec<_> = fs::read_dir(outputs.join("tree").join(BLOBS))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    blobs.sort();
    for (name, bytes) in &blobs {
        assert_eq!(Digest::of(bytes).hex(), *name);
    }
    let read = |name: &str| fs::read(outputs.join(name)).unwrap();
    Ok(Split { manifest: read("manifest.json"), config: read("config.json"), blobs })
}

/// An archive of ours.
fn written(image: &image::Image, format: Format, names: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    let names = archive::names(names.iter().copied()).unwrap();
    let root = image.descriptor();
    let source = Archive { format, root: &root, names: &names };
    let open = |blob: &Descriptor| Ok(image.blobs().find(|bytes| Digest::of(bytes) == blob.digest));
    archive::write(&source, &mut out, open).unwrap();
    out
}

/// A tar of files; those whose content begins with `->` are links.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        if let Some(target) = content.strip_prefix(b"->") {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            tar.append_link(&mut header, path, str::from_utf8(target).unwrap()).unwrap();
        } else {
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, *content).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

/// The plain tar of a layer.
fn plain(layer: &image::Layer) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(&*layer.blob).read_to_end(&mut bytes).unwrap();
    bytes
}

/// The files of an archive, by their paths.
type Files = Vec<(String, Vec<u8>)>;

/// The files of an archive as Docker 20.10 saves `image`: plain layers, a second one a link to the first.
fn docker_files(image: &image::Image, tag: &str) -> Files {
    let config = format!("{}.json", Digest::of(&image.config).hex());
    let layers: Vec<_> = (0..image.layers.len()).map(|at| format!("{at}/layer.tar")).collect();
    let manifest = serde_json::json!([{"Config": config, "RepoTags": [tag], "Layers": layers}]);
    let mut files = vec![(config, image.config.clone())];
    let mut first: Vec<(Vec<u8>, usize)> = Vec::new();
    for (at, layer) in image.layers.iter().enumerate() {
        let tar = plain(layer);
        let content = match first.iter().find(|(bytes, _)| *bytes == tar) {
            Some((_, before)) => format!("->../{before}/layer.tar").into_bytes(),
            None => tar.clone(),
        };
        first.push((tar, at));
        files.push((format!("{at}/VERSION"), b"1.0".to_vec()));
        files.push((format!("{at}/layer.tar"), content));
    }
    files.push(("manifest.json".into(), serde_json::to_vec(&manifest).unwrap()));
    files.push(("repositories".into(), b"{}".to_vec()));
    files
}

fn docker(image: &image::Image, tag: &str) -> Vec<u8> {
    let files = docker_files(image, tag);
    tar(&files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect::<Vec<_>>())
}

fn compressions(bytes: &[u8]) -> [Vec<u8>; 3] {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    [bytes.to_vec(), gzip.finish().unwrap(), zstd::bulk::compress(bytes, 1).unwrap()]
}

#[test]
fn what_is_written_as_an_archive_is_the_same_image_as_a_base() {
    let layers = [Compression::Gzip, Compression::Zstd, Compression::None].map(|compression| {
        image::layer("//:layer", &[("a", format!("{compression}").as_bytes())], compression)
    });
    let image = image::image(&Platform::new("linux", "arm64"), Family::Oci, layers.to_vec());
    for format in [Format::Oci, Format::Docker] {
        for bytes in compressions(&written(&image, format, &["a:1", "b:2"])) {
            let split = split(&bytes, |args| args.platform = Some("linux/amd64".parse().unwrap())).unwrap();
            assert_eq!((split.manifest, split.config), (image.manifest.clone(), image.config.clone()));
            let mut layers: Vec<_> = image.layers.iter().map(|layer| layer.blob.clone()).collect();
            layers.sort_by_key(|layer| Digest::of(layer));
            assert_eq!(split.blobs.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>(), layers);
        }
    }
}

#[test]
fn an_archive_without_a_manifest() {
    let layer = |content: &[u8]| image::layer("//:layer", &[("a", content)], Compression::Gzip);
    let layers = vec![layer(b"one"), layer(b"two"), layer(b"one")];
    let image = image::image(&Platform::new("linux", "amd64"), Family::Docker, layers);
    let first = split(&docker(&image, "app:1"), |_| {}).unwrap();
    assert_eq!(first.config, image.config, "the ID that Docker knows it by");
    let manifest: oci::Manifest = serde_json::from_slice(&first.manifest).unwrap();
    assert_eq!((manifest.family(), manifest.layers.len()), (Family::Docker, 3));
    assert_eq!(manifest.layers[0], manifest.layers[2]);
    assert_eq!(first.blobs.len(), 2, "each layer once");
    for (described, original) in manifest.layers.iter().zip(&image.layers) {
        assert_eq!(described.media_type, media_type::DOCKER_LAYER_GZIP);
        let blob = first.blobs.iter().find(|(name, _)| *name == described.digest.hex()).unwrap();
        assert_eq!(blob.1.len() as u64, described.size);
        let LayerJson { diff_id, .. } = original.metadata;
        let kept = image::Layer { blob: blob.1.clone(), ..original.clone() };
        assert_eq!(Digest::of(&plain(&kept)), diff_id);
    }
    for bytes in compressions(&docker(&image, "app:1")) {
        let again = split(&bytes, |_| {}).unwrap();
        assert_eq!(
            (again.manifest, again.blobs),
            (first.manifest.clone(), first.blobs.clone()),
            "the same bytes"
        );
    }
}

#[test]
fn layers_that_are_compressed_in_it_stay_as_they_are() {
    let layer = image::layer("//:layer", &[("a", b"a")], Compression::Zstd);
    let image = image::image(&Platform::new("linux", "amd64"), Family::Oci, vec![layer]);
    let manifest = serde_json::json!([{"Config": "c", "Layers": ["./l"]}]).to_string();
    let bytes =
        tar(&[("c", &image.config), ("l", &image.layers[0].blob), ("manifest.json", manifest.as_bytes())]);
    let split = split(&bytes, |_| {}).unwrap();
    assert_eq!(split.manifest, image.manifest, "OCI's types, since Docker's have no zstd");
    assert_eq!(split.blobs[0].1, image.layers[0].blob);
}

#[test]
fn one_of_several_images() {
    let (amd64, arm64) = (example("linux/amd64"), example("linux/arm64"));
    let other = {
        let layer = image::layer("//:other", &[("other", b"")], Compression::Gzip);
        image::image(&Platform::new("linux", "amd64"), Family::Docker, vec![layer])
    };
    let merged = |images: &[(&image::Image, &str)]| {
        let mut entries = Vec::new();
        let mut files = Vec::new();
        for (at, (image, tag)) in images.iter().enumerate() {
            for (path, bytes) in docker_files(image, tag) {
                if path == "manifest.json" {
                    let text =
                        String::from_utf8(bytes).unwrap().replace("/layer.tar", &format!("/layer{at}.tar"));
                    entries.extend(serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap());
                } else {
                    files.push((path.replace("/layer.tar", &format!("/layer{at}.tar")), bytes));
                }
            }
        }
        files.push(("manifest.json".into(), serde_json::to_vec(&entries).unwrap()));
        tar(&files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect::<Vec<_>>())
    };
    let config = |bytes: &[u8], platform: Option<&str>, reference: Option<&str>| {
        let set = |args: &mut Args| {
            args.platform = platform.map(|platform| platform.parse().unwrap());
            args.reference = reference.map(str::to_owned);
        };
        split(bytes, set).map(|split| split.config)
    };
    let platforms = merged(&[(&amd64, "app:1"), (&arm64, "app:1")]);
    assert_eq!(config(&platforms, Some("linux/arm64"), None).unwrap(), arm64.config);
    let error = config(&platforms, Some("linux/s390x"), None).unwrap_err();
    assert!(error.contains("no image for linux/s390x, only for linux/amd64, linux/arm64"), "{error}");

    let tags = merged(&[(&amd64, "app:1"), (&other, "docker.io/library/app:latest")]);
    assert_eq!(config(&tags, None, Some("app:1")).unwrap(), amd64.config);
    assert_eq!(config(&tags, None, Some("app")).unwrap(), other.config);
    let error = config(&tags, Some("linux/amd64"), None).unwrap_err();
    assert!(error.contains("reference = \"app:1\"") && error.contains("app:latest"), "{error}");
    let error = config(&tags, None, Some("app:2")).unwrap_err();
    assert!(error.contains("no image named app:2. There are app:1, docker.io/library/app:latest"), "{error}");

    // The same of a layout: names stand in its index.json.
    let named = |image: &image::Image, name: &str| {
        let mut descriptor = image.descriptor();
        descriptor.annotations.insert(archive::REF_NAME.into(), name.into());
        descriptor
    };
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    let roots = vec![named(&amd64, "one"), named(&other, "two words")];
    image::write_layout(&layout, &[&amd64, &other], roots, &[]);
    let args = |reference: &str| Args { reference: Some(reference.into()), ..arguments(&layout, dir.path()) };
    let chosen = find(&args("two words"), None, &mut |_| {}).unwrap();
    assert_eq!(chosen.manifest, other.manifest);
    let error = find(&args("three"), None, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("There are one, two words"), "{error}");
}

#[test]
fn archives_that_cannot_be_a_base() {
    let image = image::image(
        &Platform::new("linux", "amd64"),
        Family::Docker,
        vec![image::layer("//:layer", &[("a", b"a")], Compression::Gzip)],
    );
    let edited = |edit: &dyn Fn(&mut Files)| {
        let mut files = docker_files(&image, "app:1");
        edit(&mut files);
        tar(&files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect::<Vec<_>>())
    };
    let without = |name: &str| edited(&|files| files.retain(|(path, _)| !path.ends_with(name)));
    let with = |name: &str, content: &[u8]| {
        edited(&|files| {
            let file = files.iter_mut().find(|(path, _)| path.ends_with(name)).unwrap();
            file.1 = content.to_vec();
        })
    };
    let hex = Digest::of(&image.config).hex();
    let oci = written(&image, Format::Oci, &[]);
    let blob = format!("blobs/sha256/{}", image.layers[0].metadata.digest.hex());
    let edit_oci = |name: &str, content: Option<&[u8]>| {
        let mut archive = tar::Archive::new(&*oci);
        let mut files = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            if path == name {
                files.extend(content.map(|content| (path, content.to_vec())));
            } else if !path.ends_with('/') {
                files.push((path, bytes));
            }
        }
        tar(&files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect::<Vec<_>>())
    };
    let other_layer = plain(&image::layer("//:x", &[("b", b"b")], Compression::Gzip));
    let short = edit_oci(&blob, Some(b"short"));
    let cases: [(Vec<u8>, &[&str]); 21] = [
        (b"text".to_vec(), &["it looks like text"]),
        (Vec::new(), &["it is empty"]),
        (docker(&image, "a")[..3000].to_vec(), &["x.bin is no tar"]),
        (compressions(&docker(&image, "a"))[1][..300].to_vec(), &["is damaged: its gzip data"]),
        (compressions(&docker(&image, "a"))[2][..300].to_vec(), &["is damaged: its zstd data"]),
        (without("manifest.json"), &["Docker before 1.10", "save it again"]),
        (without("layer.tar"), &["0/layer.tar in", "is missing", "save the image again"]),
        (without(".json"), &["Docker before 1.10"]),
        (without(&format!("{hex}.json")), &["is missing, which its manifest.json lists as a config"]),
        (with("manifest.json", b"[]"), &["its manifest.json lists none"]),
        (with("manifest.json", b"{}"), &["cannot understand manifest.json", "not a list of images"]),
        (with(&format!("{hex}.json"), b"{}"), &["is damaged: its digest is sha256:44136fa3"]),
        (
            with("layer.tar", &other_layer),
            &["0/layer.tar in", "is damaged: its tar is sha256:", "and the config says"],
        ),
        (with("layer.tar", b"no tar"), &["0/layer.tar in", "it looks like text"]),
        (with("layer.tar", b"->../../../etc/passwd"), &["../../../etc/passwd"]),
        (with("layer.tar", b"->/etc/passwd"), &["out of the archive"]),
        (with("layer.tar", b"->layer.tar"), &["leads around"]),
        (edit_oci(&blob, None), &["lacks the blob sha256:", "save it again, with all blobs"]),
        (short, &["is damaged", "5 bytes"]),
        (
            edit_oci("index.json", Some(br#"{"schemaVersion":2,"manifests":[]}"#)),
            &["lacks oci-layout, index.json"],
        ),
        (
            tar(&[("etc/passwd", b""), ("etc", b"->x"), ("usr", b"->y")]),
            &["docker export", "oci_image as one of its tars"],
        ),
    ];
    for (bytes, expected) in cases {
        let error = split(&bytes, |_| {}).unwrap_err();
        for expected in expected {
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
    let error = split(&tar(&[("a", b"a")]), |_| {}).unwrap_err();
    assert!(error.contains("it is no archive of an image"), "{error}");
    // A config whose name says nothing of its digest, and that has more layers than there are.
    let config = br#"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}}"#;
    let manifest = serde_json::json!([{"Config": "c.json", "Layers": ["l"]}]).to_string();
    let error =
        split(&tar(&[("c.json", config), ("manifest.json", manifest.as_bytes())]), |_| {}).unwrap_err();
    assert!(error.contains("lists 1 layers, and the config c.json has 0"), "{error}");
}

#[test]
fn documents_of_any_size_do_not_fill_memory() {
    let huge = tar(&[("manifest.json", &vec![b' '; 33 << 20])]);
    let bomb = zstd::bulk::compress(&huge, 1).unwrap();
    assert!(bomb.len() < 10_000);
    let error = split(&bomb, |_| {}).unwrap_err();
    assert!(error.contains("manifest.json in") && error.contains("has 34603008 bytes"), "{error}");
}

#[test]
fn foreign_layers_may_be_elsewhere_in_archives_too() {
    let mut image = example("linux/amd64");
    let mut manifest: oci::Manifest = serde_json::from_slice(&image.manifest).unwrap();
    manifest.layers[0].media_type = media_type::OCI_FOREIGN_LAYER_GZIP.to_owned();
    image.manifest = oci::json::canonical(&manifest).unwrap();
    assert_eq!(split(&written(&image, Format::Oci, &[]), |_| {}).unwrap().blobs.len(), 1);
    image.layers.clear();
    let mut out = Vec::new();
    let root = image.descriptor();
    let source = Archive { format: Format::Oci, root: &root, names: &[] };
    let open = |blob: &Descriptor| Ok(image.blobs().find(|bytes| Digest::of(bytes) == blob.digest));
    archive::write(&source, &mut out, open).unwrap();
    let split = split(&out, |_| {}).unwrap();
    assert_eq!((split.blobs.len(), split.manifest), (0, image.manifest));
}

#[test]
fn outputs_beside_manifest_and_config() {
    let image = example("linux/amd64");
    let dir = tempfile::tempdir().unwrap();
    let layout = dir.path().join("layout");
    image.write_layout(&layout);
    #[derive(Debug, clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }
    let out = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let parse = |more: &[String]| {
        let mut line = vec!["base".to_owned(), "--source".into(), layout.to_str().unwrap().into()];
        line.extend(["--label", "//:x", "--manifest"].map(String::from));
        line.extend([out("m"), "--config".into(), out("c")]);
        line.extend(more.iter().cloned());
        <Cli as clap::Parser>::try_parse_from(line).map(|cli| cli.args)
    };
    let args =
        parse(&["--descriptor".into(), out("d"), "--digest".into(), out("s"), "--tree".into(), out("t")]);
    run(&args.unwrap(), |_| {}).unwrap();
    assert_eq!(fs::read_to_string(out("s")).unwrap(), format!("{}\n", image.digest()));
    assert_eq!(Descriptor::parse(&fs::read(out("d")).unwrap()).unwrap(), image.descriptor());
    assert_eq!(fs::read_dir(Path::new(&out("t")).join(BLOBS)).unwrap().count(), 0, "the layout has them");
    assert!(parse(&["--descriptor".into(), out("d")]).is_err());
    let archive = parse(&["--archive".into(), "--tree".into(), out("u")]).unwrap();
    let error = format!("{:#}", run(&archive, |_| {}).unwrap_err());
    assert!(error.contains("it is a directory, and has the name of an archive"), "{error}");
    let file = Args { source: out("m").into(), ..parse(&[]).unwrap() };
    assert!(format!("{:#}", run(&file, |_| {}).unwrap_err()).contains("--tree does not say"));
}
