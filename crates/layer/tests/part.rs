//! Layers that share their entries: which of them holds what, and that it is one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{cell::Cell, collections::BTreeMap, path::Path};

use layer::{
    entries::{self, Declarations},
    entry::Kind,
    part::{Claims, Demands, Expected, Name, Part},
    pattern::Pattern,
    plan::{Planned, Planning, plan, plan_part},
};
use proptest::{prelude::*, test_runner::TestRunner};
use support::put;

/// Declarations from lines `KIND PATH SOURCE MODE`, with `-` for empty fields.
fn declare(text: &str) -> Declarations {
    let mut lines = String::from("strata-entries 2\n");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut fields: Vec<&str> =
            line.split(' ').map(|field| if field == "-" { "" } else { field }).collect();
        fields.resize(4, "");
        lines += &(fields.join("\n") + "\n");
    }
    entries::parse(lines.as_bytes()).map_err(|(line, problem)| format!("{line}: {problem}")).unwrap()
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

/// A part by its regex, if it has one, those before it, and entries before it.
fn part(matching: Option<&str>, except: &[&str], declared: &[Declarations]) -> Part {
    let claims =
        Claims::new(matching.map(pattern), except.iter().map(|text| pattern(text)).collect(), declared);
    let name = Name { group: Some("g".to_owned()), target: "//a:layers".to_owned() };
    Part { claims, name, demands: Demands::default() }
}

/// Plans a part, in a build that knows of the names in trees.
fn try_plan(declared: &Declarations, part: &Part) -> Result<Planned, layer::Error> {
    let planning = Planning { part: part.clone(), names_are_known: true, ..Planning::default() };
    plan_part(declared, &planning, Path::new("out"))
}

fn planned(declared: &Declarations, part: &Part) -> Planned {
    try_plan(declared, part).unwrap()
}

/// The paths that a part holds, directories with a slash at the end, and what it does not use.
fn held(declared: &Declarations, part: &Part) -> (String, String) {
    let Planned { entries, unused } = planned(declared, part);
    let paths = entries.iter().map(|entry| {
        let slash = if entry.kind == Kind::Directory { "/" } else { "" };
        format!("{}{slash}", &entry.path.to_string()[1..])
    });
    let unused: Vec<_> = unused.iter().map(|path| path.to_str().unwrap()).collect();
    (paths.collect::<Vec<_>>().join(" "), unused.join(" "))
}

#[test]
fn what_a_part_holds() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["t/lib/a.so", "t/lib/b.py", "t/doc/c"] {
        put(dir.path(), file, b"x");
    }
    std::fs::create_dir_all(dir.path().join("t/var/empty")).unwrap();
    let tree = dir.path().join("t");
    let tree = tree.to_str().unwrap();
    let declared = declare(&format!(
        "tree r {tree}
        file app/main.py M
        file app/lib.so L
        file other/lib.so L
        symlink app/l ../x
        empty app/__init__.py
        whiteout old
        dir data
        dir app - 0700"
    ));
    let earlier = || declare(&format!("tree r {tree}\nfile app/main.py M\ndir app"));
    let all = "app/ app/__init__.py app/l app/lib.so app/main.py data/ other/ other/lib.so r/ r/doc/ r/doc/c r/lib/ \
               r/lib/a.so r/lib/b.py r/var/ r/var/empty/ .wh.old";
    let mut all: Vec<_> = all.split(' ').collect();
    all.sort_unstable();
    let all = all.join(" ");
    let (m, l) = ("M", "L");
    let cases: [(Part, &str, String); 12] = [
        (part(None, &[], &[]), &all, String::new()),
        (part(Some(""), &[], &[]), &all, String::new()),
        (
            part(Some(r"\.py$"), &[], &[]),
            "app/ app/__init__.py app/main.py r/ r/lib/ r/lib/b.py",
            l.to_owned(),
        ),
        (part(Some(r"\.so$"), &["^./app/"], &[]), "other/ other/lib.so r/ r/lib/ r/lib/a.so", m.to_owned()),
        (part(Some("/l$"), &[], &[]), "app/ app/l", format!("{tree} {l} {m}")),
        // Directories with nothing in them, declared or found; others are matched for nothing.
        (part(Some("/data/$"), &[], &[]), "data/", format!("{tree} {l} {m}")),
        (part(Some("^./app/$|^./r/lib/$"), &[], &[]), "", format!("{tree} {l} {m}")),
        (part(Some("var"), &[], &[]), "r/ r/var/ r/var/empty/", format!("{l} {m}")),
        (part(Some("^./old$"), &[], &[]), ".wh.old", format!("{tree} {l} {m}")),
        // What an earlier layer declares: files, and what is below trees.
        (
            part(None, &["^./old$"], &[earlier()]),
            "app/ app/__init__.py app/l app/lib.so data/ other/ other/lib.so",
            format!("{tree} {m}"),
        ),
        (part(Some("so"), &["^./app/"], &[earlier()]), "other/ other/lib.so", format!("{tree} {m}")),
        (part(Some("none"), &[], &[]), "", format!("{tree} {l} {m}")),
    ];
    for (part, expected, unused) in cases {
        let mut unused: Vec<_> = unused.split(' ').collect();
        unused.sort_unstable();
        let got = held(&declared, &part);
        assert_eq!(got, (expected.to_owned(), unused.join(" ")), "{:?}", part.claims);
    }
    let app = planned(&declared, &part(Some("/l$"), &[], &[])).entries;
    assert_eq!(app[0].mode, Some(0o700), "what is said of a directory is said in every layer");
}

#[test]
fn trees_are_unused_only_if_no_name_could_change_that() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "t/a", b"x");
    let tree = dir.path().join("t");
    let tree = tree.to_str().unwrap();
    let declared = declare(&format!("tree r {tree}\nfile f F\nfile g F\nfile h H"));
    let unused = |part: &Part, names_are_known| {
        let planning = Planning { part: part.clone(), names_are_known, ..Planning::default() };
        let planned = plan_part(&declared, &planning, Path::new("out")).unwrap();
        planned.unused.iter().map(|path| path.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let by_regex = part(Some("/[g]$"), &[], &[]);
    assert_eq!(unused(&by_regex, false), ["H"]);
    assert_eq!(unused(&by_regex, true), [tree, "H"]);
    let by_entries = part(Some("/[fgh]$"), &[], &[declare(&format!("tree r {tree}"))]);
    assert_eq!(unused(&by_entries, false), [tree]);
    // What a lower layer of the image has is not packed either.
    let planning = Planning { lower: vec![declare("file h H")], ..Planning::default() };
    let planned = plan_part(&declared, &planning, Path::new("out")).unwrap();
    assert_eq!(planned.unused, [Path::new("H")]);
}

#[test]
fn globs_may_be_for_another_part() {
    let declared = declare("file a A\nfile b B\nmode b - 0600\nowner a 1:1");
    let entries = planned(&declared, &part(Some("a"), &[], &[])).entries;
    assert_eq!((entries[0].owner.uid, entries[0].mode), (1, None));
    let declared = declare("file a A\nmode c - 0600");
    let error = try_plan(&declared, &part(Some("a"), &[], &[])).unwrap_err();
    assert!(error.to_string().contains("the glob \"c\" of `modes`"), "{error}");
}

#[test]
fn what_is_demanded() {
    let declared = declare(
        "file app/main.py M\nfile app/numpy/n.so N\nfile x1 X\nfile x2 X\nfile x3 X\nfile x4 X\nfile x5 X\nfile x6 X",
    );
    let some = Demands { some: true, ..Demands::default() };
    let all = Demands { all_claimed: true, ..Demands::default() };
    let expected = |text| {
        let expected = Expected { pattern: pattern(text), message: "no python: add one".to_owned() };
        Demands { expected: Some(expected), ..Demands::default() }
    };
    let nothing = Declarations::default();
    let cases: [(&Declarations, Part, Demands, &str); 11] = [
        (&declared, part(Some("main"), &[], &[]), some.clone(), ""),
        (
            &declared,
            part(Some(r"/app/nmpy/|\.dll"), &[], &[]),
            some.clone(),
            "layer_groups: the regex //app/nmpy/|\\.dll/ of the group g of //a:layers matches no file of it; nearest are ./app/numpy/n.so, \
             ./app/main.py, ./x1. Correct it, or take the group away; it is matched on paths that begin with `./`, as those do",
        ),
        (
            &declared,
            part(Some("app"), &["py"], &[]),
            some.clone(),
            "layer_groups: the group g of //a:layers holds nothing: all that it could hold, 2 files that /app/ matches, is in groups \
             before it, such as ./app/main.py. Put it before those, or take it away",
        ),
        (&declared, part(None, &[""], &[]), some.clone(), "could hold, 8 files, is in"),
        (
            &nothing,
            part(None, &[], &[]),
            some,
            "layer_groups: the group g of //a:layers holds nothing: there are no files",
        ),
        (&declared, part(Some("app"), &[], &[]), expected("/main.py$"), ""),
        (&declared, part(Some("app"), &["main"], &[]), expected("/main.py$"), ""),
        (&declared, part(None, &[], &[]), expected("/python$"), "no python: add one"),
        (&declared, part(Some("app"), &["x"], &[]), all.clone(), ""),
        (
            &declared,
            part(Some("app"), &["x[1-5]"], &[]),
            all.clone(),
            "layer_groups: 1 file of //a:layers in no group: ./x6. Give the group g of //a:layers a regex that matches there too, or have \
             a group after all others whose regex is empty, which matches everything",
        ),
        (
            &declared,
            part(Some("app/n"), &[], &[]),
            all,
            "7 files of //a:layers in no group: ./app/main.py, ./x1, ./x2, ./x3, ./x4, …. Give",
        ),
    ];
    for (declared, part, demands, message) in cases {
        let part = Part { demands, ..part };
        let got = try_plan(declared, &part);
        let got = got.map_or_else(|error| error.to_string(), |_| String::new());
        assert!(
            if message.is_empty() { got.is_empty() } else { got.contains(message) },
            "{got}\n\n{message}"
        );
    }
}

/// A group of a random partition.
#[derive(Debug, Clone)]
enum Group {
    /// By regex.
    Regex(String),
    /// That is packed from entries of its own: every so manieth.
    Own(usize),
}

/// Several of the groups that a partition has, the last of which takes all that is left: what each is packed from, and how.
fn parts(lines: &[String], groups: Vec<Group>) -> Vec<(Declarations, Part)> {
    let (mut except, mut before, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    let all = declare(&lines.join("\n"));
    for group in groups {
        let patterns: Vec<&str> = except.iter().map(String::as_str).collect();
        match group {
            Group::Regex(regex) => {
                parts.push((all.clone(), part(Some(&regex), &patterns, &before)));
                except.push(regex);
            }
            Group::Own(step) => {
                let own: Vec<_> = lines.iter().step_by(step).map(String::as_str).collect();
                let own = declare(&own.join("\n"));
                parts.push((own.clone(), part(None, &patterns, &before)));
                before.push(own);
            }
        }
    }
    let patterns: Vec<&str> = except.iter().map(String::as_str).collect();
    let demands = Demands { all_claimed: true, ..Demands::default() };
    parts.push((all, Part { demands, ..part(None, &patterns, &before) }));
    parts
}

/// The groups of any partition hold every file once, with all that is said of it, and each directory where it is needed.
#[test]
fn groups_hold_every_file_once() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["a", "b/a", "b/c/a", "c/b", "c/a/b"] {
        put(dir.path(), &format!("t/{path}"), b"x");
    }
    std::fs::create_dir_all(dir.path().join("t/b/b")).unwrap();
    let tree = dir.path().join("t").to_str().unwrap().to_owned();
    let line = ("[abc](/[abc]){0,2}", 0..5).prop_map(move |(path, kind)| match kind {
        // Nothing else lies in it: what is below a tree of an earlier layer is taken to be that layer's.
        0 => format!("tree {path}/t {tree}"),
        1 => format!("symlink {path}/l x"),
        2 => format!("empty {path}/e"),
        3 => format!("dir {path} - 0711"),
        _ => format!("file {path}/f F{}", path.len()),
    });
    let regex = prop_oneof!["[abc]/[abc]", "\\^\\./[abc]", "[abc]\\$", "/[abc]/\\$"];
    let group = prop_oneof![regex.prop_map(Group::Regex), (1_usize..4).prop_map(Group::Own)];
    let groups = proptest::collection::vec(group, 0..5);
    let split = Cell::new(0);
    TestRunner::default()
        .run(&(proptest::collection::vec(line, 1..8), groups), |(lines, groups)| {
            let Ok(whole) = plan(declare(&lines.join("\n")), Path::new("out")) else { return Ok(()) };
            let (mut seen, mut parts_with_files) = (BTreeMap::new(), 0);
            for (declared, part) in parts(&lines, groups) {
                let Planned { entries, unused } = planned(&declared, &part);
                parts_with_files += u32::from(entries.iter().any(|entry| entry.kind != Kind::Directory));
                let mut directories = Vec::new();
                for entry in entries {
                    for parent in entry.path.parents() {
                        prop_assert!(
                            directories.iter().any(|directory| directory == parent),
                            "{}",
                            entry.path
                        );
                    }
                    if let Kind::File(source) = &entry.kind {
                        prop_assert!(!unused.iter().any(|unused| source.starts_with(unused)));
                    }
                    if entry.kind == Kind::Directory {
                        directories.push(entry.path.as_bytes().to_owned());
                    } else {
                        prop_assert!(whole.contains(&entry), "{}", entry.path);
                        *seen.entry(entry.path).or_insert(0) += 1;
                    }
                }
            }
            for entry in whole.iter().filter(|entry| entry.kind != Kind::Directory) {
                prop_assert_eq!(seen.get(&entry.path), Some(&1), "{}", entry.path);
            }
            split.set(split.get() + u32::from(parts_with_files > 1));
            Ok(())
        })
        .unwrap();
    // About half of 256 do; how many exactly is chance.
    assert!(split.get() > 40, "{} of the cases split something", split.get());
}
