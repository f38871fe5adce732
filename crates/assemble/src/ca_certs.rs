//! `assemble ca-certs`: one bundle of the authorities that TLS clients of an image trust.
//!
//! The bundle is a set: which certificates are in the sources decides its bytes, and not in which file, in what order or how
//! often. Every source must hold some, so that a wrong file doesn't go unseen, and nothing that is not for everybody's eyes may
//! be in one: a private key is an error that says where it stands.

mod certificate;
mod pem;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    debs::{data::Kind, package::Package},
    files,
};

/// Where Debian's package has certificates, of which its maintainer script makes the bundle.
const IN_PACKAGES: &[u8] = b"usr/share/ca-certificates/";

/// Arguments of `assemble ca-certs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Label of the bundle, for messages.
    #[arg(long, value_name = "LABEL")]
    label: String,
    /// A file with certificates in PEM, a directory of such files, or a Debian package that has some.
    #[arg(long = "source", value_name = "PATH", required = true)]
    sources: Vec<PathBuf>,
    /// Where to write the bundle.
    #[arg(long, value_name = "OUT")]
    output: PathBuf,
}

/// Writes the bundle.
///
/// # Errors
/// If a source can't be read, holds no certificate, or something that is none; beginning with the label.
pub fn run(args: &Args) -> Result<()> {
    let bundle = build(&args.sources).with_context(|| args.label.clone())?;
    files::write_all([(args.output.as_path(), bundle.into_bytes())])
}

fn build(sources: &[PathBuf]) -> Result<String> {
    let mut certificates = BTreeSet::new();
    sources.iter().try_for_each(|source| add_source(source, &mut certificates))?;
    Ok(certificates.iter().map(|der| pem::encode(der)).collect())
}

fn add_source(path: &Path, certificates: &mut BTreeSet<Vec<u8>>) -> Result<()> {
    let cannot_read = || format!("cannot read {}", path.display());
    if fs::metadata(path).with_context(cannot_read)?.is_dir() {
        let mut inside = Vec::new();
        for entry in fs::read_dir(path).with_context(cannot_read)? {
            inside.push(entry.with_context(cannot_read)?.path());
        }
        // The order decides nothing but which error comes first.
        inside.sort();
        return inside.iter().try_for_each(|path| add_source(path, certificates));
    }
    let name = path.display().to_string();
    let bytes = files::read(path)?;
    if Package::is_one(&bytes) {
        return add_package(path, certificates).with_context(|| name);
    }
    add_file(&name, &bytes, certificates)
}

/// Adds what is in a package: files below [`IN_PACKAGES`].
fn add_package(path: &Path, certificates: &mut BTreeSet<Vec<u8>>) -> Result<()> {
    let mut found = 0;
    Package::open(path)?.data.each(&mut |entry| {
        if entry.kind == Kind::File && entry.path.as_bytes().starts_with(IN_PACKAGES) {
            let name = format!("{}: {}", path.display(), entry.path);
            add_file(&name, &entry.content.read_small()?, certificates)?;
            found += 1;
        }
        Ok(())
    })?;
    ensure!(
        found > 0,
        "the package has no certificates in /usr/share/ca-certificates: name Debian's ca-certificates, or files in PEM"
    );
    Ok(())
}

fn add_file(name: &str, bytes: &[u8], certificates: &mut BTreeSet<Vec<u8>>) -> Result<()> {
    let blocks = pem::blocks(bytes).map_err(|problem| problem.in_file(name))?;
    ensure!(
        !blocks.is_empty(),
        "{name} holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----{}",
        if bytes.first() == Some(&0x30) {
            ". It looks like DER: convert it by `openssl x509 -inform DER -in FILE -out FILE.pem`"
        } else {
            ": take it out of srcs"
        }
    );
    for block in blocks {
        certificate::check(&block.der).map_err(|problem| {
            anyhow::anyhow!(
                "{name}:{}: no certificate is in this block: {problem}. Get the file again",
                block.line
            )
        })?;
        certificates.insert(block.der);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::debs::fixtures::{Deb, gzip};

    /// What has the structure of a certificate, and `content` in it.
    fn certificate(content: u8) -> String {
        pem::encode(&[0x30, 9, 0x30, 3, 0x02, 1, content, 0x30, 0, 0x03, 0])
    }

    fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        dir
    }

    fn bundle(dir: &TempDir, sources: &[&str]) -> Result<String, String> {
        let args = Args {
            label: "//:certs".to_owned(),
            sources: sources.iter().map(|name| dir.path().join(name)).collect(),
            output: dir.path().join("out.crt"),
        };
        let result = run(&args).map_err(|error| format!("{error:#}"));
        assert_eq!(args.output.exists(), result.is_ok(), "whole or not there");
        result.map(|()| fs::read_to_string(&args.output).unwrap())
    }

    #[test]
    fn a_set() {
        let [a, b, c] = [1, 2, 3].map(certificate);
        let deb = Deb::new("ca-certificates", "all")
            .file("./usr/share/ca-certificates/mozilla/C.crt", &c)
            .file("./usr/share/doc/ca-certificates/README", "no certificate");
        let dir = folder(&[
            ("a.pem", format!("# A\r\n{}", a.replace('\n', "\r\n")).into_bytes()),
            ("both.pem", format!("{b}\n{a}{b}").into_bytes()),
            ("tree/x.crt", c.clone().into_bytes()),
            ("tree/deeper/y.crt", b.clone().into_bytes()),
            ("ca.deb", deb.with(".gz", gzip)),
        ]);
        let all = format!("{a}{b}{c}");
        for (sources, expected) in [
            (&["a.pem"][..], a.clone()),
            (&["both.pem"], format!("{a}{b}")),
            (&["a.pem", "tree"], all.clone()),
            (&["tree", "both.pem", "a.pem"], all.clone()),
            (&["ca.deb", "both.pem"], all),
            (&["ca.deb"], c),
        ] {
            assert_eq!(bundle(&dir, sources).unwrap(), expected, "{sources:?}");
        }
    }

    #[test]
    fn refused() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\n";
        let short = pem::encode(&[0x30, 9, 0x30]);
        let dir = folder(&[
            ("key.pem", format!("{}{key}", certificate(1)).into_bytes()),
            ("text", b"hello".to_vec()),
            ("x.der", vec![0x30, 0x82, 1, 2]),
            ("short.pem", format!("\n{short}").into_bytes()),
            ("tree/good.crt", certificate(1).into_bytes()),
            ("tree/README", b"hello".to_vec()),
            ("other.deb", Deb::new("other", "all").file("usr/bin/x", "").plain()),
            (
                "key.deb",
                Deb::new("key", "all").file("usr/share/ca-certificates/x.crt", &format!("\n{key}")).plain(),
            ),
        ]);
        for (source, says) in [
            ("key.pem", "key.pem:4: a private key (RSA PRIVATE KEY) stands here"),
            ("key.deb", "x.crt:2: a private key"),
            ("text", "text holds no certificate in PEM"),
            ("x.der", "openssl x509 -inform DER"),
            ("short.pem", "short.pem:2: no certificate is in this block: it is cut off"),
            ("tree", "README holds no certificate"),
            ("other.deb", "other.deb: the package has no certificates"),
            ("missing", "cannot read"),
        ] {
            let error = bundle(&dir, &[source]).unwrap_err();
            assert!(error.starts_with("//:certs: ") && error.contains(says), "{error}");
        }
    }
}
