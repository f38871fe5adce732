//! Cuts a text into tokens. It knows no error: what it can't read is a token of its own kind, so that tokens always tile the text.

use crate::Span;
use crate::token::{Keyword, Token, TokenKind};

/// The byte-order mark that some editors put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The tokens of a text, in order.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    text: &'a [u8],
    position: usize,
}

impl<'a> Lexer<'a> {
    /// The tokens of `text`.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, position: 0 }
    }

    /// The byte `ahead` bytes behind `at`.
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    /// The first place from `at` on whose byte isn't `wanted`.
    fn skip(&self, at: usize, wanted: impl Fn(u8) -> bool) -> usize {
        self.text[at..].iter().position(|&byte| !wanted(byte)).map_or(self.text.len(), |length| at + length)
    }

    /// What the token at `start` is, and where it ends.
    fn token(&self, start: usize, first: u8) -> (TokenKind, usize) {
        match first {
            b' ' | b'\t' | b'\r' => {
                (TokenKind::Blank, self.skip(start, |byte| matches!(byte, b' ' | b'\t' | b'\r')))
            }
            b'\n' => (TokenKind::Newline, start + 1),
            b'#' => (TokenKind::Comment, self.end_of_comment(start)),
            b'"' | b'\'' => self.string(start, first),
            b'r' => match self.byte(start + 1) {
                Some(quote @ (b'"' | b'\'')) => self.string(start + 1, quote),
                _ => self.word(start),
            },
            b'0'..=b'9' => (TokenKind::Number, self.end_of_number(start)),
            _ if start == 0 && self.text.starts_with(BYTE_ORDER_MARK) => {
                (TokenKind::ByteOrderMark, BYTE_ORDER_MARK.len())
            }
            _ if is_word(first) => self.word(start),
            b'\\' if self.byte(start + 1) == Some(b'\n') => (TokenKind::Continuation, start + 2),
            b'\\' if self.text[start + 1..].starts_with(b"\r\n") => (TokenKind::Continuation, start + 3),
            _ => self.punctuation(start, first),
        }
    }

    /// A comment ends before its line does; a carriage return there is the line's.
    fn end_of_comment(&self, start: usize) -> usize {
        let end = self.skip(start, |byte| byte != b'\n');
        if self.text[end - 1] == b'\r' { end - 1 } else { end }
    }

    fn word(&self, start: usize) -> (TokenKind, usize) {
        let end = self.skip(start, is_word);
        (Keyword::of(&self.text[start..end]).map_or(TokenKind::Name, TokenKind::Keyword), end)
    }

    /// The sign of an exponent belongs to the number; a point doesn't.
    fn end_of_number(&self, start: usize) -> usize {
        let mut end = self.skip(start, is_word);
        while matches!(self.text[end - 1], b'e' | b'E') && matches!(self.byte(end), Some(b'+' | b'-')) {
            end = self.skip(end + 1, is_word);
        }
        end
    }

    /// The string whose first quote is at `open`.
    fn string(&self, open: usize, quote: u8) -> (TokenKind, usize) {
        let triple = self.text[open..].starts_with(&[quote; 3]);
        let mut at = open + if triple { 3 } else { 1 };
        while let Some(byte) = self.byte(at) {
            match byte {
                b'\\' => at += if self.text[at + 1..].starts_with(b"\r\n") { 3 } else { 2 },
                b'\n' if !triple => return (TokenKind::UnclosedString, at),
                _ if byte == quote && !triple => return (TokenKind::String, at + 1),
                _ if byte == quote && self.text[at..].starts_with(&[quote; 3]) => {
                    return (TokenKind::String, at + 3);
                }
                _ => at += 1,
            }
        }
        (TokenKind::UnclosedString, self.text.len())
    }

    fn punctuation(&self, start: usize, first: u8) -> (TokenKind, usize) {
        let second = self.byte(start + 1);
        let single = match first {
            b'(' => TokenKind::OpenParen,
            b')' => TokenKind::CloseParen,
            b'[' => TokenKind::OpenBracket,
            b']' => TokenKind::CloseBracket,
            b'{' => TokenKind::OpenBrace,
            b'}' => TokenKind::CloseBrace,
            b'.' => TokenKind::Dot,
            b',' => TokenKind::Comma,
            b':' => TokenKind::Colon,
            b';' => TokenKind::Semicolon,
            b'~' => TokenKind::Tilde,
            b'!' if second == Some(b'=') => return (TokenKind::Operator, start + 2),
            b'*' if second == Some(b'*') => return (TokenKind::StarStar, start + 2),
            b'-' if second == Some(b'>') => return (TokenKind::Arrow, start + 2),
            b'/' | b'<' | b'>' if second == Some(first) => {
                return self.maybe_augmented(start + 2, TokenKind::Operator);
            }
            b'=' | b'<' | b'>' if second == Some(b'=') => return (TokenKind::Operator, start + 2),
            b'=' => TokenKind::Equal,
            b'<' | b'>' => TokenKind::Operator,
            b'+' | b'-' => return self.maybe_augmented(start + 1, TokenKind::Sign),
            b'*' => return self.maybe_augmented(start + 1, TokenKind::Star),
            b'/' | b'%' | b'|' | b'&' | b'^' => return self.maybe_augmented(start + 1, TokenKind::Operator),
            _ => TokenKind::Unknown,
        };
        (single, start + 1)
    }

    /// The operator that ends at `end`, or the assignment that it makes with the `=` behind it.
    fn maybe_augmented(&self, end: usize, operator: TokenKind) -> (TokenKind, usize) {
        if self.byte(end) == Some(b'=') { (TokenKind::Augmented, end + 1) } else { (operator, end) }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.position;
        let first = self.byte(start)?;
        let (kind, end) = self.token(start, first);
        // A backslash as the last byte of an unclosed string has nothing behind it.
        self.position = end.min(self.text.len());
        Some(Token { kind, span: Span::new(start, self.position) })
    }
}

/// Whether a byte belongs to words. All that isn't ASCII does, whatever it is: files need not be UTF-8.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Lexer;
    use crate::token::Keyword as Word;
    use crate::token::TokenKind::{self, *};

    fn kinds(text: &[u8]) -> Vec<TokenKind> {
        Lexer::new(text).map(|token| token.kind).collect()
    }

    #[test]
    fn tokens_are_what_buildifier_takes_them_for() {
        let table: &[(&[u8], &[TokenKind])] = &[
            (b"", &[]),
            (b" \t\r\n", &[Blank, Newline]),
            (b"\xEF\xBB\xBFf", &[ByteOrderMark, Name]),
            (b"f\xEF\xBB\xBF \xFF", &[Name, Blank, Name]),
            (b"# a\r\n#", &[Comment, Blank, Newline, Comment]),
            (b"\\\n\\\r\n\\ ", &[Continuation, Continuation, Unknown, Blank]),
            (b"load loads while", &[Keyword(Word::Load), Blank, Name, Blank, Name]),
            (b"0x1F 1e-5 1e+ 1a.5", &[Number, Blank, Number, Blank, Number, Blank, Number, Dot, Number]),
            (b"r r'' r\"\\\"\" b''", &[Name, Blank, String, Blank, String, Blank, Name, String]),
            (b"'' \"\" ''''''", &[String, Blank, String, Blank, String]),
            (b"'''a'\n''b''''", &[String, UnclosedString]),
            (b"\"\\\n\" '\\\r\n'", &[String, Blank, String]),
            (b"'a\nb'", &[UnclosedString, Newline, Name, UnclosedString]),
            (b"'a\\", &[UnclosedString]),
            (b"'''a\\'''", &[UnclosedString]),
            (
                b"()[]{}.,:;~",
                &[
                    OpenParen,
                    CloseParen,
                    OpenBracket,
                    CloseBracket,
                    OpenBrace,
                    CloseBrace,
                    Dot,
                    Comma,
                    Colon,
                    Semicolon,
                    Tilde,
                ],
            ),
            (b"+ - * ** ->", &[Sign, Blank, Sign, Blank, Star, Blank, StarStar, Blank, Arrow]),
            (
                b"/ // % | & ^ < > << >>",
                &[
                    Operator, Blank, Operator, Blank, Operator, Blank, Operator, Blank, Operator, Blank,
                    Operator, Blank, Operator, Blank, Operator, Blank, Operator, Blank, Operator,
                ],
            ),
            (b"== != <= >= =", &[Operator, Blank, Operator, Blank, Operator, Blank, Operator, Blank, Equal]),
            (
                b"+= -= *= /= //= %= |= &= ^= <<= >>=",
                &[
                    Augmented, Blank, Augmented, Blank, Augmented, Blank, Augmented, Blank, Augmented, Blank,
                    Augmented, Blank, Augmented, Blank, Augmented, Blank, Augmented, Blank, Augmented, Blank,
                    Augmented,
                ],
            ),
            (b"**= === ~=", &[StarStar, Equal, Blank, Operator, Equal, Blank, Tilde, Equal]),
            (b"$?!`@\x00\x0c", &[Unknown, Unknown, Unknown, Unknown, Unknown, Unknown, Unknown]),
        ];
        for (text, expected) in table {
            assert_eq!(kinds(text), *expected, "{}", text.escape_ascii());
        }
    }

    /// Texts in which what matters to the lexer is frequent.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                "\"", "'", "\"\"\"", "\\", "\n", "\r\n", "#", " ", "r\"", "a", "1e", "+", "=", "*",
                "\u{feff}", "(", "]", "!",
            ])
            .prop_map(|piece| piece.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..3),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn tokens_tile_the_text(text in texts()) {
            let mut end = 0;
            for token in Lexer::new(&text) {
                prop_assert_eq!(token.span.start, end);
                prop_assert!(token.span.end > end);
                end = token.span.end;
            }
            prop_assert_eq!(end, text.len());
        }
    }
}
