//! Blobs of other registries: fetched into files, streamed into pushes, passed on to who pulls from here.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::common::*;
use oci::{Compression, Descriptor, Digest, Family, Platform};
use registry::ContentError;
use registry::client::{Blob, Client, Options};
use registry::content::{Content, Source};
use registry::error::Class;
use registry::push::push;
use registry::read_back::read_back;
use registry::remote::{RemoteBlob, SaveError, Sources};
use registry::serve::{ReadOnly, Served};
use testing::image::{Image, image, layer};
use testing::registry::{FakeRegistry, Fault, Login, Moved};

/// Bytes that no buffer holds at once, and no multiple of any.
fn noise() -> Vec<u8> {
    noise_of(1_300_123)
}

fn noise_of(size: u32) -> Vec<u8> {
    (0..size).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn sources(fakes: &[&FakeRegistry], options: Options) -> Arc<Sources> {
    let mut sources = Sources::new(options);
    for fake in fakes {
        sources.add(&fake.host(), "base", None);
    }
    Arc::new(sources)
}

/// `bytes` as a blob of the repository `base` of each of these.
fn remote(bytes: &[u8], fakes: &[&FakeRegistry], urls: &[String]) -> RemoteBlob {
    let blob = Blob { digest: Digest::of(bytes), size: bytes.len() as u64 };
    RemoteBlob::new(blob, "@base//:layer", sources(fakes, options()), urls)
}

async fn save(blob: RemoteBlob, path: &Path) -> Result<(), SaveError> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || blob.save(&path)).await.unwrap()
}

/// A file in a folder of its own, and what is in that folder in the end.
async fn saved(blob: RemoteBlob) -> (Result<Vec<u8>, SaveError>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("blob");
    let result = save(blob, &file).await.map(|()| std::fs::read(&file).unwrap());
    (result, std::fs::read_dir(folder.path()).unwrap().count())
}

fn answer(status: u16, headers: &[(&'static str, &str)]) -> Fault {
    Fault::Answer(status, headers.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(), String::new())
}

#[tokio::test]
async fn a_blob_becomes_a_file() {
    for bytes in [noise(), b"x".to_vec(), Vec::new()] {
        let fake = FakeRegistry::start();
        fake.insert_blob("base", bytes.clone());
        let (result, files) = saved(remote(&bytes, &[&fake], &[])).await;
        assert_eq!((result.unwrap(), files), (bytes.clone(), 1));
        assert_eq!((fake.requests().len(), fake.moved()), (1, Moved { out: bytes.len() as u64, into: 0 }));
    }
}

#[tokio::test]
async fn a_download_that_breaks_off_goes_on_where_it_was() {
    for ranges in [true, false] {
        let (fake, bytes) = (FakeRegistry::start(), noise());
        fake.insert_blob("base", bytes.clone());
        if !ranges {
            fake.refuse_ranges();
        }
        fake.fail("GET", "/blobs/", 2, Fault::CutAnswer);
        let (result, _) = saved(remote(&bytes, &[&fake], &[])).await;
        assert!(result.unwrap() == bytes);
        let requests = fake.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests[0].range.is_none() && requests[1..].iter().all(|request| request.range.is_some()));
        // Half of it, then half of the rest, then the rest; or all of it three times.
        let (size, out) = (bytes.len() as u64, fake.moved().out);
        assert!(if ranges { out < 2 * size } else { out == 3 * size }, "{out} of {size}");
    }
}

#[tokio::test]
async fn a_large_blob_may_break_off_more_often_than_a_small_one() {
    // Four tries are all that there are, unless the second break comes more than a mebibyte after the first.
    for (size, gets_through) in [(5_000_123, true), (100_000, false)] {
        let (fake, bytes) = (FakeRegistry::start(), noise_of(size));
        fake.insert_blob("base", bytes.clone());
        fake.fail("GET", "/blobs/", 4, Fault::CutAnswer);
        let (result, files) = saved(remote(&bytes, &[&fake], &[])).await;
        match result {
            Ok(saved) => assert!(gets_through && saved == bytes),
            Err(error) => assert!(!gets_through && files == 0, "{error}"),
        }
    }
}

#[tokio::test]
async fn survives_what_passes() {
    for fault in [
        Fault::status(500),
        answer(429, &[("retry-after", "0")]),
        Fault::Cut,
        Fault::CutAnswer,
        Fault::Slow(Duration::from_millis(30)),
    ] {
        let (fake, bytes) = (FakeRegistry::start(), b"layer".to_vec());
        fake.insert_blob("base", bytes.clone());
        let shown = format!("{fault:?}");
        fake.fail("GET", "", 2, fault);
        let (result, _) = saved(remote(&bytes, &[&fake], &[])).await;
        assert_eq!(result.unwrap(), bytes, "{shown}");
    }
}

#[tokio::test]
async fn waits_as_long_as_it_is_told() {
    let (fake, started) = (FakeRegistry::start(), std::time::Instant::now());
    fake.insert_blob("base", "layer");
    fake.fail("GET", "", 1, answer(429, &[("retry-after", "1")]));
    saved(remote(b"layer", &[&fake], &[])).await.0.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn the_next_place_goes_on_where_one_fails() {
    for (fault, of_first) in [
        (None, 1),
        (Some(Fault::status(404)), 1),
        (Some(Fault::status(403)), 1),
        (Some(Fault::status(500)), 4),
        (Some(answer(429, &[("retry-after", "3600")])), 1),
        (Some(Fault::Damage), 1),
    ] {
        let (first, second, bytes) = (FakeRegistry::start(), FakeRegistry::start(), noise());
        let shown = format!("{fault:?}");
        if let Some(fault) = fault {
            first.insert_blob("base", bytes.clone());
            first.fail("GET", "", usize::MAX, fault);
        }
        second.insert_blob("base", bytes.clone());
        let (result, files) = saved(remote(&bytes, &[&first, &second], &[])).await;
        assert!(result.unwrap() == bytes, "{shown}");
        assert_eq!((files, first.requests().len(), second.requests().len()), (1, of_first, 1), "{shown}");
    }
}

#[tokio::test]
async fn what_broke_off_at_one_place_goes_on_at_the_next() {
    let (first, second, bytes) = (FakeRegistry::start(), FakeRegistry::start(), noise());
    for fake in [&first, &second] {
        fake.insert_blob("base", bytes.clone());
    }
    first.fail("GET", "", 1, Fault::CutAnswer);
    first.fail("GET", "", usize::MAX, Fault::status(503));
    let (result, _) = saved(remote(&bytes, &[&first, &second], &[])).await;
    assert!(result.unwrap() == bytes);
    let requests = second.requests();
    assert!(requests.len() == 1 && requests[0].range.is_some(), "{requests:?}");
}

#[tokio::test]
async fn where_no_place_has_it_each_is_named_with_its_reason() {
    let fakes = [FakeRegistry::start(), FakeRegistry::start(), FakeRegistry::start()];
    let gone = FakeRegistry::start();
    let host = gone.host();
    let [empty, closed, wrong] = &fakes;
    closed.require(Login::Never);
    wrong.insert_blob("base", "layer");
    wrong.fail("GET", "", usize::MAX, Fault::Damage);
    let blob =
        remote(b"layer", &[empty, closed, &gone, wrong], &["http://far.example/layer?sig=secret".into()]);
    drop(gone);
    let (result, files) = saved(blob).await;
    assert_eq!(files, 0, "nothing half-written");
    let Err(SaveError::Content(ContentError::Nowhere(nowhere))) = result else { panic!("{result:?}") };
    assert_eq!(nowhere.class(), Class::Authentication);
    let text = nowhere.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    for (line, place, says) in [
        (0, "cannot get @base//:layer", ""),
        (1, &*empty.host(), "answered 404"),
        (2, &*closed.host(), "answered 401"),
        (3, &*host, "nothing listens at"),
        (4, &*wrong.host(), "damages content"),
        (5, "http://far.example/layer", "only https://"),
    ] {
        assert!(lines[line].contains(place) && lines[line].contains(says), "{place} {says}: {text}");
    }
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_size_that_is_wrong_is_told_before_anything_is_read() {
    for size in [4, 6] {
        let fake = FakeRegistry::start();
        fake.insert_blob("base", "layer");
        let blob = remote(b"layer", &[&fake], &[]).sized(size);
        let text = blob.open().unwrap_err().to_string();
        assert!(text.contains(&format!("it has 5 bytes, and the blob's descriptor says {size}")), "{text}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_named() {
    let fake = FakeRegistry::start();
    fake.insert_blob("base", "layer");
    let error = save(remote(b"layer", &[&fake], &[]), Path::new("/no/such/folder/blob")).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
}

#[tokio::test]
async fn credentials_are_shown_to_a_source_as_to_any_registry() {
    let (user, password) = ("u".to_owned(), "hunter2".to_owned());
    let basic = Login::Basic { user: user.clone(), password: password.clone() };
    let bearer = Login::Bearer { user, password };
    for (login, entry, tokens) in [
        (basic, r#"{"username":"u","password":"hunter2"}"#, 0),
        (bearer.clone(), r#"{"username":"u","password":"hunter2"}"#, 1),
        (bearer, r#"{"auth":"dTpw","identitytoken":"hunter2"}"#, 1),
        (Login::Anonymous, "{}", 1),
    ] {
        let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
        fake.insert_blob("base", "layer");
        fake.require(login);
        // The token server, too, may ask for patience.
        fake.fail("", "/token", 1, answer(429, &[("retry-after", "0")]));
        let config = folder.path().join("config.json");
        std::fs::write(&config, format!(r#"{{"auths":{{"{}":{entry}}}}}"#, fake.host())).unwrap();
        let keychain = registry::keychain::Keychain::of_files(vec![config]);
        let (listener, heard) = recorder();
        let sources = sources(&[&fake], Options { keychain, listener, ..options() });
        let blob = Blob { digest: Digest::of(b"layer"), size: 5 };
        let (result, _) = saved(RemoteBlob::new(blob, "x", sources, &[])).await;
        assert_eq!(result.unwrap(), b"layer");
        let asked: Vec<_> = fake.requests().into_iter().filter(|request| request.path == "/token").collect();
        assert_eq!(asked.len(), 2 * tokens, "{asked:?}");
        for request in asked.iter().filter(|request| request.method == "GET") {
            assert!(request.query.contains(&("scope".into(), "repository:base:pull".into())), "{request:?}");
        }
        let heard = heard.lock().unwrap().join("\n");
        assert!(heard.contains("Credential") && !heard.contains("hunter2"), "{heard}");
    }
}

#[tokio::test]
async fn a_source_may_have_a_file_of_its_own() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.insert_blob("base", "layer");
    fake.require(Login::Basic { user: "u".into(), password: "p".into() });
    let file = |name: &str, auth: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, fake.host())).unwrap();
        path
    };
    // u:p is right, u:q is wrong.
    let (right, wrong) = (file("right.json", "dTpw"), file("wrong.json", "dTpx"));
    for (own, everyones, says) in [
        (Some(&right), &wrong, None),
        (Some(&wrong), &right, Some("wrong.json")),
        (None, &right, None),
        (None, &wrong, Some("wrong.json")),
    ] {
        let keychain = registry::keychain::Keychain::of_files(vec![everyones.clone()]);
        let mut sources = Sources::new(Options { keychain, ..options() });
        sources.add(&fake.host(), "base", own.cloned());
        let blob = Blob { digest: Digest::of(b"layer"), size: 5 };
        let (result, _) = saved(RemoteBlob::new(blob, "x", Arc::new(sources), &[])).await;
        match (result, says) {
            (Ok(_), None) => {}
            (Err(error), Some(says)) => assert!(error.to_string().contains(says), "{error}"),
            (result, _) => panic!("{own:?} {everyones:?}: {result:?}"),
        }
    }
}

/// An image on a base whose layer is in the repository `base` of `fakes`, and of which only the descriptor is here.
fn on_base(folder: &tempfile::TempDir, fakes: &[&FakeRegistry], base: &[u8]) -> (Image, Content) {
    let base = layer("@base//:layer", &[("noise", base)], Compression::None);
    let own = layer("//app:own", &[("file", b"own")], Compression::Gzip);
    let image = image(&Platform::new("linux", "amd64"), Family::Oci, vec![base.clone(), own.clone()]);
    let mut content = Content::new();
    for bytes in [&image.manifest, &image.config] {
        content.insert(Digest::of(bytes), Source::Bytes(bytes.clone().into()));
    }
    let file = folder.path().join("own");
    std::fs::write(&file, &own.blob).unwrap();
    content.insert(own.metadata.digest, Source::File(file));
    content.label(base.metadata.digest, "@base//:layer");
    content.insert_remote(&base.metadata.descriptor(), &sources(fakes, options()));
    for fake in fakes {
        fake.insert_blob("base", base.blob.clone());
        for layer in [&base, &own] {
            content.allow_mount(layer.metadata.digest, Some(&fake.host()), "base");
        }
    }
    (image, content)
}

#[tokio::test]
async fn a_push_to_the_registry_of_the_base_mounts_it_and_moves_none_of_its_bytes() {
    for login in [None, Some(Login::Anonymous)] {
        let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
        let (image, content) = on_base(&folder, &[&fake], &noise());
        if let Some(login) = login.clone() {
            fake.require(login);
        }
        let summary = push(&client(&fake), &to_app(content, image.descriptor(), &["1"])).await.unwrap();
        assert_eq!((summary.sent, summary.mounted), (2, 1));
        let into = (image.layers[1].blob.len() + image.config.len()) as u64;
        assert_eq!(fake.moved(), Moved { out: 0, into });
        assert_eq!(fake.tags("app")["1"], image.digest());
        if login.is_some() {
            let tokens = fake.requests().into_iter().filter(|request| request.path == "/token");
            let scopes: Vec<_> =
                tokens.flat_map(|request| request.query).filter(|(key, _)| key == "scope").collect();
            let of = |value: &str| ("scope".to_owned(), value.to_owned());
            assert_eq!(
                scopes,
                [of("repository:app:pull,push"), of("repository:base:pull")],
                "one token for both"
            );
        }
    }
}

#[tokio::test]
async fn of_several_repositories_the_one_that_has_it_is_mounted() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let (image, mut content) = on_base(&folder, &[&fake], b"base");
    let base = image.layers[0].metadata.digest;
    content.allow_mount(base, Some(&fake.host()), "another");
    content.allow_mount(base, None, "a/third");
    let summary = push(&client(&fake), &to_app(content, image.descriptor(), &["1"])).await.unwrap();
    assert_eq!((summary.mounted, fake.moved().out), (1, 0));
}

#[tokio::test]
async fn a_push_to_another_registry_streams_the_base_through_once() {
    let (from, to, folder) = (FakeRegistry::start(), FakeRegistry::start(), tempfile::tempdir().unwrap());
    let (image, content) = on_base(&folder, &[&from], &noise());
    let work = to_app(content, image.descriptor(), &["1"]);
    let summary = push(&client(&to), &work).await.unwrap();
    assert_eq!((summary.sent, summary.mounted), (3, 0));
    let size = image.layers[0].blob.len() as u64;
    assert_eq!(from.moved(), Moved { out: size, into: 0 });
    read_back(&client(&to), "app", &image.descriptor(), 2).await.unwrap();
    // What is there is not read again.
    from.forget_requests();
    push(&client(&to), &work).await.unwrap();
    assert!(from.requests().is_empty());
}

#[tokio::test]
async fn an_upload_that_breaks_off_reads_the_base_again() {
    for fault in [Fault::Cut, Fault::status(500)] {
        let (from, to, folder) = (FakeRegistry::start(), FakeRegistry::start(), tempfile::tempdir().unwrap());
        let (image, content) = on_base(&folder, &[&from], &noise());
        // Uploads have no digest in their path: all three may be the one that breaks off.
        to.fail("PUT", "/blobs/", 3, fault);
        push(&client(&to), &to_app(content, image.descriptor(), &["1"])).await.unwrap();
        assert!(from.requests().len() >= 2);
        read_back(&client(&to), "app", &image.descriptor(), 2).await.unwrap();
    }
}

#[tokio::test]
async fn a_base_that_is_gone_fails_the_push_with_the_layer_and_every_place() {
    for (fault, class) in [
        (Fault::status(404), Class::Other),
        (Fault::status(401), Class::Authentication),
        (Fault::Damage, Class::Other),
        (Fault::CutAnswer, Class::Other),
    ] {
        let (from, to, folder) = (FakeRegistry::start(), FakeRegistry::start(), tempfile::tempdir().unwrap());
        let (image, content) = on_base(&folder, &[&from], &noise());
        let shown = format!("{fault:?}");
        from.fail("GET", "", usize::MAX, fault);
        let error = push(&client(&to), &to_app(content, image.descriptor(), &["1"])).await.unwrap_err();
        assert_eq!(error.class(), class, "{shown}: {error}");
        let text = error.to_string();
        for says in [
            "@base//:layer (sha256:",
            "not in the files of the run target",
            &format!("{}/base: ", from.host()),
        ] {
            assert!(text.contains(says), "{says} in {text}");
        }
        assert!(
            to.tags("app").is_empty() && to.blob("app", &image.layers[0].metadata.digest).is_none(),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn layers_that_no_registry_distributes_come_from_their_urls() {
    let (from, to) = (FakeRegistry::start(), FakeRegistry::start());
    let mut foreign = layer("@windows//:layer", &[("file", b"x")], Compression::Gzip);
    foreign.metadata.media_type = oci::media_type::OCI_FOREIGN_LAYER_GZIP.to_owned();
    let image = image(&Platform::new("windows", "amd64"), Family::Oci, vec![foreign.clone()]);
    from.insert_blob("far/away", foreign.blob.clone());
    let digest = foreign.metadata.digest;
    let url = format!("http://{}/v2/far/away/blobs/{digest}", from.host());
    let descriptor = Descriptor { urls: vec![url], ..foreign.metadata.descriptor() };
    let mut content = Content::new();
    for bytes in [&image.manifest, &image.config] {
        content.insert(Digest::of(bytes), Source::Bytes(bytes.clone().into()));
    }
    content.insert_remote(&descriptor, &sources(&[], options()));
    let mut work = to_app(content, image.descriptor(), &["1"]);
    work.push_foreign = true;
    push(&client(&to), &work).await.unwrap();
    assert_eq!(to.blob("app", &digest).unwrap(), foreign.blob);
    assert!(from.requests().iter().all(|request| request.authorization.is_none()));
}

#[tokio::test]
async fn who_pulls_from_here_gets_the_base_passed_on() {
    let (from, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    let (image, content) = on_base(&folder, &[&from], &noise());
    let served = ReadOnly::start(Arc::new(content), image.digest()).unwrap();
    let reference: oci::Reference = served.reference().parse().unwrap();
    let client = Client::new(reference.repository.registry(), options()).unwrap();
    read_back(&client, reference.repository.path(), &image.descriptor(), 2).await.unwrap();
    let base = &image.layers[0];
    let size = base.blob.len() as u64;
    assert_eq!(from.moved().out, size);
    assert!(served.served().contains(&Served { digest: base.metadata.digest, bytes: size }));
    // A part, for a daemon whose download broke off.
    let url = format!(
        "http://{}/v2/{}/blobs/{}",
        served.address(),
        reference.repository.path(),
        base.metadata.digest
    );
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let part = http.get(&url).header("range", "bytes=1000000-").send().await.unwrap();
    assert_eq!(part.status().as_u16(), 206);
    assert!(part.bytes().await.unwrap() == base.blob[1_000_000..]);
    assert!(served.take_problem().is_none());
}

#[tokio::test]
async fn who_pulls_from_here_never_gets_all_of_a_wrong_base() {
    for (fault, says) in [(Fault::status(404), "answered 404"), (Fault::Damage, "damages content")] {
        let (from, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
        let (image, content) = on_base(&folder, &[&from], &noise());
        from.fail("GET", "", usize::MAX, fault);
        let served = ReadOnly::start(Arc::new(content), image.digest()).unwrap();
        let reference: oci::Reference = served.reference().parse().unwrap();
        let client = Client::new(reference.repository.registry(), options()).unwrap();
        let read = read_back(&client, reference.repository.path(), &image.descriptor(), 2).await;
        assert!(read.is_err());
        let problem = served.take_problem().unwrap().to_string();
        assert!(problem.contains("@base//:layer") && problem.contains(says), "{problem}");
    }
}

#[tokio::test]
async fn readers_may_be_dropped_and_may_wait_in_async_code() {
    let (fake, bytes) = (FakeRegistry::start(), noise());
    fake.insert_blob("base", bytes.clone());
    let blob = remote(&bytes, &[&fake], &[]);
    let mut half = blob.open().unwrap();
    let mut start = [0; 1000];
    half.read_exact(&mut start).unwrap();
    assert_eq!(start, bytes[..1000]);
    drop(half);
    let mut all = Vec::new();
    blob.open().unwrap().read_to_end(&mut all).unwrap();
    assert!(all == bytes);
}
