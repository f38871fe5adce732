//! The `config` object: what a container starts with, merged from base, fragment and attributes.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
use oci::config::{Config, field};
use serde_json::{Map, Value};

use super::{
    env,
    spec::{BASE, Spec},
};

/// Fields that a fragment may not set, and what decides them.
const DECIDED: [(&str, &str); 8] = [
    ("architecture", "the attribute architecture, or the base"),
    ("os", "the attribute os, or the base"),
    ("variant", "the attribute variant, or the base"),
    ("os.version", "the attribute os_version, or the base"),
    ("os.features", "the attribute os_features, or the base"),
    ("created", "the attribute created"),
    ("rootfs", "the layers"),
    ("history", "the layers"),
];

/// Merges a fragment over the base's config, below the attributes.
pub(super) fn merge_fragment(config: &mut Config, fragment: Map<String, Value>) -> Result<()> {
    for (key, decided_by) in DECIDED {
        ensure!(!fragment.contains_key(key), "config: {key:?} is decided by {decided_by}: take it out");
    }
    config.merge(fragment);
    Ok(())
}

/// Applies the attributes to a config that holds base and fragment.
pub(super) fn apply(config: &mut Config, spec: &Spec, has_base: bool, warn: impl FnMut(&str)) -> Result<()> {
    let inherited = |config: &Config, name: &str, field, list: &[String]| -> Result<Value> {
        if !list.iter().any(|element| element == BASE) {
            return Ok(list.into());
        }
        ensure!(has_base, "{name} appends to the list of a base, and the image has no base: leave out BASE");
        let base = config.list(field)?.unwrap_or_default();
        let expand = |element: &String| if element == BASE { base.clone() } else { vec![element.clone()] };
        Ok(list.iter().flat_map(expand).collect::<Vec<_>>().into())
    };
    // Both before either is set, as an entrypoint clears the command from which BASE would be taken.
    let cmd = spec.cmd.as_ref().map(|list| inherited(config, "cmd", field::CMD, list)).transpose()?;
    if let Some(list) = &spec.entrypoint {
        let entrypoint = inherited(config, "entrypoint", field::ENTRYPOINT, list)?;
        config.put(field::ENTRYPOINT, entrypoint)?;
        // The arguments of one program mean nothing to another (Dockerfile reference, ENTRYPOINT).
        config.put(field::CMD, Value::Null)?;
    }
    if let Some(cmd) = cmd {
        config.put(field::CMD, cmd)?;
    }
    if let Some(entries) = &spec.env {
        let base = config.list(field::ENV)?.unwrap_or_default();
        config.put(field::ENV, env::merge(base, entries, warn)?.into())?;
    }
    if let Some(labels) = &spec.labels {
        ensure!(!labels.contains_key(""), "labels: a key is empty: give it a name, or take it out");
        let mut merged = config.map(field::LABELS)?;
        merged.extend(labels.clone());
        config.put(field::LABELS, serde_json::to_value(merged)?)?;
    }
    for port in spec.exposed_ports.iter().flatten() {
        check_port(port)?;
    }
    if let Some(volume) = spec.volumes.iter().flatten().find(|volume| volume.is_empty()) {
        bail!("volumes: {volume:?} is not a path: give one, such as /data");
    }
    for (field, added) in [(field::EXPOSED_PORTS, &spec.exposed_ports), (field::VOLUMES, &spec.volumes)] {
        if let Some(added) = added {
            let merged: BTreeSet<_> = config.set(field)?.into_iter().chain(added.iter().cloned()).collect();
            config.put_set(field, &merged)?;
        }
    }
    apply_simple(config, spec)
}

/// Applies attributes that replace what the base has, and nothing else.
fn apply_simple(config: &mut Config, spec: &Spec) -> Result<()> {
    if let Some(workdir) = spec.workdir.as_deref().filter(|workdir| !workdir.is_empty()) {
        let windows = config.platform()?.os == "windows";
        ensure!(
            windows || workdir.starts_with('/'),
            "workdir {workdir:?} is relative, and no runtime starts a container in it: write \"/{workdir}\""
        );
    }
    let texts = [
        (field::USER, &spec.user),
        (field::WORKING_DIR, &spec.workdir),
        (field::STOP_SIGNAL, &spec.stop_signal),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            config.put(field, text.clone().into())?;
        }
    }
    if let Some(shell) = &spec.shell {
        config.put(field::SHELL, shell.clone().into())?;
    }
    if let Some(healthcheck) = &spec.healthcheck {
        config.put(field::HEALTHCHECK, healthcheck.to_config()?)?;
    }
    Ok(())
}

/// Checks `N`, `N/tcp`, `N/udp` or `N/sctp`.
fn check_port(port: &str) -> Result<()> {
    let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| number.parse::<u16>().ok()).flatten().filter(|number| *number > 0);
    number.filter(|_| matches!(protocol, "tcp" | "udp" | "sctp")).map(drop).with_context(|| {
        format!(
            "exposed_ports: {port:?} is not a port: write a number from 1 to 65535, and /tcp, /udp or /sctp"
        )
    })
}

#[cfg(test)]
mod tests {
    use oci::Platform;
    use serde_json::json;

    use super::*;

    /// Applies attributes given as JSON to a config object, and gives that object back.
    fn applied(base: Option<Value>, attributes: Value) -> Result<Value> {
        let mut config = Config::new(&Platform::new("linux", "amd64"));
        let has_base = base.is_some();
        if let Some(Value::Object(base)) = base.map(|base| json!({"config": base})) {
            merge_fragment(&mut config, base)?;
        }
        let spec: Spec = serde_json::from_value(attributes)?;
        apply(&mut config, &spec, has_base, |_| ())?;
        let config: Value = serde_json::from_slice(&config.to_json()?)?;
        Ok(config["config"].clone())
    }

    #[test]
    fn entrypoint_and_cmd() {
        let base = || Some(json!({"Entrypoint": ["/e", "-a"], "Cmd": ["c"]}));
        let cases = [
            (json!({}), json!({"Entrypoint": ["/e", "-a"], "Cmd": ["c"]})),
            (json!({"entrypoint": ["/x"]}), json!({"Entrypoint": ["/x"]})),
            (json!({"entrypoint": ["/x"], "cmd": ["y"]}), json!({"Entrypoint": ["/x"], "Cmd": ["y"]})),
            (json!({"cmd": ["y"]}), json!({"Entrypoint": ["/e", "-a"], "Cmd": ["y"]})),
            (json!({"cmd": []}), json!({"Entrypoint": ["/e", "-a"]})),
            (json!({"entrypoint": []}), json!({})),
            (json!({"entrypoint": [BASE, "-b"]}), json!({"Entrypoint": ["/e", "-a", "-b"]})),
            (
                json!({"entrypoint": ["/w", BASE], "cmd": [BASE, "d"]}),
                json!({"Entrypoint": ["/w", "/e", "-a"], "Cmd": ["c", "d"]}),
            ),
        ];
        for (attributes, expected) in cases {
            assert_eq!(applied(base(), attributes.clone()).unwrap(), expected, "{attributes}");
        }
        let empty = applied(Some(json!({})), json!({"cmd": [BASE, "x"]})).unwrap();
        assert_eq!(empty, json!({"Cmd": ["x"]}), "a base may have nothing to inherit");
        let error = applied(None, json!({"cmd": [BASE]})).unwrap_err().to_string();
        assert!(error.contains("cmd appends") && error.contains("leave out BASE"), "{error}");
    }

    #[test]
    fn what_merges_and_what_replaces() {
        let base = json!({"Env": ["P=/b"], "Labels": {"a": "1", "b": "2"}, "ExposedPorts": {"80/tcp": {}},
                          "Volumes": {"/v": {}}, "User": "1", "WorkingDir": "/b", "StopSignal": "SIGHUP",
                          "Shell": ["a"], "Healthcheck": {"Test": ["NONE"]}, "OnBuild": ["x"]});
        let attributes = json!({"env": [["P", "/a:$P"], ["Q", "1"]], "labels": {"b": "3"}, "volumes": ["/w"],
            "exposed_ports": ["81/udp", "80/tcp"], "user": "", "workdir": "/c", "stop_signal": "SIGINT",
            "shell": ["b"], "healthcheck": {"test": ["CMD", "x"]}});
        let expected = json!({"Env": ["P=/a:/b", "Q=1"], "Labels": {"a": "1", "b": "3"}, "WorkingDir": "/c",
            "ExposedPorts": {"80/tcp": {}, "81/udp": {}}, "Volumes": {"/v": {}, "/w": {}}, "StopSignal": "SIGINT",
            "Shell": ["b"], "Healthcheck": {"Test": ["CMD", "x"]}, "OnBuild": ["x"]});
        assert_eq!(applied(Some(base.clone()), attributes).unwrap(), expected);
        let nothing = json!({"env": [], "labels": {}, "exposed_ports": [], "volumes": []});
        assert_eq!(applied(Some(base.clone()), nothing).unwrap(), base, "merging nothing changes nothing");
    }

    #[test]
    fn refused() {
        let cases = [
            (json!({"exposed_ports": ["http"]}), "\"http\" is not a port"),
            (json!({"exposed_ports": ["80/icmp"]}), "/tcp, /udp or /sctp"),
            (json!({"exposed_ports": ["70000"]}), "1 to 65535"),
            (json!({"exposed_ports": ["0"]}), "not a port"),
            (json!({"exposed_ports": ["+80"]}), "not a port"),
            (json!({"exposed_ports": ["8000-8010"]}), "not a port"),
            (json!({"labels": {"": "x"}}), "a key is empty"),
            (json!({"volumes": [""]}), "not a path"),
            (json!({"workdir": "app"}), "write \"/app\""),
        ];
        for (attributes, expected) in cases {
            let error = format!("{:#}", applied(None, attributes).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn fragments_set_no_identity() {
        let mut config = Config::new(&Platform::new("linux", "amd64"));
        for (key, _) in DECIDED {
            let error =
                merge_fragment(&mut config, Map::from_iter([(key.to_owned(), json!("x"))])).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
        merge_fragment(&mut config, Map::from_iter([("author".to_owned(), json!("x"))])).unwrap();
        assert!(String::from_utf8(config.to_json().unwrap()).unwrap().contains("author"));
    }
}
