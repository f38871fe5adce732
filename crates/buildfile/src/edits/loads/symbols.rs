//! Symbols put into a `load` statement, and taken out of it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::splice::Splice;
use super::statements::write;
use crate::position::line_start;
use crate::string::quote;
use crate::{File, Lexer, Load, Span, Token, TokenKind};

/// The splices that take the symbols `gone`, by index, out of `load`, and put `added` in.
pub(super) fn change(
    file: &File<'_>,
    load: &Load<'_>,
    gone: &BTreeSet<usize>,
    added: &BTreeSet<Vec<u8>>,
    line_ending: &[u8],
) -> Vec<Splice> {
    let statement = Statement { file, load, line_ending };
    if gone.is_empty() {
        return statement.additions(gone, added);
    }
    if added.is_empty() {
        return statement.removals(gone);
    }
    if statement.goes_by_lines(gone) {
        let mut splices = statement.removals(gone);
        splices.extend(statement.additions(gone, added));
        return splices;
    }
    if statement.has_comments() {
        // What goes and what comes would be in each other's way: an unused symbol does no harm.
        return statement.additions(&BTreeSet::new(), added);
    }
    vec![statement.rewritten(gone, added)]
}

/// What follows an element of a `load`.
struct Tail {
    /// Where the commas are.
    commas: Vec<usize>,
    /// Where the next element or the closing parenthesis starts.
    next: usize,
    /// Whether it is the parenthesis.
    is_last: bool,
}

struct Statement<'t, 'a> {
    file: &'t File<'a>,
    load: &'t Load<'a>,
    line_ending: &'t [u8],
}

impl Statement<'_, '_> {
    /// The symbols as they are written, in the order in which `buildifier` puts them.
    fn rewritten(&self, gone: &BTreeSet<usize>, added: &BTreeSet<Vec<u8>>) -> Splice {
        let symbols = &self.load.symbols;
        let text = |span: Span| self.file.text[span.range()].to_vec();
        let stay = (0..symbols.len()).filter(|index| !gone.contains(index)).map(|index| &symbols[index]);
        let mut all: Vec<_> =
            stay.map(|it| (it.local != it.exported, it.local.to_vec(), text(it.span))).collect();
        all.extend(added.iter().map(|symbol| (false, symbol.clone(), quote(symbol))));
        all.sort();
        let written = write(&text(self.load.module.span), all.iter().map(|(_, _, text)| text.as_slice()));
        let first = self.load.module.span.start;
        let last = symbols.last().map_or(first, |symbol| symbol.span.end);
        // Only what is between the parentheses is written anew.
        let start = written.iter().position(|&byte| byte == b'(').map_or(0, |open| open + 1);
        Splice { span: Span::new(first, last), bytes: written[start..written.len() - 1].to_vec() }
    }

    /// Puts each symbol behind what it comes after, among what stays.
    fn additions(&self, gone: &BTreeSet<usize>, added: &BTreeSet<Vec<u8>>) -> Vec<Splice> {
        let mut behind: BTreeMap<Span, Vec<Vec<u8>>> = BTreeMap::new();
        for symbol in added {
            let mut before = self.load.module.span;
            for (index, other) in self.load.symbols.iter().enumerate() {
                if other.local != other.exported || *other.local > **symbol {
                    break;
                }
                if !gone.contains(&index) {
                    before = other.span;
                }
            }
            behind.entry(before).or_default().push(quote(symbol));
        }
        behind.iter().flat_map(|(&before, symbols)| self.addition(before, symbols)).collect()
    }

    /// Puts `symbols` behind the element at `before`: on lines of their own where the elements are, else beside it.
    fn addition(&self, before: Span, symbols: &[Vec<u8>]) -> Vec<Splice> {
        let text = self.file.text;
        let line = line_end(text, before.end);
        let Tail { commas, next, is_last } = self.tail(before.end);
        match commas[..] {
            [] if starts_line(text, before.start) => {
                let offset = if next < line { before.end } else { line };
                let lines = self.lines(before, symbols).join(&b',');
                vec![Splice::insert(before.end, *b","), Splice::insert(offset, lines)]
            }
            [comma] if comma < line && line <= next => {
                let lines = self.lines(before, symbols).join(&b',');
                vec![Splice::insert(line, [lines.as_slice(), b","].concat())]
            }
            // Only before the first symbol may there be several commas.
            [_, _, ..] if !is_last => {
                vec![Splice::insert(next, [symbols.join(&b", "[..]).as_slice(), b", "].concat())]
            }
            _ => vec![Splice::insert(before.end, [b", ", symbols.join(&b", "[..]).as_slice()].concat())],
        }
    }

    /// The symbols with the line breaks and blanks that put them on lines of their own.
    fn lines(&self, before: Span, symbols: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let indentation = self.indentation(before);
        symbols.iter().map(|symbol| [self.line_ending, &indentation, symbol].concat()).collect()
    }

    /// The indentation of the line of a symbol that is put below `before`.
    fn indentation(&self, before: Span) -> Vec<u8> {
        let symbols = self.load.symbols.iter().map(|symbol| symbol.span);
        let mut on_their_lines =
            std::iter::once(before).chain(symbols).filter(|span| starts_line(self.file.text, span.start));
        match on_their_lines.next() {
            Some(span) => indentation(self.file.text, span.start).to_vec(),
            None => [indentation(self.file.text, before.start), b"    "].concat(),
        }
    }

    /// What follows the element that ends at `offset`.
    fn tail(&self, offset: usize) -> Tail {
        let mut commas = Vec::new();
        for token in self.tokens(offset).filter(|token| !is_trivia(token.kind)) {
            if token.kind != TokenKind::Comma {
                return Tail { commas, next: token.span.start, is_last: token.kind == TokenKind::CloseParen };
            }
            commas.push(token.span.start);
        }
        Tail { commas, next: self.file.text.len(), is_last: true }
    }

    /// The tokens from `offset` on, which is between two.
    fn tokens(&self, offset: usize) -> impl Iterator<Item = Token> {
        Lexer::new(&self.file.text[offset..]).map(move |token| Token {
            span: Span::new(token.span.start + offset, token.span.end + offset),
            ..token
        })
    }

    /// Takes the symbols `gone` out.
    fn removals(&self, gone: &BTreeSet<usize>) -> Vec<Splice> {
        let mut spans = Vec::new();
        let mut before_goes_with_its_comma = false;
        for (index, symbol) in self.load.symbols.iter().enumerate() {
            if !gone.contains(&index) {
                before_goes_with_its_comma = false;
                continue;
            }
            let span = symbol.span;
            let before = match index.checked_sub(1) {
                Some(before) => self.load.symbols[before].span.end,
                None => self.load.module.span.end,
            };
            let mut between = self.tokens(before).take_while(|token| token.span.start < span.start);
            let is_commented = between.any(|token| token.kind == TokenKind::Comment);
            // Each goes with the comma behind it, or all with the ones before them: else two commas stay, or none.
            if let Some(lines) = self.lines_of(span) {
                before_goes_with_its_comma = true;
                spans.push(lines);
            } else if is_commented || before_goes_with_its_comma {
                before_goes_with_its_comma = true;
                spans.push(Span::new(span.start, self.end_with_comma(span.end)));
            } else {
                spans.push(Span::new(before, span.end));
            }
        }
        spans.into_iter().map(Splice::delete).collect()
    }

    /// The line of a symbol that has one for itself and its comma, with the comment lines directly above.
    fn lines_of(&self, span: Span) -> Option<Span> {
        let text = self.file.text;
        let end = line_end(text, span.end);
        let Tail { commas, next, .. } = self.tail(span.end);
        let alone = starts_line(text, span.start) && next > end && commas.iter().all(|&comma| comma < end);
        let start = self.file.comment_block_above(span).map_or(span.start, |comments| comments.start);
        alone.then(|| Span::new(line_start(text, start), next_line(text, end)))
    }

    /// Where a symbol that ends at `end` ends with its comma, and the blanks behind it.
    fn end_with_comma(&self, end: usize) -> usize {
        let Some(comma) = self.tail(end).commas.pop() else {
            return end;
        };
        let mut blanks = self.tokens(comma + 1).take_while(|token| token.kind == TokenKind::Blank);
        blanks.next().map_or(comma + 1, |token| token.span.end)
    }

    /// Whether the symbols `gone` have lines of their own, and there is nothing odd before the first.
    fn goes_by_lines(&self, gone: &BTreeSet<usize>) -> bool {
        let commas = self.tail(self.load.module.span.end).commas;
        commas.len() == 1 && gone.iter().all(|&index| self.lines_of(self.load.symbols[index].span).is_some())
    }

    fn has_comments(&self) -> bool {
        let start = self.load.module.span.start;
        let end = self.load.symbols.last().map_or(start, |symbol| symbol.span.end);
        self.file.comments.iter().any(|comment| start < comment.span.start && comment.span.start < end)
    }
}

/// Whether a token is one that nothing depends on between brackets.
const fn is_trivia(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Blank | TokenKind::Newline | TokenKind::Continuation | TokenKind::Comment)
}

/// Where the line ends that `offset` is in: before its line feed, and the carriage return before that.
fn line_end(text: &[u8], offset: usize) -> usize {
    let end =
        text[offset..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |length| offset + length);
    if end > offset && text[end - 1] == b'\r' { end - 1 } else { end }
}

/// Where the line after that of `offset` starts: the end of the text if there is none.
fn next_line(text: &[u8], offset: usize) -> usize {
    text[offset..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |length| offset + length + 1)
}

/// Whether there is nothing but blanks before `offset` on its line.
fn starts_line(text: &[u8], offset: usize) -> bool {
    text[line_start(text, offset)..offset].trim_ascii().is_empty()
}

/// The blanks at the start of the line that `offset` is in.
fn indentation(text: &[u8], offset: usize) -> &[u8] {
    let line = &text[line_start(text, offset)..offset];
    let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &line[..blanks]
}
