//! Credentials, as a registry sees them.

use super::common::*;
use registry::client::{Client, Options};
use registry::error::Class;
use registry::keychain::Keychain;
use testing::image::small;
use testing::registry::{FakeRegistry, Login};

const USER: &str = "u";
const PASSWORD: &str = "hunter2";

fn basic() -> Login {
    Login::Basic { user: USER.into(), password: PASSWORD.into() }
}

fn bearer() -> Login {
    Login::Bearer { user: USER.into(), password: PASSWORD.into() }
}

fn config(fake: &FakeRegistry, entry: &str) -> String {
    format!(r#"{{"auths":{{"{}":{entry}}}}}"#, fake.host())
}

const RIGHT: &str = r#"{"username":"u","password":"hunter2"}"#;
const WRONG: &str = r#"{"username":"u","password":"hunter3"}"#;
const IDENTITY: &str = r#"{"auth":"dTpw","identitytoken":"hunter2"}"#;

#[tokio::test]
async fn logs_in() {
    for (login, entry, tokens) in
        [(basic(), RIGHT, 0), (bearer(), RIGHT, 1), (bearer(), IDENTITY, 1), (Login::Anonymous, "{}", 1)]
    {
        let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
        fake.require(login.clone());
        push_with(&client_with(&fake, &config(&fake, entry), &folder), &layers(4)).await.unwrap();
        assert_eq!(fake.count("", "/token"), tokens, "{login:?}");
        assert_eq!(fake.tags("app").len(), 1);
        // One request goes without, for the registry has to ask first.
        let without = fake.requests().into_iter().filter(|r| r.path != "/token" && r.authorization.is_none());
        assert_eq!(without.count(), 1, "{login:?}");
    }
}

#[tokio::test]
async fn refused_or_missing_credentials_are_named_and_never_shown() {
    for (login, entry, says) in [
        (basic(), WRONG, "It refuses the credentials; the credentials came from "),
        (basic(), "{}", "no credentials were found in "),
        (bearer(), WRONG, "It refuses the credentials; the credentials came from "),
        (bearer(), "{}", "no credentials were found in "),
    ] {
        let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
        fake.require(login.clone());
        let error =
            push_with(&client_with(&fake, &config(&fake, entry), &folder), &small()).await.unwrap_err();
        let text = format!("{error} {error:?}");
        let source = folder.path().join("config.json").display().to_string();
        assert!(
            text.contains(says) && text.contains(&source) && !text.contains("hunter"),
            "{login:?}: {text}"
        );
        assert_eq!(error.class(), Class::Authentication);
        assert!(fake.requests().len() <= 2, "{:?}", fake.requests());
    }
}

#[tokio::test]
async fn no_keychain_at_all() {
    let fake = FakeRegistry::start();
    fake.require(basic());
    let error = push_image(&fake, &small()).await.unwrap_err();
    assert!(error.to_string().contains("neither $HOME nor $DOCKER_CONFIG is set"), "{error}");
}

#[tokio::test]
async fn a_registry_that_asks_for_nothing_gets_nothing() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    // Not even a broken file is looked at.
    push_with(&client_with(&fake, "broken", &folder), &small()).await.unwrap();
    assert!(fake.requests().iter().all(|request| request.authorization.is_none()));
}

#[tokio::test]
async fn a_broken_file_stops_a_login() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.require(basic());
    let error = push_with(&client_with(&fake, "broken", &folder), &small()).await.unwrap_err();
    assert_eq!(error.class(), Class::Authentication);
    assert!(error.to_string().contains("config.json"), "{error}");
}

#[tokio::test]
async fn a_token_that_expires_is_renewed() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.require(bearer());
    let client = client_with(&fake, &config(&fake, RIGHT), &folder);
    push_with(&client, &small()).await.unwrap();
    fake.expire_tokens();
    push_with(&client, &layers(3)).await.unwrap();
    assert_eq!(fake.count("", "/token"), 2);
}

#[tokio::test]
async fn a_token_that_expires_between_the_start_of_an_upload_and_its_end_is_renewed() {
    use testing::registry::Fault;
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.require(bearer());
    let challenge = format!(r#"Bearer realm="http://{}/token""#, fake.host());
    fake.fail("PUT", "/blobs/", 1, Fault::Answer(401, vec![("www-authenticate", challenge)], String::new()));
    push_with(&client_with(&fake, &config(&fake, RIGHT), &folder), &small()).await.unwrap();
    assert_eq!(fake.count("", "/token"), 2);
}

#[tokio::test]
async fn v_names_the_source() {
    let (fake, folder) = (FakeRegistry::start(), tempfile::tempdir().unwrap());
    fake.require(basic());
    let path = folder.path().join("config.json");
    std::fs::write(&path, config(&fake, RIGHT)).unwrap();
    let (listener, heard) = recorder();
    let options = Options { keychain: Keychain::of_files(vec![path.clone()]), listener, ..options() };
    push_with(&Client::new(&fake.host(), options).unwrap(), &small()).await.unwrap();
    let heard = heard.lock().unwrap().join("\n");
    assert!(heard.contains(path.to_str().unwrap()) && !heard.contains(PASSWORD), "{heard}");
}
