//! The table of languages: which binaries get an image, and by which macro.

/// The languages that have an image macro in `//oci:defs.bzl`. Of each, `<language>_binary` gets a `<language>_image`.
pub const LANGUAGES: [&str; 6] = ["go", "rust", "cc", "py", "js", "java"];

/// One row of the table: binaries of this kind get an image by this macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the language is called by `-lang` and by directives.
    pub language: String,
    /// The kind of the binary, such as `go_binary`.
    pub binary: String,
    /// The macro that makes its image.
    pub image: Macro,
}

/// A macro, and the file to load it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// The macro's name in that file.
    pub symbol: String,
    /// The label of the file.
    pub file: String,
}

impl Row {
    /// The row of a kind that isn't in the table by itself. Its language is the kind without `_binary`.
    pub fn new(binary: &str, image: Macro) -> Self {
        Self {
            language: binary.strip_suffix("_binary").unwrap_or(binary).to_owned(),
            binary: binary.to_owned(),
            image,
        }
    }
}

/// The table as it is where no directive changes it. `defs` is the label of `//oci:defs.bzl`, as the repository at hand calls it.
pub fn table(defs: &str) -> Vec<Row> {
    LANGUAGES
        .iter()
        .map(|language| {
            let image = Macro { symbol: format!("{language}_image"), file: defs.to_owned() };
            Row::new(&format!("{language}_binary"), image)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_tells_its_language() {
        let image = |symbol: &str| Macro { symbol: symbol.to_owned(), file: "//:defs.bzl".to_owned() };
        for (binary, language) in
            [("swift_binary", "swift"), ("ts_node_binary", "ts_node"), ("service", "service")]
        {
            assert_eq!(Row::new(binary, image("x")).language, language);
        }
        assert_eq!(table("//:defs.bzl")[4], Row::new("js_binary", image("js_image")));
    }
}
