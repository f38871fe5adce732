//! String literals: what they stand for, and how to write one.

use std::borrow::Cow;

/// Why a literal stands for nothing: what is wrong, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadEscape {
    /// Offset in the literal of the backslash.
    pub(crate) offset: usize,
    /// What is wrong with what follows it.
    pub(crate) problem: &'static str,
}

/// What a whole literal stands for, quotes and `r` included in `literal`. As in `buildifier`, a backslash before anything that needs
/// none stays (`"\d"`), which Bazel itself refuses.
pub(crate) fn unquote(literal: &[u8]) -> Result<Cow<'_, [u8]>, BadEscape> {
    let (start, end) = contents(literal);
    let body = &literal[start..end];
    if literal[0] == b'r' || !body.contains(&b'\\') {
        return Ok(Cow::Borrowed(body));
    }
    let mut value = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(length) = body[at..].iter().position(|&byte| byte == b'\\') {
        value.extend_from_slice(&body[at..at + length]);
        at += length;
        at += escape(&body[at..], &mut value).map_err(|problem| BadEscape { offset: start + at, problem })?;
    }
    value.extend_from_slice(&body[at..]);
    Ok(Cow::Owned(value))
}

/// Where in a literal its contents start and end.
pub(crate) fn contents(literal: &[u8]) -> (usize, usize) {
    let open = usize::from(literal[0] == b'r');
    let quote = literal[open];
    let quotes = if literal.len() >= open + 6 && literal[open..].starts_with(&[quote; 3]) { 3 } else { 1 };
    (open + quotes, literal.len() - quotes)
}

/// Adds to `value` what the escape at the start of `text` stands for, and says how long it is.
fn escape(text: &[u8], value: &mut Vec<u8>) -> Result<usize, &'static str> {
    let plain = |byte: u8, value: &mut Vec<u8>| {
        value.push(byte);
        Ok(2)
    };
    match text.get(1) {
        None => Err("nothing follows this backslash"),
        Some(b'\n') => Ok(2),
        Some(b'\r') if text.get(2) == Some(&b'\n') => Ok(3),
        Some(b'a') => plain(0x07, value),
        Some(b'b') => plain(0x08, value),
        Some(b'f') => plain(0x0C, value),
        Some(b'n') => plain(b'\n', value),
        Some(b'r') => plain(b'\r', value),
        Some(b't') => plain(b'\t', value),
        Some(b'v') => plain(0x0B, value),
        Some(&byte @ (b'\\' | b'\'' | b'"')) => plain(byte, value),
        Some(b'0'..=b'7') => {
            let digits = text[1..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
            let (length, code) =
                digits.fold((1, 0), |(length, code), digit| (length + 1, code * 8 + u32::from(digit - b'0')));
            value.push(u8::try_from(code).map_err(|_| "an octal escape stands for one byte: \\377 at most")?);
            Ok(length)
        }
        Some(b'x') => {
            let code = hexadecimal(text, 2).ok_or("\\x wants two hexadecimal digits")?;
            value.push(u8::try_from(code).map_err(|_| "\\x wants two hexadecimal digits")?);
            Ok(4)
        }
        Some(b'u') => character(hexadecimal(text, 4).ok_or("\\u wants four hexadecimal digits")?, 6, value),
        Some(b'U') => character(hexadecimal(text, 8).ok_or("\\U wants eight hexadecimal digits")?, 10, value),
        Some(&byte) => {
            value.extend([b'\\', byte]);
            Ok(2)
        }
    }
}

/// The number that the `digits` digits of an escape say.
fn hexadecimal(text: &[u8], digits: usize) -> Option<u32> {
    let digits = text.get(2..2 + digits)?;
    digits.iter().try_fold(0_u32, |code, &digit| Some(code << 4 | char::from(digit).to_digit(16)?))
}

/// Adds a character as UTF-8.
fn character(code: u32, length: usize, value: &mut Vec<u8>) -> Result<usize, &'static str> {
    let character = char::from_u32(code).ok_or("there is no such character")?;
    value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(length)
}

/// A literal for `value` as `buildifier` writes it.
pub(crate) fn quote(value: &[u8]) -> Vec<u8> {
    let mut literal = vec![b'"'];
    add_escaped(value, b'"', &mut literal);
    literal.push(b'"');
    literal
}

/// A literal for `value` with the quotes of `literal`, and its `r` if `value` can do without escapes. What is no literal is given quotes.
pub(crate) fn requote(literal: &[u8], value: &[u8]) -> Vec<u8> {
    let unprefixed = literal.strip_prefix(b"r").unwrap_or(literal);
    let Some(&mark @ (b'"' | b'\'')) = unprefixed.first() else {
        return quote(value);
    };
    let (start, end) = contents(literal);
    let plain = !value.iter().any(|&byte| byte == mark || byte == b'\\' || byte < 0x20);
    let mut new =
        if plain { &literal[..start] } else { &literal[literal.len() - unprefixed.len()..start] }.to_vec();
    add_escaped(value, mark, &mut new);
    new.extend_from_slice(&literal[end..]);
    new
}

/// Adds what stands for `value` between quotes that are `mark`. Only what has to be is escaped.
fn add_escaped(value: &[u8], mark: u8, literal: &mut Vec<u8>) {
    for &byte in value {
        match byte {
            b'\n' => literal.extend_from_slice(b"\\n"),
            b'\r' => literal.extend_from_slice(b"\\r"),
            b'\t' => literal.extend_from_slice(b"\\t"),
            0..0x20 => literal.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            b'\\' => literal.extend_from_slice(b"\\\\"),
            _ if byte == mark => literal.extend([b'\\', byte]),
            _ => literal.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn literals_stand_for_their_values() {
        let table: &[(&[u8], &[u8])] = &[
            (br#""""#, b""),
            (br#"'a"b'"#, br#"a"b"#),
            (br#""""a"b""""#, br#"a"b"#),
            (br"''''a'''", b"'a"),
            (br"r'\n\''", br"\n\'"),
            (br#"r"""\""""#, br"\"),
            (br#""\a\b\f\n\r\t\v\\\'\"""#, b"\x07\x08\x0C\n\r\t\x0B\\'\""),
            (b"'a\\\nb\\\r\nc'", b"abc"),
            (br#""\d\8""#, br"\d\8"),
            (br#""\0\7a\1234\377""#, b"\x00\x07aS4\xFF"),
            (br#""\x41\xfF""#, b"A\xFF"),
            (br#""\u00e9\U0001F600""#, "é😀".as_bytes()),
            (b"'\xFF\\n'", b"\xFF\n"),
        ];
        for (literal, expected) in table {
            let value = unquote(literal).expect("a good literal");
            assert_eq!(*value, **expected, "{}", literal.escape_ascii());
            assert_eq!(matches!(value, Cow::Borrowed(_)), literal[0] == b'r' || !literal.contains(&b'\\'));
        }
    }

    #[test]
    fn bad_escapes_are_told() {
        let table: &[(&[u8], usize, &str)] = &[
            (br#""a\400""#, 2, "octal"),
            (br#""\x4""#, 1, "two"),
            (br#""\xg0""#, 1, "two"),
            (br#"'''\u12'''"#, 3, "four"),
            (br#""\u+123""#, 1, "four"),
            (br#""\U0000123""#, 1, "eight"),
            (br#""\ud800""#, 1, "no such character"),
            (br#""\U00110000""#, 1, "no such character"),
        ];
        for (literal, offset, message) in table {
            let error = unquote(literal).expect_err("a bad literal");
            assert_eq!(error.offset, *offset, "{}", literal.escape_ascii());
            assert!(error.problem.contains(message), "{}: {}", literal.escape_ascii(), error.problem);
        }
    }

    #[test]
    fn literals_are_given_values() {
        let table: &[(&[u8], &[u8], &[u8])] = &[
            (br#""a""#, b":b", br#"":b""#),
            (br"'a'", br#"it's "b""#, br#"'it\'s "b"'"#),
            (br#""a""#, br#"it's "b""#, br#""it's \"b\"""#),
            (br#""""a""""#, b":b", br#"""":b""""#),
            (br#"r"a""#, b":b", br#"r":b""#),
            (br#"r"a""#, br"b\c", br#""b\\c""#),
            (br"r'''a'''", b"b\n", br"'''b\n'''"),
            (br#""a""#, b"\x01\t\r\xC3\xA4", b"\"\\001\\t\\r\xC3\xA4\""),
            (b"name", b"b", br#""b""#),
        ];
        for (literal, value, expected) in table {
            let new = requote(literal, value);
            assert_eq!(new, *expected, "{} {}", literal.escape_ascii(), new.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn what_is_written_stands_for_the_value(value in prop::collection::vec(any::<u8>(), 0..20)) {
            for like in [&b"''"[..], b"r\"\"\"\"\"\"", b"'''a'''", b"none"] {
                let literal = requote(like, &value);
                prop_assert_eq!(&*unquote(&literal).unwrap(), &value[..]);
                prop_assert_eq!(crate::Lexer::new(&literal).count(), 1);
            }
        }
    }
}
