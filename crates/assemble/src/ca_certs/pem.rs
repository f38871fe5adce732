//! Certificates as text (RFC 7468, 5).
//!
//! Strict about blocks, since half a bundle is worse than none, and lenient about what is around them: comments, ends of lines as
//! on Windows, blanks. Written here and not by a crate, since those that read PEM pass over blocks of other kinds, or do not know in
//! which line one stands; and a private key in a bundle is to be found, by its line.

use anyhow::{Error, anyhow};
use base64::{Engine as _, prelude::BASE64_STANDARD};

/// Characters a line that is written (RFC 7468, 2).
const WIDTH: usize = 64;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What is between the two lines of a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The number of its first line.
    pub(super) line: usize,
    /// Its bytes.
    pub(super) der: Vec<u8>,
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    line: usize,
    what: String,
}

impl Problem {
    /// The error that names the file.
    pub(super) fn in_file(self, name: &str) -> Error {
        anyhow!("{name}:{}: {}", self.line, self.what)
    }
}

/// A block that has begun.
struct Open {
    line: usize,
    text: Vec<u8>,
}

/// Finds the certificates in a file.
///
/// # Errors
/// A block that is no certificate, has no end, or is not base64.
pub(super) fn blocks(bytes: &[u8]) -> Result<Vec<Block>, Problem> {
    let mut blocks = Vec::new();
    let mut open: Option<Open> = None;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii)) {
        let bad = |what: &str| Err(Problem { line, what: what.to_owned() });
        match (boundary(text, b"-----BEGIN "), boundary(text, b"-----END "), &mut open) {
            (Some(_), _, Some(Open { line: first, .. })) => {
                return bad(&format!(
                    "a block begins before that of line {first} has ended. Get the file again"
                ));
            }
            (Some(label), _, None) => {
                check_label(label).map_err(|what| Problem { line, what })?;
                open = Some(Open { line, text: Vec::new() });
            }
            (None, Some(b"CERTIFICATE"), Some(_)) => blocks.extend(open.take().map(decode).transpose()?),
            (None, Some(_), _) => return bad("a block ends that has not begun. Get the file again"),
            (None, None, Some(open)) => open.text.extend_from_slice(text),
            (None, None, None) => {}
        }
    }
    match open {
        Some(Open { line, .. }) => Err(Problem {
            line,
            what: "the block that begins here has no end. Get the file again".to_owned(),
        }),
        None => Ok(blocks),
    }
}

/// What a line that begins or ends a block says that it is.
fn boundary<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

fn check_label(label: &[u8]) -> Result<(), String> {
    let name = String::from_utf8_lossy(label);
    let fix = match &*name {
        "CERTIFICATE" => return Ok(()),
        key if key.ends_with("PRIVATE KEY") => {
            return Err(format!(
                "a private key ({key}) stands here. Whoever has the image would have it: take it out of the file, and if it may \
                 have been in an image before, replace it"
            ));
        }
        "TRUSTED CERTIFICATE" => "Convert it by `openssl x509 -in FILE -out FILE.pem`",
        "PKCS7" => "Convert it by `openssl pkcs7 -print_certs -in FILE -out FILE.pem`",
        _ => "Take it out of the file",
    };
    Err(format!("{name:?} stands here, where only CERTIFICATE may. {fix}"))
}

fn decode(block: Open) -> Result<Block, Problem> {
    let Open { line, text } = block;
    let der = BASE64_STANDARD.decode(text).map_err(|problem| Problem {
        line,
        what: format!("the block that begins here is not base64 ({problem}). Get the file again"),
    })?;
    Ok(Block { line, der })
}

/// Writes a certificate.
pub(super) fn encode(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines = text.as_bytes().chunks(WIDTH).map(|line| String::from_utf8_lossy(line) + "\n");
    ["-----BEGIN CERTIFICATE-----\n".into()]
        .into_iter()
        .chain(lines)
        .chain(["-----END CERTIFICATE-----\n".into()])
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_around_blocks_does_not_count() {
        let expected = [Block { line: 3, der: b"hello".to_vec() }];
        for text in [
            "\n\n-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
            "# A comment\r\nIssuer: -----\r\n-----BEGIN CERTIFICATE-----\r\naGVs\r\nbG8=\r\n-----END CERTIFICATE-----",
            "\u{feff}=\n\n  -----BEGIN CERTIFICATE-----  \n aGVs\n\n bG8= \n -----END CERTIFICATE-----\n\nend",
        ] {
            assert_eq!(blocks(text.as_bytes()).unwrap(), expected, "{text:?}");
        }
        let latin = b"\xe9\n\n-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----";
        assert_eq!(blocks(latin).unwrap(), expected);
        assert_eq!(blocks(b"").unwrap(), []);
    }

    #[test]
    fn refused() {
        let begin = "-----BEGIN CERTIFICATE-----\n";
        for (text, line, says) in [
            ("\n-----BEGIN PRIVATE KEY-----\n".to_owned(), 2, "a private key (PRIVATE KEY)"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----".to_owned(), 1, "a private key (ENCRYPTED PRIVATE KEY)"),
            ("-----BEGIN EC PRIVATE KEY-----".to_owned(), 1, "replace it"),
            ("-----BEGIN X509 CRL-----".to_owned(), 1, "\"X509 CRL\" stands here"),
            ("-----BEGIN TRUSTED CERTIFICATE-----".to_owned(), 1, "openssl x509"),
            (format!("{begin}aGVsbG8=\n"), 1, "has no end"),
            (format!("{begin}aGVs\n{begin}"), 3, "that of line 1"),
            (format!("{begin}aGVs\n-----END X509 CRL-----"), 3, "has not begun"),
            ("-----END CERTIFICATE-----".to_owned(), 1, "has not begun"),
            (format!("{begin}aGVs!\n-----END CERTIFICATE-----"), 1, "is not base64"),
            (format!("{begin}aGVsbG8\n-----END CERTIFICATE-----"), 1, "is not base64"),
        ] {
            let problem = blocks(text.as_bytes()).unwrap_err();
            assert_eq!(problem.line, line, "{text:?}");
            assert!(problem.what.contains(says), "{text:?}: {}", problem.what);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(ders in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4)) {
            let text: String = ders.iter().map(|der| encode(der)).collect();
            prop_assert!(text.lines().all(|line| line.len() <= WIDTH));
            let read: Vec<_> = blocks(text.as_bytes()).unwrap().into_iter().map(|block| block.der).collect();
            prop_assert_eq!(read, ders);
        }

        #[test]
        fn nothing_makes_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = blocks(&bytes);
        }
    }
}
