//! Tests of an image: each line of a config that holds, and each that does not with what is said.

use std::time::Duration;

use super::*;
use crate::{
    Verdict,
    commands::{self, Ran},
};

const CONFIG: &str = r#"{"os": "linux", "architecture": "amd64", "config": {
    "Env": ["PATH=/usr/bin:/bin", "HOME=/srv", "EMPTY=", "A=first", "A=last", "bare"],
    "Labels": {"org.example.version": "1.2.3", "empty": ""},
    "Entrypoint": ["/srv/app"], "Cmd": ["--port", "80"], "User": "1000:1000", "WorkingDir": "/srv",
    "ExposedPorts": {"8080/tcp": {}, "53/udp": {}, "9": {}}, "Volumes": {"/data": {}}}}"#;

/// Entries of two layers, as `path type mode rest`, and the contents of files of the lower and the upper one.
const LOWER: &[&str] = &[
    "./etc type=dir mode=0755 uid=0 gid=0 size=0 time=0.0",
    "./etc/os-release type=file mode=0644 uid=0 gid=0 size=10 time=0.0",
    "./etc/old type=file mode=0644 uid=0 gid=0 size=3 time=0.0",
    "./srv/app type=file mode=4750 uid=7 gid=8 size=3 time=0.0",
    "./bin type=link mode=0777 uid=0 gid=0 size=0 time=0.0 link=srv",
    "./hard type=file mode=0644 uid=0 gid=0 size=0 time=0.0 contents=./etc/os-release",
    "./tmp type=dir mode=1777 uid=0 gid=0 size=0 time=0.0",
    "./dev/null type=char mode=0666 uid=0 gid=0 size=0 time=0.0 device=native,1,3",
];
const UPPER: &[&str] = &[
    "./etc/.wh.old type=file mode=0644 uid=0 gid=0 size=0 time=0.0",
    "./etc/app.conf type=file mode=0600 uid=1000 gid=1000 size=5 time=0.0",
    "./usr/share/doc/good/copyright type=file mode=0644 uid=0 gid=0 size=3 time=0.0",
    "./usr/share/doc/libgnutls30/copyright type=file mode=0644 uid=0 gid=0 size=4 time=0.0",
    "./usr/share/doc/note type=file mode=0644 uid=0 gid=0 size=4 time=0.0",
    "./bad type=file mode=0644 uid=0 gid=0 size=12 time=0.0",
    "./huge type=file mode=0644 uid=0 gid=0 size=999999999 time=0.0",
    "./lost type=file mode=0644 uid=0 gid=0 size=0 time=0.0 contents=./nowhere",
];

fn image() -> Image {
    let mut tree = Tree::default();
    for layer in [LOWER, UPPER] {
        tree.add(&format!("#mtree\n{}\n", layer.join("\n"))).unwrap();
    }
    let mut image = Image::new(Config::parse(CONFIG.as_bytes()).unwrap(), tree).unwrap();
    for (layer, entry, content) in [
        (0, 1, "ID=debian\n"),
        (0, 3, "\x7fEL"),
        (1, 1, "a: 1\n"),
        (1, 2, "MIT"),
        (1, 3, "AGPL"),
        (1, 5, "under Wtfpl."),
    ] {
        image.insert(Origin { layer, entry }, content.into());
    }
    image
}

fn suite(text: &str) -> Suite {
    Suite::parse("checks.yaml", &format!("schemaVersion: 2.0.0\n{text}"))
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The problems of the only test in a config.
fn problems(text: &str) -> Vec<String> {
    let mut outcomes = image().test(&suite(text));
    assert_eq!(outcomes.len(), 1, "{text}");
    match outcomes.remove(0).verdict {
        Verdict::Passed => Vec::new(),
        Verdict::Failed(problems) => problems,
        Verdict::Skipped(why) => panic!("{text}: {why}"),
    }
}

/// Checks each of `(entry, what is said)`, put into `around` in place of `@`; nothing said is a pass.
fn table(around: &str, cases: &[(&str, &[&str])]) {
    for (entry, says) in cases {
        let problems = problems(&around.replace('@', entry));
        assert_eq!(problems.len(), says.len(), "{entry}: {problems:#?}");
        for (problem, say) in problems.iter().zip(*says) {
            assert!(problem.contains(say), "{say:?} in {problem}");
        }
    }
}

#[test]
fn metadata() {
    table(
        "metadataTest: {@}\n",
        &[
            (
                "envVars: [{key: HOME, value: /srv}, {key: EMPTY, value: ''}, {key: A, value: last}, {key: bare}]",
                &[],
            ),
            ("envVars: [{key: PATH, value: '^/usr/bin:', isRegex: true}]", &[]),
            ("envVars: [{key: HOME, value: /}]", &["the variable HOME should be \"/\", and is \"/srv\""]),
            (
                "envVars: [{key: HOME, value: /, isRegex: true}, {key: HOME, value: '^$', isRegex: true}]",
                &["the variable HOME should match \"^$\", and is \"/srv\""],
            ),
            (
                "env: [{key: NO, value: ''}, {key: NO, value: x, isRegex: true}]",
                &[
                    "the variable NO should be \"\", and is not set; set are: A, EMPTY, HOME, PATH, bare",
                    "should match \"x\", and is not set",
                ],
            ),
            ("unboundEnvVars: [{key: NO}]", &[]),
            ("unboundEnvVars: [{key: EMPTY}]", &["EMPTY should not be set, and is \"\""]),
            (
                "labels: [{key: empty, value: ''}, {key: org.example.version, value: '^1\\.', isRegex: true}]",
                &[],
            ),
            (
                "labels: [{key: a, value: b}]",
                &["the label a should be \"b\", and is not set; set are: empty, org"],
            ),
            ("entrypoint: [/srv/app], cmd: [--port, 80], user: 1000:1000, workdir: /srv", &[]),
            (
                "entrypoint: [], cmd: [--port], user: root, workdir: /",
                &[
                    "entrypoint should be [], and is [\"/srv/app\"]",
                    "cmd should be [\"--port\"], and is [\"--port\", \"80\"]",
                    "workdir should be \"/\", and is \"/srv\"",
                    "user should be \"root\", and is \"1000:1000\"",
                ],
            ),
            ("exposedPorts: [8080, 8080/tcp, 53, 9], unexposedPorts: [80, 8080/udp]", &[]),
            (
                "exposedPorts: [80, 53/tcp], unexposedPorts: [9, 53/udp]",
                &[
                    "the port 80 should be exposed; exposed are: 53/udp, 8080/tcp, 9",
                    "the port 53/tcp should be exposed",
                    "the port 9 should not be exposed",
                    "the port 53/udp should not be exposed",
                ],
            ),
            ("volumes: [/data], unmountedVolumes: [/tmp]", &[]),
            (
                "volumes: [/tmp], unmountedVolumes: [/data]",
                &["/tmp should be a volume; volumes are: /data", "/data should be no volume"],
            ),
        ],
    );
}

#[test]
fn existence() {
    table(
        "fileExistenceTests: [{name: x, @}]\n",
        &[
            ("path: /", &[]),
            ("path: /etc/os-release, permissions: -rw-r--r--, uid: 0, gid: 0", &[]),
            ("path: etc/app.conf, permissions: -rw-------, uid: 1000, gid: 1000", &[]),
            ("path: /tmp, permissions: dtrwxrwxrwx", &[]),
            ("path: /tmp/, permissions: drwxrwxrwt", &[]),
            ("path: /bin, permissions: Lrwxrwxrwx", &[]),
            ("path: /bin/app, isExecutableBy: owner, uid: 7", &[]),
            ("path: /bin/app, isExecutableBy: group", &[]),
            ("path: $HOME/app, isExecutableBy: any", &[]),
            ("path: '${NONE}/dev/null', permissions: crw-rw-rw-", &[]),
            ("path: /etc/old, shouldExist: false", &[]),
            ("path: /etc/os-release/x, shouldExist: false", &[]),
            ("path: /etc/old", &["/etc/old should exist, and does not: there is no /etc/old"]),
            (
                "path: /etc/app.conf, shouldExist: false",
                &["should not exist, and does: -rw------- 1000:1000"],
            ),
            (
                "path: $HOME/app, permissions: -rw-r--r--, uid: 1, gid: 2, isExecutableBy: other",
                &[
                    "/srv/app should have the permissions -rw-r--r--, and has -rwsr-x---",
                    "should belong to the user 1, and belongs to 7",
                    "should belong to the group 2, and belongs to 8",
                    "should be executable by others than its owner and group, and has -rwsr-x---",
                ],
            ),
            ("path: /etc/os-release, isExecutableBy: any", &["executable by anybody"]),
        ],
    );
}

#[test]
fn contents() {
    table(
        "fileContentTests: [{name: x, @}]\n",
        &[
            ("path: /etc/os-release, expectedContents: ['^ID=', debian], excludedContents: [alpine]", &[]),
            ("path: /hard, expectedContents: [debian]", &[]),
            ("path: /bin/app, expectedContents: ['^\\x7fEL$']", &[]),
            ("path: /etc/app.conf", &[]),
            (
                "path: /etc/os-release, expectedContents: [alpine], excludedContents: [ID]",
                &[
                    "/etc/os-release should match \"alpine\"",
                    "/etc/os-release should not match \"ID\", and is:\n  | ID=debian",
                ],
            ),
            ("path: /etc/old", &["cannot be read: there is no /etc/old"]),
            ("path: /tmp", &["/tmp is a directory"]),
            ("path: /dev/null", &["no regular file"]),
            ("path: /huge", &["has 999999999 bytes, and at most"]),
            ("path: /lost", &["a hard link to a file that no layer has"]),
        ],
    );
}

#[test]
fn licenses() {
    table(
        "licenseTests: [{@}]\n",
        &[
            ("debian: true", &[]),
            ("files: [/etc/os-release]", &[]),
            (
                "debian: true, files: [/bad, /none]",
                &["/bad should name no licence that is refused, and names WTFPL", "no /none"],
            ),
        ],
    );
    let empty = Image::new(Config::parse(b"{}").unwrap(), Tree::default()).unwrap();
    let outcomes = empty.test(&suite("licenseTests: [{debian: true}]\n"));
    assert!(
        matches!(&outcomes[0].verdict, Verdict::Failed(problems) if problems[0].contains("there are none"))
    );
}

#[test]
fn only_what_tests_look_at_is_read() {
    let suite = suite(
        "fileContentTests:\n- {name: a, path: /hard}\n- {name: b, path: /etc/old}\n- {name: c, path: /huge}\n\
         fileExistenceTests: [{name: d, path: /bad}]\nlicenseTests: [{debian: true}]\n",
    );
    let files = image().files_of(&suite);
    let places: Vec<_> =
        files.iter().map(|file| (file.path.as_str(), file.origin.layer, file.origin.entry)).collect();
    assert_eq!(places, [("/hard", 0, 1), ("/usr/share/doc/good/copyright", 1, 2)]);
}

#[test]
fn names_and_places_of_outcomes() {
    let suite = suite(
        "metadataTest: {user: 1000:1000}\nfileExistenceTests:\n- name: e\n  path: /\nfileContentTests:\n- name: c\n  path: /hard\n\
         licenseTests:\n- files: [/hard]\ncommandTests:\n- {name: r, command: x}\n",
    );
    let outcomes = image().test(&suite);
    let shown: Vec<_> = outcomes.iter().map(|outcome| (outcome.name.as_str(), outcome.line)).collect();
    assert_eq!(
        shown,
        [
            ("Metadata Test", 2),
            ("File Existence Test: e", 4),
            ("File Content Test: c", 7),
            ("License Test", 10)
        ]
    );
    assert!(
        outcomes.iter().all(|outcome| outcome.file == "checks.yaml" && outcome.verdict == Verdict::Passed)
    );
}

#[test]
fn commands_get_their_words_and_are_judged() {
    let suite = suite(
        "globalEnvVars: [{key: PATH, value: '/env:$PATH'}]\ncommandTests:\n- name: r\n  command: $HOME/app\n  \
         args: [-c, 'echo $PATH $NONE'] \n  envVars: [{key: B, value: '$PATH!'}]\n  expectedOutput: [out]\n  \
         excludedOutput: [no]\n  expectedError: [err]\n  excludedError: [no]\n  exitCode: 3\n",
    );
    let image = image();
    let run = commands::of(&suite, &image).next().unwrap();
    assert_eq!(run.arguments, ["/srv/app", "-c", "echo /env:/usr/bin:/bin "]);
    assert_eq!(run.env, ["PATH=/env:/usr/bin:/bin", "B=/env:/usr/bin:/bin!"]);
    let judge = |stdout: &str, stderr: &str, exit_code| {
        let ran = Ran { stdout: stdout.into(), stderr: stderr.into(), exit_code };
        let outcome = run.judge(&ran, Duration::from_secs(1));
        assert_eq!((outcome.name.as_str(), outcome.line), ("Command Test: r", 4));
        match outcome.verdict {
            Verdict::Failed(problems) => problems,
            _ => Vec::new(),
        }
    };
    assert_eq!(judge("out", "err", 3), [""; 0]);
    assert_eq!(
        judge("no", "", 1),
        [
            "it should end with 3, and ended with 1, and said: no",
            "standard output should match \"out\"",
            "standard output should not match \"no\", and is:\n  | no",
            "standard error should match \"err\", and is empty",
        ]
    );
}
