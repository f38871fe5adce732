//! What holds of any package. What becomes of single ones is in `tests/cases`.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;

use super::{Outcome, Package, update};
use crate::settings::Settings;

/// A piece of a BUILD file.
#[derive(Debug, Clone)]
enum Piece {
    Binary { name: u8, testonly: bool },
    Image { name: u8, binary: u8, kept: bool },
    Named { name: u8 },
    Comment,
    Macro,
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        3 => (0..4u8, any::<bool>()).prop_map(|(name, testonly)| Piece::Binary { name, testonly }),
        3 => (0..6u8, 0..5u8, any::<bool>()).prop_map(|(name, binary, kept)| Piece::Image { name, binary, kept }),
        1 => (0..6u8).prop_map(|name| Piece::Named { name }),
        1 => Just(Piece::Comment),
        1 => Just(Piece::Macro),
    ]
}

/// Some names are those that images would get.
fn name(i: u8) -> &'static str {
    ["a", "b", "c", "image", "a_image", "b_image"][usize::from(i)]
}

/// A file of these pieces, but for those whose name another has.
fn file(pieces: &[Piece], loads_images: bool) -> String {
    let mut text = "load(\"@rules_go//go:def.bzl\", \"go_binary\")\n".to_owned();
    if loads_images || pieces.iter().any(|piece| matches!(piece, Piece::Image { .. })) {
        text.push_str("load(\"@rules_strata//oci:defs.bzl\", \"go_image\")\n");
    }
    let mut names = BTreeSet::new();
    for piece in pieces {
        let line = match piece {
            Piece::Binary { name: i, .. } | Piece::Image { name: i, .. } | Piece::Named { name: i }
                if !names.insert(name(*i)) =>
            {
                continue;
            }
            Piece::Binary { name: i, testonly: true } => {
                format!("go_binary(\n    name = \"{}\",\n    testonly = True,\n)", name(*i))
            }
            Piece::Binary { name: i, testonly: false } => format!("go_binary(name = \"{}\")", name(*i)),
            Piece::Image { name: i, binary, kept } => {
                let keep = if *kept { "# keep\n" } else { "" };
                format!(
                    "{keep}go_image(\n    name = \"{}\",\n    binary = \":{}\",\n)",
                    name(*i),
                    name(*binary)
                )
            }
            Piece::Named { name: i } => format!("filegroup(name = \"{}\")", name(*i)),
            Piece::Comment => "# About what follows.".to_owned(),
            Piece::Macro => "[service(name = n) for n in []]".to_owned(),
        };
        text.push_str(&format!("\n{line}\n"));
    }
    text
}

fn run(text: &str) -> Outcome {
    let file = buildfile::parse(text.as_bytes()).unwrap();
    let settings = Settings::root("@rules_strata//oci:defs.bzl", None, vec!["BUILD.bazel".to_owned()]);
    let package = Package { path: "p", directory: Path::new("/nonexistent"), settings: &settings };
    update(&package, &file)
}

/// The lines of `text` that are in no load statement, images aside which a run may add and remove.
fn others(text: &str) -> Vec<&str> {
    let mut is_image = false;
    text.split("\n\n")
        .filter(|block| {
            is_image = block.contains("go_image(") && !block.contains("# keep");
            !is_image && !block.starts_with("load(")
        })
        .map(str::trim)
        .collect()
}

/// Each call was once compared with each image, for each image: that took hours.
#[test]
fn many_images_take_no_time() {
    let loads = "# Of all.\nload(\"@rules_go//go:def.bzl\", \"go_binary\")\nload(\"@rules_strata//oci:defs.bzl\", \"go_image\")\n";
    let binary = |i| format!("\ngo_binary(name = \"b{i}\")\n");
    let image = |i| format!("\ngo_image(\n    name = \"b{i}_image\",\n    binary = \":b{i}\",\n)\n");
    let both: String = (0..5000).map(|i| binary(i) + &image(i)).collect();
    assert_eq!(run(&(loads.to_owned() + &both)).images, 5000);
    let images: String = (0..5000).map(image).collect();
    assert_eq!(run(&(loads.to_owned() + &images)).removed, 5000);
}

/// buildifier would move the load up; a file that it hasn't seen has to load all the same.
#[test]
fn an_image_goes_below_its_load() {
    let load = "load(\"@rules_strata//oci:defs.bzl\", \"cc_image\")\n";
    let before = format!(
        "cc_binary(name = \"a\")\n\n{load}\ncc_image(\n    name = \"other\",\n    binary = \"//other\",\n)\n"
    );
    let image = "cc_image(\n    name = \"image\",\n    binary = \":a\",\n)\n";
    let after = before.replace(load, &format!("{load}\n{image}"));
    assert_eq!(String::from_utf8(run(&before).text.unwrap()).unwrap(), after);
}

proptest! {
    #[test]
    fn a_second_run_changes_nothing(pieces in proptest::collection::vec(piece(), 0..8), loads in any::<bool>(), crlf in any::<bool>(), cut in any::<bool>()) {
        let mut text = file(&pieces, loads);
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if cut {
            text = text.trim_end().to_owned();
        }
        let first = run(&text);
        let done = first.text.map_or(text, |text| String::from_utf8(text).unwrap());
        let second = run(&done);
        prop_assert_eq!(second.text.map(|text| String::from_utf8(text).unwrap()), None);
        prop_assert_eq!(second.diagnostics.len(), first.diagnostics.len());
        prop_assert_eq!(second.images, first.images);
        prop_assert_eq!(done.matches('\r').count(), if crlf { done.matches('\n').count() } else { 0 });
        prop_assert_eq!(cut, !done.ends_with('\n'));
    }

    #[test]
    fn what_is_not_ours_stays(pieces in proptest::collection::vec(piece(), 0..8), loads in any::<bool>()) {
        let text = file(&pieces, loads);
        let outcome = run(&text);
        let done = outcome.text.map_or(text.clone(), |text| String::from_utf8(text).unwrap());
        prop_assert_eq!(others(&done), others(&text), "{}", done);
    }

    #[test]
    fn each_program_has_an_image_or_a_warning(pieces in proptest::collection::vec(piece(), 0..8)) {
        let text = file(&pieces, false);
        let outcome = run(&text);
        let done = outcome.text.map_or(text.clone(), |text| String::from_utf8(text).unwrap());
        let warned: Vec<_> = outcome.diagnostics.iter().map(|warning| warning.message.as_str()).collect();
        for name in ["a", "b", "c", "image"] {
            if text.contains(&format!("go_binary(name = \"{name}\")")) {
                let has = done.contains(&format!("binary = \":{name}\""));
                let is_said = warned.iter().any(|message| message.contains(&format!("no go_image of {name}:")));
                prop_assert!(has != is_said, "{name}: {warned:?}\n{done}");
            }
        }
    }
}
