//! Configs that are read, and those that are not.

use super::*;

const HEAD: &str = "schemaVersion: 2.0.0\n";

#[test]
fn everything_that_container_structure_test_has() {
    let text = r#"
schemaVersion: "2.0.0"
globalEnvVars:
- {key: VIRTUAL_ENV, value: /env}
- {key: PATH, value: "/env/bin:$PATH"}
metadataTest:
  envVars:
  - {key: A, value: 1}
  - {key: B, value: '^x\d', isRegex: yes}
  unboundEnvVars: [{key: C}]
  labels: [{key: l, value: ''}]
  entrypoint: []
  cmd: [/bin/app, 8080, true]
  exposedPorts: [8080, "80/tcp"]
  unexposedPorts: ["22"]
  volumes: [/data]
  unmountedVolumes: [/tmp]
  workdir: /srv
  user: 1000
fileExistenceTests:
- {name: root, path: /, shouldExist: true, permissions: drwxr-xr-x, uid: 0, gid: -1, isExecutableBy: any}
- name: gone
  path: /gone
  shouldExist: false
fileContentTests:
- name: release
  path: /etc/os-release
  expectedContents: ['ID=debian', '{"a"']
  excludedContents: [alpine]
licenseTests:
- debian: true
  files: [/LICENSE]
commandTests:
- name: run
  setup: [[mkdir, /x], [touch, /x/y]]
  teardown: [["rm", "-r", "/x"]]
  command: sh
  args: [-c, "echo $PATH"]
  envVars: [{key: D, value: d}]
  expectedOutput: [a]
  excludedOutput: [b]
  expectedError: [c]
  excludedError: [d]
  exitCode: 3
containerRunOptions:
  user: root
  privileged: true
  allocateTty: off
  envFile: vars.env
  envVars: [SECRET]
  capabilities: [NET_BIND_SERVICE]
  bindMounts: ["/a:/b"]
"#;
    let suite = Suite::parse("checks.yaml", text).unwrap();
    assert_eq!(suite.variables[1], Variable { key: "PATH".into(), value: "/env/bin:$PATH".into() });
    let metadata = suite.metadata.unwrap();
    assert_eq!(metadata.line, 7);
    assert!(matches!(&metadata.env[0].value, ExpectedValue::Equal(value) if value == "1"));
    assert!(matches!(&metadata.env[1].value, ExpectedValue::Like(_)));
    assert_eq!(metadata.entrypoint, Some(vec![]));
    assert_eq!(metadata.cmd.unwrap(), ["/bin/app", "8080", "true"]);
    assert_eq!(metadata.exposed_ports, ["8080", "80/tcp"]);
    assert_eq!((metadata.user.as_deref(), metadata.workdir.as_deref()), (Some("1000"), Some("/srv")));
    let root = &suite.existence[0];
    assert_eq!((root.uid, root.gid, root.executable_by), (Some(0), None, Some(Executor::Any)));
    assert_eq!((suite.existence[1].should_exist, suite.existence[1].line), (false, 22));
    assert_eq!((suite.contents[0].expected.len(), suite.contents[0].excluded.len()), (2, 1));
    assert_eq!((suite.licenses[0].debian, suite.licenses[0].files.len()), (true, 1));
    let command = &suite.commands[0];
    assert_eq!(command.setup, [["mkdir", "/x"], ["touch", "/x/y"]]);
    assert_eq!(command.arguments, ["sh", "-c", "echo $PATH"]);
    assert_eq!(command.exit_code, 3);
    let options = RunOptions {
        user: Some("root".into()),
        privileged: true,
        allocate_tty: false,
        env_file: Some("vars.env".into()),
        env_vars: vec!["SECRET".into()],
        capabilities: vec!["NET_BIND_SERVICE".into()],
        bind_mounts: vec!["/a:/b".into()],
    };
    assert_eq!(suite.options, options);
}

#[test]
fn json_and_older_names_too() {
    let json = "{\n\t\"schemaVersion\": \"2.0.0\",\n\t\"fileExistenceTests\": [\n\t\t{\"name\": \"a\", \"path\": \"/a\"}\n\t]\n}\n";
    let suite = Suite::parse("checks.json", json).unwrap();
    assert_eq!((suite.existence[0].line, suite.existence[0].should_exist), (4, true));
    let older = "schemaVersion: 2.0.0\nmetadataTest: {env: [{key: A, value: a}], unboundEnv: [{key: B}]}\n";
    let metadata = Suite::parse("old.yaml", older).unwrap().metadata.unwrap();
    assert_eq!((metadata.env.len(), metadata.unbound), (1, vec!["B".to_owned()]));
}

#[test]
fn what_is_wrong_has_its_line_and_what_to_do() {
    let test = |entry: &str| format!("{HEAD}fileExistenceTests:\n- name: a\n  path: /a\n{entry}");
    let command = |entry: &str| format!("{HEAD}commandTests:\n- name: a\n{entry}");
    let cases: &[(String, usize, &[&str])] = &[
        (String::new(), 1, &["empty", "schemaVersion: 2.0.0"]),
        ("metadataTest: {user: a}\n".into(), 1, &["no schemaVersion: add"]),
        ("schemaVersion: 1.0.0\n".into(), 1, &["1.0.0 is not read", "`command`", "`args`"]),
        ("\nschemaVersion: 3\n".into(), 2, &["schemaVersion 3 is not known: write 2.0.0"]),
        (HEAD.into(), 1, &["no test in it"]),
        (format!("{HEAD}fileExistenceTests: []\n"), 1, &["no test in it"]),
        (format!("{HEAD}commandTest: []\n"), 2, &["no field `commandTest`: write `commandTests`"]),
        (test("  shouldexist: true\n"), 5, &["no field `shouldexist`: write `shouldExist`"]),
        (test("  file: x\n"), 5, &["no field `file`. There are name, path"]),
        (test("  shouldExist: maybe\n"), 5, &["true or false"]),
        (test("  shouldExist: 'true'\n"), 5, &["without quotes"]),
        (test("  uid: root\n"), 5, &["whole number"]),
        (test("  gid: -2\n"), 5, &["negative"]),
        (test("  permissions: '0644'\n"), 5, &["\"-rw-r--r--\""]),
        (test("  isExecutableBy: all\n"), 5, &["owner, group, other or any"]),
        (test("  shouldExist: false\n  uid: 0\n"), 5, &["what should not exist"]),
        (format!("{HEAD}fileExistenceTests:\n- path: /a\n"), 3, &["has no `name`"]),
        (format!("{HEAD}fileExistenceTests:\n- name: a\n"), 3, &["has no `path`"]),
        (format!("{HEAD}fileExistenceTests:\n  name: a\n"), 3, &["is a list", "`- `"]),
        (format!("{HEAD}fileExistenceTests: [a]\n"), 2, &["is one value", "map of name, path"]),
        (format!("{HEAD}metadataTest: {{}}\n"), 2, &["checks nothing"]),
        (format!("{HEAD}metadataTest: {{cmd: /bin/sh}}\n"), 2, &["is a list: write [\"/bin/sh\"]"]),
        (format!("{HEAD}metadataTest: {{exposedPorts: ['']}}\n"), 2, &["empty entry"]),
        (format!("{HEAD}metadataTest: {{user: [a]}}\n"), 2, &["a list, and should be one text"]),
        (format!("{HEAD}metadataTest: {{labels: [{{value: a}}]}}\n"), 2, &["has no `key`"]),
        (
            format!("{HEAD}metadataTest:\n  labels:\n  - key: a\n    isRegex: true\n    value: (\n"),
            6,
            &["\"(\" is no regular expression", "unclosed group"],
        ),
        (
            format!(
                "{HEAD}fileContentTests:\n- name: a\n  path: /a\n  expectedContents:\n  - ok\n  - '[a'\n"
            ),
            7,
            &["unclosed character class"],
        ),
        (format!("{HEAD}licenseTests: [{{debian: false}}]\n"), 2, &["looks at nothing"]),
        (command("  args: [x]\n"), 3, &["has no `command`"]),
        (command("  command: [a, b]\n"), 4, &["`command` is a list, and should be one text"]),
        (command("  command: a\n  setup: [[]]\n"), 5, &["`setup` has an empty command"]),
        (command("  command: a\n  teardown: [x]\n"), 5, &["is a list"]),
        (
            format!(
                "{HEAD}globalEnvVars: [{{key: A, value: a, isRegex: true}}]\nmetadataTest: {{user: a}}\n"
            ),
            2,
            &["isRegex is for envVars of metadataTest"],
        ),
        (
            format!("{HEAD}metadataTest: {{user: a}}\ncontainerRunOptions: {{user: a}}\n"),
            3,
            &["there are none"],
        ),
        ("- a\n".into(), 1, &["the config is a list"]),
    ];
    for (text, line, says) in cases {
        let problem = Suite::parse("checks.yaml", text).expect_err(text);
        assert_eq!(problem.line, *line, "{text}: {}", problem.words);
        for say in *says {
            assert!(problem.words.contains(say), "{say} in {}", problem.words);
        }
    }
}

#[test]
fn files_are_named() {
    let dir = std::env::temp_dir();
    let missing = Suite::load("app/checks.yaml", &dir.join("strata-there-is-no-such-config")).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read app/checks.yaml");
}

#[test]
fn a_filter_leaves_tests_out() {
    let text = "metadataTest: {user: a}\nfileExistenceTests: [{name: one, path: /a}, {name: two, path: /a}]\n\
                fileContentTests: [{name: one, path: /a}]\nlicenseTests: [{debian: true}]\n\
                commandTests: [{name: one, command: a}]\n";
    for (filter, left) in
        [("", 6), ("one", 3), ("Existence Test: one", 1), ("Metadata", 1), ("License", 1), ("nothing", 0)]
    {
        let mut suite = Suite::parse("a.yaml", &format!("{HEAD}{text}")).unwrap();
        assert_eq!(suite.keep(|name| name.contains(filter)), left > 0, "{filter}");
        let numbers =
            [suite.existence.len(), suite.contents.len(), suite.licenses.len(), suite.commands.len()];
        assert_eq!(numbers.iter().sum::<usize>() + usize::from(suite.metadata.is_some()), left, "{filter}");
    }
}
