//! The docker client against a daemon on a unix socket: finding it, pulling, and what goes wrong on the way.
#![cfg(unix)]

use std::path::Path;

use runtime::Environment;
use runtime::docker::{self, Docker, Error, Progress};
use testing::docker::{Answer, FakeDocker, introduce};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

const PULLED: &str = "127.0.0.1:5000/0123456789abcdef/image@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

type MakeAnswer = fn() -> Answer;

/// A daemon that gives `answer` to everything but the introductory questions, and a client of it.
async fn daemon(dir: &Path, answer: MakeAnswer) -> (FakeDocker, Docker) {
    let fake =
        FakeDocker::start(dir, move |call| async move { introduce(&call, "28.2.2").unwrap_or_else(answer) });
    let docker = docker::connect(&named(&fake.host())).await.expect("the fake daemon answers");
    (fake, docker)
}

fn named(host: &str) -> Environment {
    Environment { docker_host: Some(host.to_owned()), ..Environment::default() }
}

async fn pull(docker: &Docker) -> (Result<(), Error>, Vec<Progress>) {
    let mut seen = Vec::new();
    let result =
        docker.pull(&PULLED.parse().expect("a reference"), None, |progress| seen.push(progress)).await;
    (result, seen)
}

#[tokio::test]
async fn no_daemon_names_every_socket_and_why_each_failed() {
    let dir = tempfile::tempdir().unwrap();
    let system = dir.path().join("system.sock");
    // A socket that nobody listens on any more, and a file that is none.
    drop(std::os::unix::net::UnixListener::bind(&system).unwrap());
    std::fs::create_dir_all(dir.path().join(".docker/run")).unwrap();
    std::fs::write(dir.path().join(".docker/run/docker.sock"), "text").unwrap();
    let environment = Environment {
        system_docker_socket: Some(system.clone()),
        xdg_runtime_dir: Some(dir.path().join("run")),
        home: Some(dir.path().to_owned()),
        ..Environment::default()
    };
    let error = docker::connect(&environment).await.unwrap_err();
    assert!(error.is_unreachable());
    let text = error.to_string();
    let dir = dir.path().display();
    for part in [
        "no docker daemon answers".to_owned(),
        format!(
            "unix://{} (the system's socket): the socket is there, but nothing listens on it",
            system.display()
        ),
        format!("unix://{dir}/run/docker.sock (rootless docker's socket): no such file"),
        format!("unix://{dir}/.docker/run/docker.sock"),
        format!("unix://{dir}/.colima/default/docker.sock (Colima's socket): no such file"),
        "sudo systemctl start docker".to_owned(),
        "DOCKER_HOST".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
}

#[tokio::test]
async fn a_daemon_that_is_named_is_the_only_one_tried() {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeDocker::start(dir.path(), |call| async move { introduce(&call, "28.2.2").unwrap() });
    let mut environment = named("unix:///nowhere/docker.sock");
    environment.system_docker_socket = Some(fake.socket().to_owned());
    let text = docker::connect(&environment).await.unwrap_err().to_string();
    assert!(text.contains("unix:///nowhere/docker.sock (from DOCKER_HOST): no such file"), "{text}");
    assert!(!text.contains(&fake.host()), "{text}");

    // Without it, the first usual place that answers is taken.
    environment.docker_host = None;
    environment.xdg_runtime_dir = Some("/nowhere".into());
    let docker = docker::connect(&environment).await.unwrap();
    assert_eq!(docker.endpoint().to_string(), fake.host());
    let version = docker.version().await.unwrap();
    assert_eq!(
        (version.version.as_str(), version.os.as_str(), version.arch.as_str()),
        ("28.2.2", "linux", "amd64")
    );
    assert!(!docker.info().await.unwrap().containerd_store());
}

#[tokio::test]
async fn what_answers_must_be_docker() {
    for (answer, expected) in [
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "answers a ping with 503"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", "its ping names no API version"),
        ("HTTP/1.1 200 OK\r\nApi-Version: new\r\nContent-Length: 2\r\n\r\nOK", "API version `new`"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "invalid HTTP"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let server = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            connection.write_all(answer.as_bytes()).await.unwrap();
        };
        let environment = named(&format!("unix://{}", path.display()));
        let (result, ()) = tokio::join!(docker::connect(&environment), server);
        let text = result.unwrap_err().to_string();
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[tokio::test]
async fn a_daemon_that_is_too_old_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let fake = FakeDocker::start(dir.path(), |_| async { Answer::new(200, "OK").of_api("1.30") });
    let text = docker::connect(&named(&fake.host())).await.unwrap_err().to_string();
    assert!(text.contains("speaks API 1.30, and 1.32 is needed"), "{text}");
}

#[tokio::test]
async fn a_pull_asks_for_the_digest_and_passes_progress_on() {
    let dir = tempfile::tempdir().unwrap();
    let (fake, docker) = daemon(dir.path(), || {
        Answer::lines(&[
            r#"{"status":"Pulling from image","id":"sha256:e3b0"}"#,
            r#"{"status":"Downloading","progressDetail":{"current":5,"total":10},"id":"abc"}"#,
            r#"{"status":"Status: Downloaded newer image"}"#,
        ])
    })
    .await;
    let (result, seen) = pull(&docker).await;
    result.unwrap();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[1].bytes, Some((5, Some(10))));
    let platform = "linux/arm64/v8".parse().unwrap();
    docker.pull(&"busybox:1.36".parse().unwrap(), Some(&platform), |_| {}).await.unwrap();
    assert_eq!(
        fake.calls(),
        [
            "POST /images/create?fromImage=127.0.0.1%3A5000%2F0123456789abcdef%2Fimage&tag=sha256%3Ae3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "POST /images/create?fromImage=docker.io%2Flibrary%2Fbusybox&tag=1.36&platform=linux%2Farm64%2Fv8",
        ]
    );
}

#[tokio::test]
async fn a_pull_that_fails_says_where_and_why() {
    let cases: Vec<(MakeAnswer, &str)> = vec![
        (
            || {
                Answer::lines(&[
                    r#"{"status":"Extracting","id":"abc"}"#,
                    r#"{"errorDetail":{"message":"failed to register layer: no space left"},"error":"x"}"#,
                ])
            },
            "says: failed to register layer: no space left",
        ),
        (
            || Answer::error(500, "dial tcp 127.0.0.1:5000: connect: connection refused"),
            "answered 500: dial tcp",
        ),
        (|| Answer::new(500, "<html>proxy</html>"), "answered 500: <html>proxy</html>"),
        (|| Answer::lines(&["nonsense"]), "`nonsense` is not a line of progress"),
        (
            || Answer::lines(&[r#"{"status":"Extracting","id":"abc"}"#]).cut(),
            "connection to the docker daemon",
        ),
    ];
    for (answer, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (fake, docker) = daemon(dir.path(), answer).await;
        let text = pull(&docker).await.0.unwrap_err().to_string();
        for part in [expected, PULLED, fake.host().as_str()] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[tokio::test]
async fn names_come_and_go() {
    let dir = tempfile::tempdir().unwrap();
    let (fake, docker) = daemon(dir.path(), || Answer::error(404, "no such image")).await;
    assert_eq!(docker.inspect("app:latest").await.unwrap(), None);
    docker.untag(&PULLED.parse().unwrap()).await.expect("a name that is not there is fine");
    let text = docker.tag(PULLED, &"app".parse().unwrap()).await.unwrap_err().to_string();
    assert!(text.contains("answered 404: no such image") && text.contains("tag of"), "{text}");
    assert_eq!(
        fake.calls(),
        [
            "GET /images/app:latest/json".to_owned(),
            format!("DELETE /images/{PULLED}"),
            format!("POST /images/{PULLED}/tag?repo=docker.io%2Flibrary%2Fapp&tag=latest"),
        ]
    );
}
