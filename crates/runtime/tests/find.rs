//! Which runtime is taken, and what is said where several or none are there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "all of this is tests, the helpers too")]

use std::os::unix::net::UnixListener;
use std::path::Path;

use runtime::{Engine, Environment, Error, Found, Kind, find};
use tempfile::TempDir;
use testing::client::FakeClient;
use testing::docker::{FakeDocker, introduce, introduce_podman};

const INFO: &str = r#"echo '{"host":{"arch":"arm64","os":"linux"},"version":{"Version":"4.3.1"}}'"#;

/// A machine on which nothing is installed, with a folder for what a test puts there.
fn machine() -> (TempDir, Environment) {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    for folder in ["bin", "run", "run/podman", "system"] {
        std::fs::create_dir(place(folder)).unwrap();
    }
    let environment = Environment {
        home: Some(dir.path().to_owned()),
        xdg_runtime_dir: Some(place("run")),
        system_docker_socket: Some(place("docker.sock")),
        system_podman_socket: Some(place("system/podman.sock")),
        system_containerd_sockets: vec![place("containerd.sock")],
        path: Some(place("bin").into()),
        ..Environment::default()
    };
    (dir, environment)
}

fn docker(dir: &Path) -> FakeDocker {
    FakeDocker::start(dir, |call| async move { introduce(&call, "28.2.2").unwrap() })
}

fn podman_service(socket_in: &Path) -> FakeDocker {
    FakeDocker::start(socket_in, |call| async move { introduce_podman(&call, "4.3.1").unwrap() })
}

/// A containerd with these namespaces, and `ctr`.
fn containerd(dir: &Path, namespaces: &str) -> (UnixListener, FakeClient) {
    let list = format!("printf '{namespaces}'");
    let cases = [
        ("*' version'", r"printf 'Client:\n  Version:  1.7\nServer:\n  Version:  1.6.20\n'"),
        ("*' namespaces list --quiet'", list.as_str()),
    ];
    let listener = UnixListener::bind(dir.join("containerd.sock")).unwrap();
    (listener, FakeClient::install(&dir.join("bin"), "ctr", &cases))
}

async fn found(environment: &Environment, wanted: Option<Kind>) -> String {
    let Found { engine, passed_over, others } = find(environment, wanted).await.unwrap();
    let about = engine.about().await.unwrap();
    let namespace = about.namespace.map_or_else(String::new, |namespace| format!(" in {namespace}"));
    let passed: String =
        passed_over.iter().map(|tried| format!("; not {}: {}", tried.kind, tried.reason)).collect();
    let others: String = others.iter().map(|kind| format!("; also {kind}")).collect();
    format!("{} {}{namespace}{passed}{others}", engine.kind(), about.release)
}

async fn error(environment: &Environment, wanted: Option<Kind>) -> Error {
    find(environment, wanted).await.unwrap_err()
}

#[tokio::test]
async fn the_first_that_answers_is_taken_in_a_fixed_order() {
    let (dir, mut environment) = machine();
    FakeClient::install(
        &dir.path().join("bin"),
        "nerdctl",
        &[("' info'", r"printf ' Namespace:\tmine\n Server Version: v1.7\n'")],
    );
    assert_eq!(found(&environment, None).await, "nerdctl v1.7 in mine");
    let _containerd = containerd(dir.path(), r"default\nk8s.io\n");
    assert_eq!(found(&environment, None).await, "containerd 1.6.20 in default");
    FakeClient::install(&dir.path().join("bin"), "podman", &[("*", INFO)]);
    assert_eq!(found(&environment, None).await, "podman 4.3.1");
    let docker = docker(dir.path());
    assert_eq!(found(&environment, None).await, "docker 28.2.2; also podman");

    // What is asked for goes before what is named, and that before what is found.
    for (kind, expected) in [
        (Kind::Docker, "docker 28.2.2"),
        (Kind::Podman, "podman 4.3.1"),
        (Kind::Containerd, "containerd 1.6.20 in default"),
        (Kind::Nerdctl, "nerdctl v1.7 in mine"),
    ] {
        assert_eq!(found(&environment, Some(kind)).await, expected);
    }
    environment.containerd_namespace = Some("k8s.io".to_owned());
    assert_eq!(found(&environment, None).await, "containerd 1.6.20 in k8s.io");
    let service = podman_service(&dir.path().join("run"));
    environment.container_host = Some(service.host());
    assert_eq!(found(&environment, None).await, "podman 4.3.1");
    environment.docker_host = Some(docker.host());
    assert_eq!(found(&environment, None).await, "docker 28.2.2");
    assert_eq!(found(&environment, Some(Kind::Podman)).await, "podman 4.3.1");
}

#[tokio::test]
async fn podman_is_known_wherever_it_answers() {
    let (dir, mut environment) = machine();
    let service = podman_service(dir.path());
    // At docker's usual place, as the package podman-docker puts it, and where DOCKER_HOST says.
    for _ in 0..2 {
        let engine = find(&environment, None).await.unwrap().engine;
        assert!(matches!(engine, Engine::PodmanService(_)), "{engine:?}");
        environment.docker_host = Some(service.host());
    }
    // The other way round is no podman.
    let (dir, mut environment) = machine();
    let docker = docker(dir.path());
    environment.container_host = Some(docker.host());
    let text = error(&environment, None).await.to_string();
    assert!(text.contains("(from CONTAINER_HOST): answers, and is docker and not podman"), "{text}");
}

#[tokio::test]
async fn a_service_of_podman_goes_before_its_command() {
    let (dir, environment) = machine();
    FakeClient::install(&dir.path().join("bin"), "podman", &[("*", INFO)]);
    let engine = find(&environment, Some(Kind::Podman)).await.unwrap().engine;
    assert_eq!(engine.about().await.unwrap().platform.to_string(), "linux/arm64");
    let service = podman_service(&dir.path().join("run/podman"));
    std::fs::rename(service.socket(), dir.path().join("run/podman/podman.sock")).unwrap();
    let engine = find(&environment, Some(Kind::Podman)).await.unwrap().engine;
    assert!(matches!(engine, Engine::PodmanService(_)), "{engine:?}");
}

#[tokio::test]
async fn a_containerd_that_docker_uses_is_taken_only_if_it_is_asked_for() {
    let (dir, environment) = machine();
    let _containerd = containerd(dir.path(), r"default\nmoby\n");
    let text = error(&environment, None).await.to_string();
    assert!(text.contains("is docker's") && text.contains("--runtime containerd"), "{text}");
    assert_eq!(found(&environment, Some(Kind::Containerd)).await, "containerd 1.6.20 in default");
}

#[tokio::test]
async fn what_is_there_and_will_not_do_is_told() {
    let (dir, environment) = machine();
    drop(UnixListener::bind(dir.path().join("docker.sock")).unwrap());
    FakeClient::install(&dir.path().join("bin"), "podman", &[("*", INFO)]);
    assert_eq!(
        found(&environment, None).await,
        "podman 4.3.1; not docker: the socket is there, but nothing listens on it"
    );
}

#[tokio::test]
async fn where_there_is_none_every_place_is_named() {
    let (dir, mut environment) = machine();
    FakeClient::install(
        &dir.path().join("bin"),
        "podman",
        &[("*", "echo 'cannot set up namespace' >&2; exit 125")],
    );
    let none = error(&environment, None).await;
    assert!(none.is_unreachable());
    let text = none.to_string();
    let dir = dir.path().display();
    for part in [
        "no container runtime answers".to_owned(),
        format!("docker: unix://{dir}/docker.sock (the system's socket): no such file"),
        format!("podman: unix://{dir}/run/podman/podman.sock (your own podman's socket): no such file"),
        format!("podman: unix://{dir}/system/podman.sock (the system's podman's socket): no such file"),
        "podman: the podman command: info: `podman info --format=json` ended with exit status: 125: cannot set up namespace".to_owned(),
        format!("containerd: unix://{dir}/containerd.sock (a usual socket): no such file"),
        "nerdctl: the nerdctl command: not on PATH".to_owned(),
        "DOCKER_HOST, CONTAINER_HOST or CONTAINERD_ADDRESS".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
    for (kind, parts) in [
        (Kind::Docker, ["no docker answers", "systemctl start docker"]),
        (Kind::Podman, ["no podman answers", "systemctl --user start podman.socket"]),
        (Kind::Containerd, ["no containerd answers", "systemctl start containerd"]),
        (Kind::Nerdctl, ["no nerdctl answers", "--runtime containerd"]),
    ] {
        let text = error(&environment, Some(kind)).await.to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
    environment.container_host = Some("https://h:1".to_owned());
    let unusable = error(&environment, None).await;
    assert!(unusable.is_usage() && !unusable.is_unreachable(), "{unusable}");
}

#[tokio::test]
async fn containerd_needs_its_client() {
    let (dir, environment) = machine();
    let _listener = UnixListener::bind(dir.path().join("containerd.sock")).unwrap();
    let text = error(&environment, Some(Kind::Containerd)).await.to_string();
    assert!(text.contains("something listens, but `ctr`"), "{text}");
    FakeClient::install(&dir.path().join("bin"), "ctr", &[("*", "echo 'ctr: failed to dial' >&2; exit 1")]);
    let text = error(&environment, Some(Kind::Containerd)).await.to_string();
    assert!(text.contains("ctr: failed to dial"), "{text}");
}
