//! Media types as people write them: what may be the name of one (RFC 6838, section 4.2, which OCI's descriptor.md demands),
//! and that of a file that nobody has given one.

use anyhow::{Result, bail};

/// The longest type, and the longest subtype, in characters.
const LONGEST: usize = 127;

/// What a name ends in, in lower case, and the type of such files as IANA or, failing that, everybody has it. The longest
/// end that fits counts. docs/artifacts.md lists them.
const ENDS: [(&str, &str); 13] = [
    (".cdx.json", "application/vnd.cyclonedx+json"),
    (".cdx.xml", "application/vnd.cyclonedx+xml"),
    (".gz", "application/gzip"),
    (".intoto.jsonl", "application/vnd.in-toto+json"),
    (".json", "application/json"),
    (".sarif", "application/sarif+json"),
    (".spdx.json", "application/spdx+json"),
    (".tgz", "application/gzip"),
    (".txt", "text/plain"),
    (".wasm", "application/wasm"),
    (".xml", "application/xml"),
    (".yaml", "application/yaml"),
    (".yml", "application/yaml"),
];

/// The type of all other files.
pub(super) const DEFAULT: &str = "application/octet-stream";

/// Checks that `text` is `type/subtype`, each of 1 to 127 of the characters that RFC 6838 allows. Parameters
/// (`; charset=utf-8`) are no part of the name.
pub(super) fn check(text: &str) -> Result<()> {
    let problem = match text.split_once('/') {
        None => Some("it has no slash".to_owned()),
        Some((kind, subtype)) => problem("type", kind).or_else(|| problem("subtype", subtype)),
    };
    match problem {
        None => Ok(()),
        Some(problem) => {
            bail!("{text:?} is no media type: {problem}; write one such as \"application/spdx+json\"")
        }
    }
}

fn problem(what: &str, part: &str) -> Option<String> {
    let Some(first) = part.chars().next() else { return Some(format!("the {what} is empty")) };
    if let Some(other) = part.chars().find(|c| !c.is_ascii_alphanumeric() && !"!#$&-^_.+".contains(*c)) {
        return Some(format!("the {what} has the character {other:?}"));
    }
    if !first.is_ascii_alphanumeric() {
        return Some(format!("the {what} begins with {first:?}"));
    }
    (part.len() > LONGEST).then(|| format!("the {what} has more than {LONGEST} characters"))
}

/// The media type of a file with this title: by its end.
pub(super) fn of(title: &str) -> &'static str {
    let title = title.to_ascii_lowercase();
    let fitting = ENDS.iter().filter(|(end, _)| title.ends_with(end));
    fitting.max_by_key(|(end, _)| end.len()).map_or(DEFAULT, |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = format!("application/{}", "x".repeat(127));
        for text in [
            "application/spdx+json",
            "application/vnd.cncf.helm.config.v1+json",
            "a/1",
            "x-y/b!#$&-^_.+",
            &long,
        ] {
            check(text).unwrap();
        }
        let too_long = format!("{long}x");
        for (text, problem) in [
            ("sbom", "it has no slash"),
            ("", "it has no slash"),
            ("/json", "the type is empty"),
            ("application/", "the subtype is empty"),
            ("application/a/b", "the subtype has the character '/'"),
            ("application/json; charset=utf-8", "the subtype has the character ';'"),
            (" application/json", "the type has the character ' '"),
            ("application/+json", "the subtype begins with '+'"),
            ("application/jsön", "the subtype has the character 'ö'"),
            (&too_long, "the subtype has more than 127"),
        ] {
            let error = check(text).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("application/spdx+json"), "{text}: {error}");
        }
    }
    #[test]
    fn by_the_longest_end() {
        for (title, expected) in [
            ("sbom.spdx.json", "application/spdx+json"),
            ("a/SBOM.SPDX.JSON", "application/spdx+json"),
            ("values.json", "application/json"),
            ("app-1.2.tgz", "application/gzip"),
            ("app.tar.gz", "application/gzip"),
            ("app.tar", DEFAULT),
            ("module.wasm", "application/wasm"),
            ("json", DEFAULT),
            ("", DEFAULT),
        ] {
            assert_eq!(of(title), expected, "{title}");
        }
        for (end, media_type) in ENDS {
            check(media_type).unwrap();
            assert_eq!(of(&format!("x{end}")), media_type);
        }
    }
}
