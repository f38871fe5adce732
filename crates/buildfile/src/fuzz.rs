//! What fuzzers try, and what must hold of it. Compiled for tests and under cargo-fuzz only.
//!
//! `fuzz/` has a target for the function here. `fuzz/corpus/buildfile` has inputs that reach what was reached in long runs; the tests
//! run them again.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a target tells")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{Edits, File, Lexer, NewCall, StatementKind, Value, parse};

/// The modules and symbols that are loaded and unloaded, beside those of the text.
const MODULES: [&str; 3] = ["@rules//:defs.bzl", "//:defs.bzl", ":defs.bzl"];
const SYMBOLS: [&str; 3] = ["a", "go_image", "\u{e9}"];

/// What is asked for, as the first bytes of an input say.
#[derive(Debug, Default)]
struct Asked {
    /// Calls behind statements, by index: their names.
    calls: BTreeMap<usize, Vec<String>>,
    removed: BTreeSet<usize>,
    loads: BTreeSet<(Vec<u8>, Vec<u8>)>,
    unloads: BTreeSet<Vec<u8>>,
}

/// The first byte says how many edits there are, two bytes each; the rest is a file. Tokens tile it; if it can be parsed, the
/// edits make a file that has what was asked for, and for the rest the same statements.
pub fn buildfile(data: &[u8]) {
    let Some((&count, rest)) = data.split_first() else { return };
    let (program, text) = rest.split_at(rest.len().min(2 * usize::from(count % 8)));
    let mut end = 0;
    for token in Lexer::new(text) {
        assert!(token.span.start == end && token.span.end > end, "{token:?} behind {end}");
        end = token.span.end;
    }
    assert_eq!(end, text.len());
    match parse(text) {
        Ok(file) => edit(&file, program),
        Err(error) => assert!(error.offset <= text.len() && !error.message.contains('\n'), "{error:?}"),
    }
}

fn edit(file: &File<'_>, program: &[u8]) {
    assert_eq!(Edits::new(file).apply(), file.text);
    // A name that begins with the bytes of a byte-order mark would lose them where it comes to the top.
    let has_marks = file.text.windows(3).skip(1).any(|bytes| bytes == b"\xEF\xBB\xBF");
    if has_marks {
        return;
    }
    let asked = asked(file, program);
    let mut edits = Edits::new(file);
    for (&index, names) in &asked.calls {
        for name in names {
            let attributes = vec![("name".to_owned(), Value::String(name.clone()))];
            edits.insert_call_after(&file.statements[index], NewCall { name: "new".to_owned(), attributes });
        }
    }
    for &index in &asked.removed {
        edits.remove_statement(&file.statements[index]);
    }
    for (module, symbol) in &asked.loads {
        edits.load(module, symbol);
    }
    for symbol in &asked.unloads {
        edits.unload(symbol);
    }
    let text = edits.apply();
    let shown = || format!("{asked:?}\n{}\n{}", file.text.escape_ascii(), text.escape_ascii());
    let new = parse(&text).unwrap_or_else(|error| panic!("{error:?}: {}", shown()));
    let statements =
        (0..new.statements.len()).filter(|&index| !is_load(&new, index)).map(|index| source(&new, index));
    assert_eq!(statements.collect::<Vec<_>>(), expected(file, &asked), "{}", shown());
    check_loads(file, &new, &asked, &shown());
}

fn asked(file: &File<'_>, program: &[u8]) -> Asked {
    let mut asked = Asked::default();
    for (number, edit) in program.chunks_exact(2).enumerate() {
        let index = usize::from(edit[1]) % file.statements.len().max(1);
        let pick = usize::from(edit[1]) % 3;
        let Some(statement) = file.statements.get(index) else {
            asked.loads.insert((MODULES[usize::from(edit[0]) % 3].into(), SYMBOLS[pick].into()));
            continue;
        };
        match (edit[0] % 6, &statement.kind) {
            (0, _) => asked.calls.entry(index).or_default().push(format!("x{number}")),
            (1, _) => _ = asked.removed.insert(index),
            (2, StatementKind::Load(load)) => {
                asked
                    .loads
                    .insert((load.module.value.to_vec(), SYMBOLS[usize::from(edit[0]) / 6 % 3].into()));
            }
            (3, StatementKind::Load(load)) => {
                let symbol = &load.symbols[usize::from(edit[0]) / 6 % load.symbols.len()];
                asked.unloads.insert(symbol.local.to_vec());
            }
            (4, _) => _ = asked.unloads.insert(SYMBOLS[pick].into()),
            _ => _ = asked.loads.insert((MODULES[usize::from(edit[0]) / 6 % 3].into(), SYMBOLS[pick].into())),
        }
    }
    asked
}

/// The statements that have to be there, loads aside: those that stay, and the calls behind the lines of theirs.
fn expected(file: &File<'_>, asked: &Asked) -> Vec<Vec<u8>> {
    let first_line = file.text.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
    let line_end = if first_line.ends_with(b"\r\n") { "\r\n" } else { "\n" };
    let mut expected = Vec::new();
    let mut behind = Vec::new();
    for (index, statement) in file.statements.iter().enumerate() {
        if !asked.removed.contains(&index) && !is_load(file, index) {
            expected.push(source(file, index));
        }
        for name in asked.calls.get(&index).into_iter().flatten() {
            behind.push(format!("new({line_end}    name = \"{name}\",{line_end})").into_bytes());
        }
        let next = file.statements.get(index + 1).map_or(file.text.len(), |next| next.span.start);
        if Lexer::new(&file.text[statement.span.end..next])
            .any(|token| token.kind == crate::TokenKind::Newline)
        {
            expected.append(&mut behind);
        }
    }
    expected.append(&mut behind);
    expected
}

/// What was asked for is loaded before what is put in, and what nobody wanted gone still is.
fn check_loads(file: &File<'_>, new: &File<'_>, asked: &Asked, shown: &str) {
    let before = loaded(file, &asked.removed);
    let after = loaded(new, &BTreeSet::new());
    for (module, symbol) in &asked.loads {
        let found = after
            .iter()
            .find(|((file, local, exported), _)| file == module && local == symbol && exported == symbol);
        let (_, at) = found.unwrap_or_else(|| panic!("{symbol:?} is not loaded: {shown}"));
        let is_new = |index: &usize| source(new, *index).starts_with(b"new(");
        let first = (0..new.statements.len()).find(is_new).unwrap_or(new.statements.len());
        assert!(*at < first || asked.calls.is_empty(), "{symbol:?} is loaded too late: {shown}");
    }
    for symbol in before.keys().filter(|(_, local, _)| !asked.unloads.contains(local)) {
        assert!(after.contains_key(symbol), "{symbol:?} is lost: {shown}");
    }
    for symbol in after.keys() {
        let wanted = asked.loads.contains(&(symbol.0.clone(), symbol.1.clone())) && symbol.1 == symbol.2;
        assert!(wanted || before.contains_key(symbol), "{symbol:?} came from nowhere: {shown}");
    }
}

/// Module, name here and name there of what is loaded, and the index of the first statement that does.
type Loaded = BTreeMap<(Vec<u8>, Vec<u8>, Vec<u8>), usize>;

fn loaded(file: &File<'_>, removed: &BTreeSet<usize>) -> Loaded {
    let mut found = Loaded::new();
    for (index, statement) in file.statements.iter().enumerate().filter(|(index, _)| !removed.contains(index))
    {
        if let StatementKind::Load(load) = &statement.kind {
            for symbol in &load.symbols {
                let key = (load.module.value.to_vec(), symbol.local.to_vec(), symbol.exported.to_vec());
                found.entry(key).or_insert(index);
            }
        }
    }
    found
}

fn is_load(file: &File<'_>, index: usize) -> bool {
    matches!(file.statements[index].kind, StatementKind::Load(_))
}

fn source(file: &File<'_>, index: usize) -> Vec<u8> {
    file.text[file.statements[index].span.range()].to_vec()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use proptest::prelude::*;

    /// The corpus, from where cargo starts tests and from where Bazel does.
    const CORPUS: [&str; 2] = ["../../fuzz/corpus/buildfile", "fuzz/corpus/buildfile"];

    #[test]
    fn corpus_of_buildfile() {
        let corpus =
            CORPUS.iter().map(Path::new).find(|corpus| corpus.exists()).expect("fuzz/corpus/buildfile");
        let mut inputs = 0;
        for input in fs::read_dir(corpus).unwrap() {
            super::buildfile(&fs::read(input.unwrap().path()).unwrap());
            inputs += 1;
        }
        assert!(inputs > 10, "{inputs} inputs");
    }

    /// Lines that make files, and pieces that break them.
    const PIECES: &[&str] = &[
        "load(\"//:defs.bzl\", \"a\")\n",
        "load(\":defs.bzl\", \"b\", c = \"a\")\n",
        "load(\n    \"m\",\n    \"a\",  # x\n    \"z\",\n)\n",
        "load(\"m\",\n     \"a\",\n     \"b\")\n",
        "load('m', 'go_image',)",
        "\"\"\"doc\"\"\"\n",
        "f(\n    name = \"x\",\n)\n",
        "a(name = \"y\")",
        "x = [a for a in b]\n",
        "def f():\n    a()\n",
        "if x:\n    pass\nelse:\n    a\n",
        "# comment\n",
        "# keep\n",
        "  # keep\n",
        "\n",
        "\n\n",
        "; ",
        ";",
        " \\\n",
        "\r\n",
        "\u{feff}",
        "go_image()",
        "\t",
        "(",
        "]",
        "\"",
        "#",
        "=",
        ",",
        "\u{e9}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn edits_do_what_is_asked_and_nothing_else(
            program in prop::collection::vec(any::<[u8; 2]>(), 0..8),
            pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        ) {
            let mut data = vec![u8::try_from(program.len()).unwrap()];
            data.extend(program.concat());
            data.extend(pieces.concat().into_bytes());
            super::buildfile(&data);
        }
    }
}
