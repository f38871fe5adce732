//! The registries inside this program, asked over HTTP.

use std::sync::Arc;

use super::common::*;
use oci::{Digest, Reference};
use registry::client::{Blob, Client};
use registry::content::{Content, Source};
use registry::error::Error;
use registry::push::push;
use registry::read_back::read_back;
use registry::scope::Scope;
use registry::serve::{Embedded, ReadOnly, Served};
use testing::image::{Image, small};

fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn read_only(image: &Image, folder: &tempfile::TempDir) -> ReadOnly {
    ReadOnly::start(Arc::new(content(folder, &[image])), image.digest()).unwrap()
}

#[tokio::test]
async fn hands_out_an_image_and_counts() {
    let (image, folder) = (layers(2), tempfile::tempdir().unwrap());
    let served = read_only(&image, &folder);
    let reference: Reference = served.reference().parse().unwrap();
    assert_eq!(reference.digest, Some(image.digest()));
    assert_eq!(served.requests(), 0);
    let client = Client::new(reference.repository.registry(), options()).unwrap();
    let read = read_back(&client, reference.repository.path(), &image.descriptor(), 2).await.unwrap();
    assert_eq!((read.manifests, read.blobs), (1, 3));
    assert_eq!(served.requests(), 4);
    let layer = &image.layers[0].metadata;
    assert!(served.served().contains(&Served { digest: layer.digest, bytes: layer.size }));
    assert_eq!(served.served().iter().map(|one| one.bytes).sum::<u64>(), read.bytes);
}

#[tokio::test]
async fn refuses_all_else() {
    let (image, folder) = (small(), tempfile::tempdir().unwrap());
    let mut content = content(&folder, &[&image]);
    let other = Digest::of(b"not part of the image");
    content.insert(other, Source::Bytes("not part of the image".into()));
    let served = ReadOnly::start(Arc::new(content), image.digest()).unwrap();
    let reference: Reference = served.reference().parse().unwrap();
    let (root, name) = (format!("http://{}/v2/", served.address()), reference.repository.path().to_owned());
    let layer = image.layers[0].metadata.digest;
    let config = Digest::of(&image.config);
    for (method, path, status) in [
        ("GET", String::new(), 200),
        ("HEAD", format!("{name}/manifests/latest"), 200),
        ("GET", format!("{name}/manifests/latest"), 200),
        ("GET", format!("{name}/blobs/{config}"), 200),
        ("GET", format!("{name}/manifests/other"), 404),
        ("GET", format!("{name}/manifests/{layer}"), 404),
        ("GET", format!("{name}/blobs/{other}"), 404),
        ("GET", format!("other/image/blobs/{layer}"), 404),
        ("GET", "image/manifests/latest".to_owned(), 404),
        ("GET", "../etc/passwd".to_owned(), 404),
        ("POST", format!("{name}/blobs/uploads/"), 405),
        ("PUT", format!("{name}/manifests/latest"), 405),
        ("DELETE", format!("{name}/manifests/latest"), 405),
    ] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let response = http().request(method.clone(), format!("{root}{path}")).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
    }
    assert!(served.address().ip().is_loopback());
    let token = name.strip_suffix("/image").unwrap();
    assert!(token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit()), "{token}");
    assert_ne!(served.reference(), read_only(&image, &folder).reference());
}

#[tokio::test]
async fn goes_on_with_a_download_that_broke_off() {
    let (image, folder) = (small(), tempfile::tempdir().unwrap());
    let served = read_only(&image, &folder);
    let reference: Reference = served.reference().parse().unwrap();
    let layer = &image.layers[0];
    let url = format!(
        "http://{}/v2/{}/blobs/{}",
        served.address(),
        reference.repository.path(),
        layer.metadata.digest
    );
    let response = http().get(&url).header("range", "bytes=10-").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 206);
    let expected = format!("bytes 10-{}/{}", layer.blob.len() - 1, layer.blob.len());
    assert_eq!(response.headers()["content-range"], expected.as_str());
    assert_eq!(response.bytes().await.unwrap(), layer.blob[10..]);
    let response = http().get(&url).header("range", "bytes=999999-").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 416);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told_of_with_the_reason() {
    let (image, folder) = (small(), tempfile::tempdir().unwrap());
    let (file, layer) = (folder.path().join("the layer"), &image.layers[0]);
    for (bytes, says) in [(None, "No such file"), (Some(&layer.blob[..10]), "unexpected end of file")] {
        let mut content = Content::new();
        content.label(layer.metadata.digest, "//app:layer");
        content.insert(layer.metadata.digest, Source::File(file.clone()));
        for blob in image.blobs() {
            content.insert(Digest::of(blob), Source::Bytes(blob.to_vec().into()));
        }
        if let Some(bytes) = bytes {
            std::fs::write(&file, bytes).unwrap();
        }
        let served = ReadOnly::start(Arc::new(content), image.digest()).unwrap();
        let reference: Reference = served.reference().parse().unwrap();
        let name = reference.repository.path();
        let url = format!("http://{}/v2/{name}/blobs/{}", served.address(), layer.metadata.digest);
        let (answer, problem) = tokio::join!(
            async { http().get(&url).send().await?.error_for_status()?.bytes().await },
            served.failed(),
        );
        answer.unwrap_err();
        let text = format!("{problem}: {}", std::error::Error::source(&problem).unwrap());
        for part in ["//app:layer", file.to_str().unwrap(), says] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[tokio::test]
async fn is_gone_when_dropped_even_for_open_connections() {
    let (image, folder) = (small(), tempfile::tempdir().unwrap());
    let served = read_only(&image, &folder);
    let (http, root) = (http(), format!("http://{}/v2/", served.address()));
    http.get(&root).send().await.unwrap();
    drop(served);
    for _ in 0..50 {
        if http.get(&root).send().await.is_err() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("still served");
}

#[tokio::test]
async fn the_embedded_registry_takes_an_image_and_gives_it_back() {
    let embedded = Embedded::start().unwrap();
    let client = Client::new(&embedded.address().to_string(), options()).unwrap();
    let (amd, folder) = (layers(3), tempfile::tempdir().unwrap());
    let arm =
        testing::image::image(&oci::Platform::new("linux", "arm64"), oci::Family::Oci, amd.layers.clone());
    let mut content = content(&folder, &[&amd, &arm]);
    let root = insert_index(&mut content, &[&amd, &arm]);
    let work = to_app(content, root.clone(), &["1"]);
    let summary = push(&client, &work).await.unwrap();
    assert_eq!(summary.sent, 5);
    let read = read_back(&client, "app", &root, 4).await.unwrap();
    assert_eq!((read.manifests, read.blobs), (3, 5));
    assert_eq!(push(&client, &work).await.unwrap().sent, 0);
    let tagged =
        http().get(format!("http://{}/v2/app/manifests/1", embedded.address())).send().await.unwrap();
    assert_eq!(tagged.headers()["content-type"], oci::media_type::OCI_INDEX);
    assert_eq!(Digest::of(&tagged.bytes().await.unwrap()), root.digest);
}

#[tokio::test]
async fn the_embedded_registry_refuses_what_is_wrong() {
    let embedded = Embedded::start().unwrap();
    let root = format!("http://{}/v2/", embedded.address());
    let image = small();
    let put = |path: String, media_type: &'static str, body: Vec<u8>| {
        http().put(format!("{root}{path}")).header("content-type", media_type).body(body).send()
    };
    let manifest = oci::media_type::OCI_MANIFEST;
    for (path, media_type, body, says) in [
        ("x/manifests/1".to_owned(), manifest, image.manifest.clone(), "MANIFEST_BLOB_UNKNOWN"),
        ("x/manifests/1".to_owned(), manifest, b"{}".to_vec(), "MANIFEST_INVALID"),
        ("x/manifests/1".to_owned(), oci::media_type::OCI_INDEX, image.manifest.clone(), "MANIFEST_INVALID"),
        ("x/manifests/+".to_owned(), manifest, image.manifest.clone(), "TAG_INVALID"),
        ("X/manifests/1".to_owned(), manifest, image.manifest.clone(), "NAME_INVALID"),
        (format!("x/manifests/{}", Digest::of(b"")), manifest, image.manifest.clone(), "DIGEST_INVALID"),
        (format!("x/blobs/uploads/0?digest={}", Digest::of(b"")), "x/x", b"x".to_vec(), "DIGEST_INVALID"),
        ("x/blobs/uploads/0".to_owned(), "x/x", b"x".to_vec(), "DIGEST_INVALID"),
        (format!("x/blobs/uploads/..?digest={}", Digest::of(b"x")), "x/x", b"x".to_vec(), ""),
    ] {
        let response = put(path.clone(), media_type, body).await.unwrap();
        assert!(response.status().is_client_error(), "{path}: {}", response.status());
        let text = response.text().await.unwrap();
        assert!(text.contains(says), "{path}: {text}");
    }
}

#[tokio::test]
async fn the_embedded_registry_is_gone_with_its_files() {
    let embedded = Embedded::start().unwrap();
    let client = Client::new(&embedded.address().to_string(), options()).unwrap();
    push_with(&client, &small()).await.unwrap();
    let layer = &small().layers[0].metadata;
    let blob = Blob { digest: layer.digest, size: layer.size };
    let scope = Scope::pull("app");
    client.verify_blob(&scope, blob).await.unwrap();
    drop(embedded);
    let error = client.verify_blob(&scope, blob).await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error}");
}

#[test]
fn can_be_started_outside_of_a_runtime() {
    let (image, folder) = (small(), tempfile::tempdir().unwrap());
    drop(read_only(&image, &folder));
    let missing = ReadOnly::start(Arc::new(Content::new()), image.digest()).unwrap_err();
    assert!(missing.to_string().contains("nowhere"), "{missing}");
}
