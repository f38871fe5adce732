//! `ship serve`: a layout directory as a registry.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use ::registry::client::{Client, Options};
use ::registry::read_back::read_back;
use oci::Reference;
use testing::image::small;

use super::fixture::{Ended, send_signal, ship};

#[tokio::test]
async fn serves_a_layout_until_interrupted() {
    let (folder, image) = (tempfile::tempdir().unwrap(), small());
    image.write_layout(&folder.path().join("layout"));
    let mut command = ship();
    command
        .args(["serve", "layout"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let reference: Reference = line.trim().parse().unwrap();
    assert_eq!(reference.digest, Some(image.digest()));
    let client = Client::new(reference.repository.registry(), Options::default()).unwrap();
    let read = read_back(&client, reference.repository.path(), &image.descriptor(), 2).await.unwrap();
    assert_eq!((read.manifests, read.blobs), (1, 2));
    send_signal("INT", child.id());
    Ended::of(child.wait_with_output().unwrap())
        .failed(130, &["serving until interrupted", "no longer serving"]);
}

#[test]
fn says_what_is_wrong_with_a_layout() {
    let folder = tempfile::tempdir().unwrap();
    let (taken, layout) = (std::net::TcpListener::bind("127.0.0.1:0").unwrap(), folder.path().join("layout"));
    let port = taken.local_addr().unwrap().port().to_string();
    testing::image::write_layout(&folder.path().join("empty"), &[], Vec::new(), &[]);
    small().write_layout(&layout);
    for (arguments, code, says) in [
        (vec!["none"], 1, "none"),
        (vec!["empty"], 2, "holds no image"),
        (vec!["layout", "--port", &port], 1, "cannot serve"),
        (vec!["layout", "--port", "http"], 2, "--port"),
        (vec![], 2, "LAYOUT_DIR"),
    ] {
        let output = ship().arg("serve").args(arguments).current_dir(folder.path()).output().unwrap();
        Ended::of(output).failed(code, &[says]);
    }
}
