//! From YAML to a [`Suite`].

use super::fields::{Fields, text, texts};
use super::{
    Command, Contents, Executor, Existence, Expected, ExpectedValue, Licenses, Metadata, Permissions,
    Problem, RunOptions, SCHEMA, Suite, Variable,
};
use crate::pattern::Pattern;
use crate::yaml::{self, Node};

pub(super) fn suite(file: &str, text: &str) -> Result<Suite, Problem> {
    let nothing =
        || Problem::new(1, format!("the file is empty: it should begin with schemaVersion: {SCHEMA}"));
    let root = yaml::parse(text)?.filter(|node| !node.is_null()).ok_or_else(nothing)?;
    let fields = Fields::of(
        &root,
        "the config",
        &[
            "schemaVersion",
            "globalEnvVars",
            "metadataTest",
            "fileExistenceTests",
            "fileContentTests",
            "licenseTests",
            "commandTests",
            "containerRunOptions",
        ],
    )?;
    schema(&fields)?;
    let suite = Suite {
        file: file.to_owned(),
        variables: fields.each("globalEnvVars", variable)?,
        metadata: fields.get("metadataTest").map(metadata).transpose()?,
        existence: fields.each("fileExistenceTests", existence)?,
        contents: fields.each("fileContentTests", contents)?,
        licenses: fields.each("licenseTests", licenses)?,
        commands: fields.each("commandTests", command)?,
        options: fields.get("containerRunOptions").map(run_options).transpose()?.unwrap_or_default(),
    };
    if !suite.has_tests() {
        return Err(Problem::new(
            fields.line,
            "there is no test in it: add metadataTest, fileExistenceTests, fileContentTests, licenseTests or commandTests",
        ));
    }
    if suite.commands.is_empty() && suite.options != RunOptions::default() {
        let line = fields.get("containerRunOptions").map_or(fields.line, |node| node.line);
        return Err(Problem::new(line, "containerRunOptions are for commandTests, and there are none"));
    }
    Ok(suite)
}

fn schema(fields: &Fields<'_>) -> Result<(), Problem> {
    let line = fields.get("schemaVersion").map_or(fields.line, |node| node.line);
    match fields.text("schemaVersion")?.as_deref() {
        Some(SCHEMA) => Ok(()),
        Some("1.0.0") => Err(Problem::new(
            line,
            format!(
                "schemaVersion 1.0.0 is not read: write {SCHEMA}, and in commandTests the first word as `command` and the \
                 rest as `args`"
            ),
        )),
        Some(other) => Err(Problem::new(line, format!("schemaVersion {other} is not known: write {SCHEMA}"))),
        None => Err(Problem::new(line, format!("there is no schemaVersion: add schemaVersion: {SCHEMA}"))),
    }
}

fn metadata(node: &Node) -> Result<Metadata, Problem> {
    let fields = Fields::of(
        node,
        "metadataTest",
        &[
            "envVars",
            // As container-structure-test called these before 1.12.
            "env",
            "unboundEnvVars",
            "unboundEnv",
            "labels",
            "entrypoint",
            "cmd",
            "exposedPorts",
            "unexposedPorts",
            "volumes",
            "unmountedVolumes",
            "workdir",
            "user",
        ],
    )?;
    let either = |one, other| -> &str { if fields.get(one).is_some() { one } else { other } };
    let names = |key| {
        let names = fields.texts(key)?.unwrap_or_default();
        match names.iter().position(String::is_empty) {
            None => Ok(names),
            Some(at) => Err(Problem::new(fields.list(key)?[at].line, format!("`{key}` has an empty entry"))),
        }
    };
    let given = |key| Ok::<_, Problem>(fields.text(key)?.filter(|text| !text.is_empty()));
    let metadata = Metadata {
        line: fields.line,
        env: fields.each(either("envVars", "env"), expected)?,
        unbound: fields.each(either("unboundEnvVars", "unboundEnv"), unbound)?,
        labels: fields.each("labels", expected)?,
        entrypoint: fields.texts("entrypoint")?,
        cmd: fields.texts("cmd")?,
        exposed_ports: names("exposedPorts")?,
        unexposed_ports: names("unexposedPorts")?,
        volumes: names("volumes")?,
        unmounted_volumes: names("unmountedVolumes")?,
        workdir: given("workdir")?,
        user: given("user")?,
    };
    let is_empty = metadata.env.is_empty()
        && metadata.unbound.is_empty()
        && metadata.labels.is_empty()
        && metadata.entrypoint.is_none()
        && metadata.cmd.is_none()
        && metadata.exposed_ports.is_empty()
        && metadata.unexposed_ports.is_empty()
        && metadata.volumes.is_empty()
        && metadata.unmounted_volumes.is_empty()
        && metadata.workdir.is_none()
        && metadata.user.is_none();
    if is_empty {
        return Err(Problem::new(
            fields.line,
            "metadataTest checks nothing: name what is expected, or take it out",
        ));
    }
    Ok(metadata)
}

fn expected(node: &Node) -> Result<Expected, Problem> {
    let fields = Fields::of(node, "an entry of envVars or labels", &["key", "value", "isRegex"])?;
    let value = fields.text("value")?.unwrap_or_default();
    let value = if fields.bool("isRegex", false)? {
        let line = fields.get("value").map_or(fields.line, |node| node.line);
        ExpectedValue::Like(pattern(&value, line)?)
    } else {
        ExpectedValue::Equal(value)
    };
    Ok(Expected { key: fields.needed("key")?, value })
}

fn unbound(node: &Node) -> Result<String, Problem> {
    // container-structure-test takes a value and never looks at it.
    Fields::of(node, "an entry of unboundEnvVars", &["key", "value", "isRegex"])?.needed("key")
}

fn variable(node: &Node) -> Result<Variable, Problem> {
    let fields = Fields::of(node, "an environment variable", &["key", "value", "isRegex"])?;
    if fields.bool("isRegex", false)? {
        return Err(Problem::new(
            fields.line,
            "isRegex is for envVars of metadataTest: here the variable is set",
        ));
    }
    Ok(Variable { key: fields.needed("key")?, value: fields.text("value")?.unwrap_or_default() })
}

fn existence(node: &Node) -> Result<Existence, Problem> {
    let fields = Fields::of(
        node,
        "an entry of fileExistenceTests",
        &["name", "path", "shouldExist", "permissions", "uid", "gid", "isExecutableBy"],
    )?;
    let line = |key| fields.get(key).map_or(fields.line, |node| node.line);
    let permissions = match fields.text("permissions")?.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(Permissions::parse(&text).ok_or_else(|| {
            let words = format!(
                "no file has the permissions {text:?}: write them as `ls -l` does, such as \"-rw-r--r--\""
            );
            Problem::new(line("permissions"), words)
        })?),
    };
    let executable_by = match fields.text("isExecutableBy")?.as_deref() {
        None | Some("") => None,
        Some("owner") => Some(Executor::Owner),
        Some("group") => Some(Executor::Group),
        Some("other") => Some(Executor::Other),
        Some("any") => Some(Executor::Any),
        Some(other) => {
            let words = format!("isExecutableBy is owner, group, other or any, and not {other:?}");
            return Err(Problem::new(line("isExecutableBy"), words));
        }
    };
    let id = |key| match fields.integer(key)? {
        // container-structure-test's own way to say that any will do.
        None | Some(-1) => Ok(None),
        Some(id) => {
            u64::try_from(id).map(Some).map_err(|_| Problem::new(line(key), format!("`{key}` is negative")))
        }
    };
    let test = Existence {
        name: fields.needed("name")?,
        line: fields.line,
        path: fields.needed("path")?,
        should_exist: fields.bool("shouldExist", true)?,
        permissions,
        uid: id("uid")?,
        gid: id("gid")?,
        executable_by,
    };
    let asks_more = test.permissions.is_some()
        || test.uid.is_some()
        || test.gid.is_some()
        || test.executable_by.is_some();
    if !test.should_exist && asks_more {
        return Err(Problem::new(
            line("shouldExist"),
            "what should not exist has no permissions, owner or execute bit: take those out, or shouldExist",
        ));
    }
    Ok(test)
}

fn contents(node: &Node) -> Result<Contents, Problem> {
    let known = ["name", "path", "expectedContents", "excludedContents"];
    let fields = Fields::of(node, "an entry of fileContentTests", &known)?;
    Ok(Contents {
        name: fields.needed("name")?,
        line: fields.line,
        path: fields.needed("path")?,
        expected: patterns(&fields, "expectedContents")?,
        excluded: patterns(&fields, "excludedContents")?,
    })
}

fn licenses(node: &Node) -> Result<Licenses, Problem> {
    let fields = Fields::of(node, "an entry of licenseTests", &["debian", "files"])?;
    let (debian, files) = (fields.bool("debian", false)?, fields.texts("files")?.unwrap_or_default());
    if !debian && files.is_empty() {
        return Err(Problem::new(
            fields.line,
            "this licence test looks at nothing: set debian: true, or files",
        ));
    }
    Ok(Licenses { line: fields.line, debian, files })
}

fn command(node: &Node) -> Result<Command, Problem> {
    let fields = Fields::of(
        node,
        "an entry of commandTests",
        &[
            "name",
            "setup",
            "teardown",
            "command",
            "args",
            "envVars",
            "expectedOutput",
            "excludedOutput",
            "expectedError",
            "excludedError",
            "exitCode",
        ],
    )?;
    let steps = |key| {
        fields.each(key, |node| {
            let words = texts(node, key)?;
            if words.is_empty() {
                return Err(Problem::new(node.line, format!("`{key}` has an empty command")));
            }
            Ok(words)
        })
    };
    // Checked, and never run: each test has a container of its own, which is thrown away.
    steps("teardown")?;
    let mut arguments = vec![fields.needed("command")?];
    arguments.extend(fields.texts("args")?.unwrap_or_default());
    Ok(Command {
        name: fields.needed("name")?,
        line: fields.line,
        setup: steps("setup")?,
        variables: fields.each("envVars", variable)?,
        arguments,
        expected_output: patterns(&fields, "expectedOutput")?,
        excluded_output: patterns(&fields, "excludedOutput")?,
        expected_error: patterns(&fields, "expectedError")?,
        excluded_error: patterns(&fields, "excludedError")?,
        exit_code: fields.integer("exitCode")?.unwrap_or(0),
    })
}

fn run_options(node: &Node) -> Result<RunOptions, Problem> {
    let known = ["user", "privileged", "allocateTty", "envFile", "envVars", "capabilities", "bindMounts"];
    let fields = Fields::of(node, "containerRunOptions", &known)?;
    let given = |key| Ok::<_, Problem>(fields.text(key)?.filter(|text| !text.is_empty()));
    let list = |key| Ok::<_, Problem>(fields.texts(key)?.unwrap_or_default());
    Ok(RunOptions {
        user: given("user")?,
        privileged: fields.bool("privileged", false)?,
        allocate_tty: fields.bool("allocateTty", false)?,
        env_file: given("envFile")?,
        env_vars: list("envVars")?,
        capabilities: list("capabilities")?,
        bind_mounts: list("bindMounts")?,
    })
}

fn patterns(fields: &Fields<'_>, key: &str) -> Result<Vec<Pattern>, Problem> {
    fields.each(key, |node| pattern(&text(node, key)?, node.line))
}

fn pattern(text: &str, line: usize) -> Result<Pattern, Problem> {
    Pattern::parse(text)
        .map_err(|words| Problem::new(line, format!("{text:?} is no regular expression: {words}")))
}
