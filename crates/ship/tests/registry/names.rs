//! Repositories and tags: from attributes, files, stamps and the command line, all checked before anything is sent.

use oci::{Compression, Digest, Family};
use serde_json::{Value, json};
use testing::image::{Image, image, index, layer};
use testing::registry::FakeRegistry;

use super::fixture::{RunTarget, file};

const STABLE: &str = "BUILD_EMBED_LABEL \nSTABLE_COMMIT 4fa2\nSTABLE_TEAM blue\n";
const VOLATILE: &str = "BUILD_TIMESTAMP 1700000000\nBRANCH main\n";

fn tags(fake: &FakeRegistry, repository: &str) -> Vec<String> {
    fake.tags(repository).into_keys().collect()
}

#[test]
fn names_come_from_files_too() {
    let fake = FakeRegistry::start();
    let target = RunTarget::new(&json!({
        "repository_file": file("repository"), "remote_tags": ["a"], "remote_tags_file": file("tags"),
    }));
    let write = |name: &str, text: &str| std::fs::write(target.path(name), text).unwrap();
    write("repository", &format!("\n{}/from/file\r\n", fake.host()));
    write("tags", "\u{feff}b\r\n\r\n a \r\nc");
    let ended = target.run(&["-t", "c", "--tag=d"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(tags(&fake, "from/file"), ["a", "b", "c", "d"]);
    assert_eq!(fake.count("PUT", "/manifests/"), 4, "each tag is pushed once");

    for (repository, list, says) in [
        ("\r\n", "", "repository is empty and should hold a repository"),
        ("r.example/a\nr.example/b\n", "", "repository should hold a repository and nothing else: line 2 is"),
        ("r.example/a:1", "", "app/repository: "),
        ("r.example/a", "good\nnot good\n", "app/tags:2: tag \"not good\" has ' '"),
        ("r.example/a", "good\n\n{NOPE}\n", "app/tags:3: nothing is known of {NOPE}"),
    ] {
        write("repository", repository);
        write("tags", list);
        target.run(&[]).failed(2, &[says]);
    }
}

#[test]
fn a_file_without_a_tag_moves_none_and_says_so() {
    let fake = FakeRegistry::start();
    let target = RunTarget::new(
        &json!({ "repository": format!("{}/app", fake.host()), "remote_tags_file": file("tags") }),
    );
    std::fs::write(target.path("tags"), "\r\n").unwrap();
    let ended = target.run(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("app/tags lists no tag"), "{ended:?}");
    assert_eq!((tags(&fake, "app").len(), fake.manifests("app").len()), (0, 1));
}

#[test]
fn stamps_and_the_digest_are_put_in_when_it_runs() {
    let fake = FakeRegistry::start();
    let target = RunTarget::new(&json!({
        "repository": format!("{}/{{STABLE_TEAM}}/app", fake.host()),
        "remote_tags": ["v1-{STABLE_COMMIT}", "{BRANCH}"],
        "remote_tags_file": file("tags"),
    }))
    .with_status(STABLE, VOLATILE);
    std::fs::write(target.path("tags"), "{BUILD_TIMESTAMP}\nsha-{digest}\n{BRANCH}\n").unwrap();
    let ended = target.run(&["--tag", "at-{STABLE_COMMIT}"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, format!("{}/blue/app@{}\n", fake.host(), target.image.digest()));
    let digest = format!("sha-{}", target.image.digest().hex());
    assert_eq!(tags(&fake, "blue/app"), ["1700000000", "at-4fa2", "main", digest.as_str(), "v1-4fa2"]);

    // Another commit, and nothing else.
    let target = target.with_status("STABLE_COMMIT 77\nSTABLE_TEAM red\n", VOLATILE);
    assert_eq!(target.run(&[]).code, Some(0));
    assert!(tags(&fake, "red/app").contains(&"v1-77".to_owned()));
}

#[test]
fn stamps_that_do_not_exist_are_named_with_those_that_do() {
    let cases: [(Value, &[&str], &[&str]); 4] = [
        (
            json!({ "repository": "r.example/{STABLE_TEEM}" }),
            &[],
            &[
                "the attribute repository: nothing is known of {STABLE_TEEM}",
                "BRANCH, BUILD_EMBED_LABEL",
                "STABLE_TEAM",
            ],
        ),
        (
            json!({ "repository": "r.example/a", "remote_tags": ["{commit}"] }),
            &[],
            &["remote_tags: ", "{commit}"],
        ),
        (
            json!({ "repository": "r.example/a", "remote_tags": ["{BUILD_EMBED_LABEL}"] }),
            &[],
            &["remote_tags (\"{BUILD_EMBED_LABEL}\"): tag \"\" is empty"],
        ),
        (json!({ "repository": "r.example/a" }), &["--tag", "{STABLE_COMIT}"], &["--tag: ", "STABLE_COMMIT"]),
    ];
    for (declared, flags, says) in cases {
        RunTarget::new(&declared).with_status(STABLE, VOLATILE).run(flags).failed(2, says);
    }
    // Where no attribute names a stamp there are no status files.
    RunTarget::to("r.example")
        .run(&["--tag", "{STABLE_COMMIT}"])
        .failed(2, &["nothing is known of {STABLE_COMMIT}", "none of its attributes names a stamp"]);
}

#[test]
fn status_files_that_are_gone_are_named() {
    let target =
        RunTarget::new(&json!({ "repository": "r.example/{STABLE_TEAM}" })).with_status(STABLE, VOLATILE);
    std::fs::remove_file(target.path("stable-status.txt")).unwrap();
    target.run(&[]).failed(2, &["cannot find _main/app/stable-status.txt"]);
}

#[test]
fn names_of_a_load_are_checked_before_a_daemon_is_looked_for() {
    let target = RunTarget::new(&json!({})).with_status(STABLE, VOLATILE);
    target.change_spec(|spec| {
        spec["command"] = json!("load");
        spec["load"] = json!({ "repo_tags_file": file("names") });
    });
    for (names, flags, says) in [
        ("\r\n", &[][..], "app/names is empty and should hold a name a line"),
        ("app:1\napp:{STABLE_COMIT}\n", &[], "app/names:2: nothing is known of {STABLE_COMIT}"),
        ("app:{STABLE_COMMIT} x\n", &[], "`app:4fa2 x` is no name for an image"),
        ("app\n", &["--tag", "{commit}"], "--tag: nothing is known of {commit}"),
    ] {
        std::fs::write(target.path("names"), names).unwrap();
        target.run(flags).failed(2, &[says]);
    }
}

fn for_platform(platform: &str) -> Image {
    let layer = layer(&format!("//app:{platform}"), &[("file", platform.as_bytes())], Compression::Gzip);
    image(&platform.parse().unwrap(), Family::Oci, vec![layer])
}

#[test]
fn each_platform_of_an_index_has_tags_of_its_own() {
    let fake = FakeRegistry::start();
    let images = ["linux/amd64", "linux/arm/v7"].map(for_platform);
    let [amd, arm] = &images;
    let target = RunTarget::new(&json!({
        "repository": format!("{}/app", fake.host()),
        "remote_tags": ["1", "{STABLE_COMMIT}"],
        "platform_tags": ["{tag}-{os}-{arch}", "{arch}{variant}"],
    }))
    .with_status(STABLE, VOLATILE)
    .with_index(&[amd, arm]);
    let ended = target.run(&["-v"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let root = Digest::of(&index(&[amd, arm]));
    let expected = [
        ("1", root),
        ("1-linux-amd64", amd.digest()),
        ("1-linux-arm", arm.digest()),
        ("4fa2", root),
        ("4fa2-linux-amd64", amd.digest()),
        ("4fa2-linux-arm", arm.digest()),
        ("amd64", amd.digest()),
        ("armv7", arm.digest()),
    ];
    assert_eq!(fake.tags("app"), expected.map(|(tag, digest)| (tag.to_owned(), digest)).into());
    assert!(ended.stdout.ends_with(&format!("@{root}\n")), "{ended:?}");
}

#[test]
fn a_single_image_has_platform_tags_too() {
    let fake = FakeRegistry::start();
    let target = RunTarget::new(&json!({
        "repository": format!("{}/app", fake.host()), "remote_tags": ["1"], "platform_tags": ["{tag}-{arch}"],
    }));
    assert_eq!(target.run(&[]).code, Some(0));
    assert_eq!(tags(&fake, "app"), ["1", "1-amd64"]);
}

#[test]
fn a_tag_that_would_name_two_images_is_refused() {
    let images = ["linux/arm/v6", "linux/arm/v7"].map(for_platform);
    for (template, says) in [
        ("{tag}-{arch}", "the tag 1-arm would name both linux/arm/v6 and linux/arm/v7"),
        ("{tag}", "the tag 1 would name both //app:image.push and linux/arm/v6"),
        ("{tag}-{cpu}", "platform_tags: nothing is known of {cpu}"),
        ("{tag} {arch}{variant}", "platform_tags (\"{tag} {arch}{variant}\"): tag \"1 armv6\" has ' '"),
    ] {
        let declared =
            json!({ "repository": "r.example/app", "remote_tags": ["1"], "platform_tags": [template] });
        let [v6, v7] = &images;
        RunTarget::new(&declared).with_index(&[v6, v7]).run(&[]).failed(2, &[says]);
    }
}

#[test]
fn one_platform_of_an_index_alone() {
    let fake = FakeRegistry::start();
    let images = ["linux/amd64", "linux/arm64"].map(for_platform);
    let [amd, arm] = &images;
    let target = RunTarget::new(&json!({
        "repository": format!("{}/app", fake.host()), "remote_tags": ["1", "sha-{digest}"],
    }))
    .with_index(&[amd, arm]);
    let ended = target.run(&["--platform", "linux/arm64"]);
    assert_eq!((ended.code, ended.stdout), (Some(0), format!("{}/app@{}\n", fake.host(), arm.digest())));
    assert_eq!(tags(&fake, "app"), ["1".to_owned(), format!("sha-{}", arm.digest().hex())]);
    assert_eq!(fake.manifests("app"), [arm.digest()]);

    let says =
        "--platform: there is no image for linux/s390x; there are images for: linux/amd64, linux/arm64";
    target.run(&["--platform", "linux/s390x"]).failed(2, &[says]);
    target.run(&["--platform", "linux"]).failed(2, &["--platform", "such as linux/arm64/v8"]);
}

#[test]
fn layers_go_by_way_of_their_home() {
    let fake = FakeRegistry::start();
    let target = RunTarget::new(&json!({
        "repository": format!("{}/app", fake.host()), "blob_repository": "shared/blobs",
    }));
    assert_eq!(target.run(&[]).code, Some(0));
    assert_eq!(fake.count("PUT", "/v2/shared/blobs/blobs/"), 1);
    RunTarget::new(&json!({ "repository": "r.example/app", "blob_repository": "r.example:1/Blobs" }))
        .run(&[])
        .failed(2, &["the attribute blob_repository"]);
}
