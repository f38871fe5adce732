//! What images are called: `# oci:image_name`.

const BINARY: &str = "{binary}";
const DIRECTORY: &str = "{dirname}";

/// A pattern of names: text with `{binary}` and `{dirname}` (the last part of the package, at the root the binary) in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageName(String);

impl Default for ImageName {
    fn default() -> Self {
        Self("image".to_owned())
    }
}

impl ImageName {
    /// A pattern, if what comes of it can be the name of a target.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let name = pattern.replace(BINARY, "b").replace(DIRECTORY, "d");
        // The characters of Bazel's names of targets but for `/`, since an image's directory is named after it.
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "!%-@^_\"#$&'()*+,;<=>?[]~. ".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_allowed) {
            return Err(format!(
                "{pattern:?} can't be the name of a target: use letters, digits, `_`, `-`, `.`, and `{BINARY}` and `{DIRECTORY}`"
            ));
        }
        Ok(Self(pattern.to_owned()))
    }

    /// The name of the image of `binary` in `package`, which has as many binaries.
    ///
    /// A pattern without `{binary}` names the only image of a package; where there are several, the binary's name goes before it.
    pub(super) fn of(&self, package: &str, binary: &str, binaries: usize) -> String {
        // A binary may be called `sub/name`.
        let binary = binary.replace('/', "_");
        // The root's directory has another name in each checkout.
        let directory = package.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(&binary);
        let pattern = self.0.replace(DIRECTORY, directory);
        match pattern.contains(BINARY) {
            true => pattern.replace(BINARY, &binary),
            false if binaries > 1 => format!("{binary}_{pattern}"),
            false => pattern,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_patterns() {
        let cases = [
            ("image", 1, "image"),
            ("image", 2, "server_image"),
            ("container", 2, "server_container"),
            ("{binary}.oci", 1, "server.oci"),
            ("{dirname}-image", 1, "app-image"),
            ("{dirname}-image", 2, "server_app-image"),
        ];
        for (pattern, binaries, name) in cases {
            assert_eq!(
                ImageName::new(pattern).unwrap().of("cmd/app", "server", binaries),
                name,
                "{pattern} {binaries}"
            );
        }
        assert_eq!(ImageName::default().of("", "cmd/server", 2), "cmd_server_image");
        assert_eq!(ImageName::new("{dirname}-image").unwrap().of("", "server", 1), "server-image");
    }

    #[test]
    fn what_is_no_name_is_an_error() {
        for pattern in ["", "{dir}", "a/b", "a:b", "..", "a\\b"] {
            assert!(ImageName::new(pattern).is_err(), "{pattern}");
        }
    }
}
