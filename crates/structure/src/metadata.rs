//! `metadataTest`.

use std::collections::{BTreeMap, BTreeSet};

use oci::config::{Config, ConfigError, field};

use crate::config::{Expected, ExpectedValue, Metadata};

/// What is not as the test says.
pub(crate) fn problems(test: &Metadata, config: &Config, env: &BTreeMap<String, String>) -> Vec<String> {
    compare(test, config, env).unwrap_or_else(|error| vec![error.to_string()])
}

fn compare(
    test: &Metadata,
    config: &Config,
    env: &BTreeMap<String, String>,
) -> Result<Vec<String>, ConfigError> {
    let mut problems = values("the variable", &test.env, env);
    for key in &test.unbound {
        if let Some(value) = env.get(key) {
            problems.push(format!("the variable {key} should not be set, and is {value:?}"));
        }
    }
    problems.extend(values("the label", &test.labels, &config.map(field::LABELS)?));
    for (what, wanted, name) in
        [("entrypoint", &test.entrypoint, field::ENTRYPOINT), ("cmd", &test.cmd, field::CMD)]
    {
        let is = config.list(name)?.unwrap_or_default();
        if let Some(wanted) = wanted.as_ref().filter(|wanted| **wanted != is) {
            problems.push(format!("{what} should be {wanted:?}, and is {is:?}"));
        }
    }
    for (what, wanted, name) in
        [("workdir", &test.workdir, field::WORKING_DIR), ("user", &test.user, field::USER)]
    {
        let is = config.text(name)?.unwrap_or_default();
        if let Some(wanted) = wanted.as_ref().filter(|wanted| **wanted != is) {
            problems.push(format!("{what} should be {wanted:?}, and is {is:?}"));
        }
    }
    let ports = config.set(field::EXPOSED_PORTS)?;
    let has_port = |wanted: &str| {
        let bare = |port: &String| port.split_once('/').map_or(port.as_str(), |(number, _)| number) == wanted;
        ports.contains(wanted) || ports.iter().any(bare)
    };
    let volumes = config.set(field::VOLUMES)?;
    for port in test.exposed_ports.iter().filter(|port| !has_port(port)) {
        problems.push(format!("the port {port} should be exposed; exposed are: {}", listed(&ports)));
    }
    for port in test.unexposed_ports.iter().filter(|port| has_port(port)) {
        problems.push(format!("the port {port} should not be exposed; exposed are: {}", listed(&ports)));
    }
    for volume in test.volumes.iter().filter(|volume| !volumes.contains(*volume)) {
        problems.push(format!("{volume} should be a volume; volumes are: {}", listed(&volumes)));
    }
    for volume in test.unmounted_volumes.iter().filter(|volume| volumes.contains(*volume)) {
        problems.push(format!("{volume} should be no volume; volumes are: {}", listed(&volumes)));
    }
    Ok(problems)
}

fn values(what: &str, wanted: &[Expected], values: &BTreeMap<String, String>) -> Vec<String> {
    let problem = |Expected { key, value }: &Expected| match (value, values.get(key)) {
        (ExpectedValue::Equal(wanted), None) => Some(format!(
            "{what} {key} should be {wanted:?}, and is not set; set are: {}",
            listed(values.keys())
        )),
        (ExpectedValue::Like(wanted), None) => Some(format!(
            "{what} {key} should match {wanted}, and is not set; set are: {}",
            listed(values.keys())
        )),
        (ExpectedValue::Equal(wanted), Some(is)) => {
            (wanted != is).then(|| format!("{what} {key} should be {wanted:?}, and is {is:?}"))
        }
        (ExpectedValue::Like(wanted), Some(is)) => (!wanted.is_in(is.as_bytes()))
            .then(|| format!("{what} {key} should match {wanted}, and is {is:?}")),
    };
    wanted.iter().filter_map(problem).collect()
}

/// Names for people.
fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: BTreeSet<&str> = names.into_iter().map(String::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
}
