//! What a package says of itself: the one paragraph of its `control` (Debian Policy, 5.1 and 5.3).

use anyhow::{Context as _, Result, bail, ensure};

use super::version::{self, Relation};

/// A package's control paragraph.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    /// The paragraph as it stands, with a newline at its end.
    text: Vec<u8>,
    pub(super) package: String,
    pub(super) version: String,
    /// Debian's name of it; `all` where it fits every one.
    pub(super) architecture: String,
    replaces: Vec<Replaced>,
}

/// One element of `Replaces`.
#[derive(Debug, Clone)]
struct Replaced {
    package: String,
    version: Option<(Relation, String)>,
}

impl Control {
    /// Parses the file.
    ///
    /// # Errors
    /// If it is not one paragraph, or lacks a field that every package has.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let text = bytes.trim_ascii_end();
        let lossy = String::from_utf8_lossy(text);
        let fields = fields(lossy.trim_start_matches(['\n', '\r']))?;
        let field = |name: &str| {
            let mut found = fields.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.trim())
        };
        let needed = |name: &str| {
            let value = field(name).filter(|value| !value.is_empty());
            value.map(str::to_owned).with_context(|| format!("its control has no {name}"))
        };
        let package = needed("Package")?;
        // It becomes the name of a file.
        ensure!(
            is_name(&package),
            "its control has {package:?} as Package, which is no name of a package: lower-case letters, digits, `+`, `-` and `.`"
        );
        let replaces = field("Replaces").unwrap_or_default().split(',').filter_map(Replaced::parse).collect();
        Ok(Self {
            text: [text, b"\n"].concat(),
            version: needed("Version")?,
            architecture: needed("Architecture")?,
            package,
            replaces,
        })
    }

    /// Whether files of `other` make way for those of this package.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        self.replaces.iter().any(|replaced| {
            replaced.package == other.package
                && replaced.version.as_ref().is_none_or(|(relation, version)| {
                    relation.holds(version::compare(&other.version, version))
                })
        })
    }

    /// The paragraph as dpkg keeps it of what is installed.
    pub(super) fn status(&self) -> Vec<u8> {
        // After the first line, which is that of Package by dpkg-gencontrol, and may be any: fields have no order.
        let end = self.text.iter().position(|byte| *byte == b'\n').map_or(self.text.len(), |at| at + 1);
        let (first, rest) = self.text.split_at(end);
        match rest.first() {
            // The first field goes on.
            Some(b' ' | b'\t') => [b"Status: install ok installed\n", first, rest].concat(),
            _ => [first, b"Status: install ok installed\n", rest].concat(),
        }
    }
}

impl Replaced {
    /// `libx`, `libx:any`, `libx (<< 1.2)`; `None` where it is nothing.
    fn parse(text: &str) -> Option<Self> {
        let (package, version) =
            text.split_once('(').map_or((text, None), |(package, version)| (package, Some(version)));
        let package = package.trim();
        let package = package.split_once(':').map_or(package, |(package, _)| package);
        let version = version.map(|text| Relation::parse(text.trim().trim_end_matches(')').trim()));
        (!package.is_empty()).then(|| Self { package: package.to_owned(), version })
    }
}

fn is_name(text: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() >= 2
        && text.bytes().next().is_some_and(is_first)
        && text.bytes().all(|byte| is_first(byte) || b"+-.".contains(&byte))
}

/// Names and values of the fields of one paragraph; a value has its continuation lines.
fn fields(text: &str) -> Result<Vec<(&str, String)>> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        ensure!(!line.trim().is_empty(), "its control has more than one paragraph");
        if line.starts_with('#') {
            continue;
        }
        match (line.starts_with([' ', '\t']), line.split_once(':'), fields.last_mut()) {
            (true, _, Some((_, value))) => {
                value.push('\n');
                value.push_str(line);
            }
            (false, Some((name, value)), _) if !name.is_empty() => {
                fields.push((name.trim_end(), value.to_owned()));
            }
            _ => bail!("its control has a line that is no field: {line:?}"),
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(more: &str) -> Control {
        Control::parse(format!("Package: app\nVersion: 2.0-1\nArchitecture: all\n{more}").as_bytes()).unwrap()
    }

    #[test]
    fn fields_and_status() {
        let text =
            "Package: libx1\nversion: 1:2.0-1\nArchitecture: amd64\nDescription: one\n two\n .\n three\n\n";
        let control = Control::parse(text.as_bytes()).unwrap();
        assert_eq!(
            (&*control.package, &*control.version, &*control.architecture),
            ("libx1", "1:2.0-1", "amd64")
        );
        let status = "Package: libx1\nStatus: install ok installed\nversion: 1:2.0-1\nArchitecture: amd64\nDescription: one\n two\n .\n three\n";
        assert_eq!(String::from_utf8(control.status()).unwrap(), status);
        let folded = b"Description: one\n two\nPackage: ab\nVersion: 1\nArchitecture: all\nMaintainer: \xe9";
        let status = Control::parse(folded).unwrap().status();
        assert_eq!(status, [b"Status: install ok installed\n", &folded[..], b"\n"].concat());
    }

    #[test]
    fn refused() {
        for (text, says) in [
            ("", "has no Package"),
            ("Package: ab\nVersion: 1\n", "has no Architecture"),
            ("Package: ab\nVersion:\nArchitecture: all\n", "has no Version"),
            ("Package: ../x\nVersion: 1\nArchitecture: all\n", "\"../x\" as Package"),
            ("Package: A\nVersion: 1\nArchitecture: all\n", "no name of a package"),
            ("Package: ab\n\nPackage: cd\n", "more than one paragraph"),
            ("Package: ab\nnonsense\n", "\"nonsense\""),
            (" Package: ab\n", "is no field"),
        ] {
            let error = Control::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }

    #[test]
    fn replacing() {
        let old = control("");
        for (field, expected) in [
            ("", false),
            ("Replaces: app", true),
            ("Replaces: x, app:any", true),
            ("Replaces: x,\n app (<< 2.0-2),\n y", true),
            ("replaces: app (<< 2.0-1)", false),
            ("Replaces: app (<= 2.0-1)", true),
            ("Replaces: app (= 2.0-1)", true),
            ("Replaces: app(>> 2.0)", true),
            ("Replaces: application", false),
        ] {
            assert_eq!(control(field).replaces(&old), expected, "{field}");
        }
    }
}
