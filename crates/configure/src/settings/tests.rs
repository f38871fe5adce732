use super::*;

fn within(settings: &Settings, package: &str, text: &str) -> (Inherited, Vec<String>) {
    let file = buildfile::parse(text.as_bytes()).unwrap();
    let mut warnings = Vec::new();
    let inherited = settings.within(package, &file, &mut warnings);
    (inherited, warnings.into_iter().map(|warning| warning.message).collect())
}

fn root() -> Settings {
    Settings::root("@rules_strata//oci:defs.bzl", None, vec!["BUILD.bazel".to_owned(), "BUILD".to_owned()])
}

#[test]
fn a_file_without_directives_changes_nothing() {
    let (inherited, warnings) = within(&root(), "p", "# A comment.\nfilegroup(name = \"a\")\n");
    assert_eq!((inherited.here, inherited.below), (root(), root()));
    assert!(!inherited.ignored && inherited.exclude.is_empty() && warnings.is_empty());
}

#[test]
fn what_is_said_holds_below() {
    let (above, _) = within(
        &root(),
        "p",
        "# oci:base go :base\n# gazelle:build_file_name BUILD.oci, BUILD\n# oci:lang go\n# oci:opt_in\n",
    );
    let go = above.below.row("go_binary").unwrap().clone();
    let (inherited, _) =
        within(&above.below, "p/q", "# oci:enabled :a\n# gazelle:exclude x/**\n\ngo_binary(name = \"a\")\n");
    assert_eq!(inherited.here.base(&go), Some("//p:base"));
    assert_eq!(inherited.here.build_file_names(), ["BUILD.oci", "BUILD"]);
    assert_eq!(inherited.exclude, ["x/**"]);
    assert!(inherited.here.wants(&go, "a") && !inherited.here.wants(&go, "b"));
    assert!(!inherited.below.wants(&go, "a"), "names are those of one package");
}

#[test]
fn the_last_one_wins() {
    let (inherited, _) =
        within(&root(), "", "# oci:disabled\n# oci:enabled\n# oci:image_name a\n# oci:image_name b\n");
    assert!(!inherited.ignored);
    assert_eq!(inherited.here.image_name("", "x", 1), "b");
    let (disabled, _) = within(&root(), "", "# oci:disabled\n");
    assert!(disabled.ignored);
    assert!(within(&disabled.below, "p", "# oci:lang go\n").0.ignored, "a directory below is disabled, too");
    assert!(!within(&disabled.below, "p", "# oci:enabled\n").0.ignored);
}

#[test]
fn the_command_line_asks_for_less() {
    let settings = Settings::root("//oci:defs.bzl", Some(vec!["py".to_owned()]), Vec::new());
    let asked = |kind: &str| settings.is_asked(settings.row(kind).unwrap());
    assert!(asked("py_binary") && !asked("go_binary"));
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        ("# oci:disable", "there is no directive `# oci:disable`"),
        ("# oci:opt-in", "there is no directive `# oci:opt-in`"),
        ("# oci:disabled yes", "`# oci:disabled` wants no value, not \"yes\""),
        ("# oci:lang", "`# oci:lang` wants languages"),
        ("# oci:lang golang", "\"golang\" is no language with images: there are go, rust, cc, py, js, java"),
        ("# oci:base", "wants a language and a label"),
        ("# oci:base ruby @x", "\"ruby\" is no language"),
        ("# oci:image_kind a b", "wants <binary kind> <macro> <file to load it from>"),
        ("# oci:image_name a b", "wants one name"),
        ("# oci:image_name a:b", "can't be the name of a target"),
        ("# gazelle:map_kind a b", "`# gazelle:map_kind` wants <from kind>"),
        ("# gazelle:alias_kind a", "wants <macro> <kind>"),
        ("# gazelle:exclude", "wants a value"),
        ("# gazelle:build_file_name ,", "wants names of files"),
    ];
    for (text, expected) in cases {
        let (_, warnings) = within(&root(), "", text);
        assert!(matches!(&warnings[..], [one] if one.contains(expected)), "{text}: {warnings:?}");
    }
    let (_, warnings) = within(&root(), "", "# oci:ignore server :sever\n\ngo_binary(name = \"server\")\n");
    assert_eq!(warnings, ["`# oci:ignore`: no call here has the name sever"]);
    assert!(within(&root(), "", "# gazelle:prefix example.com\n# gazelle:proto disable\n").1.is_empty());
}
