//! `licenseTests`: files that must not hold the names of two licences, which container-structure-test has fixed.

use layer::{listed::Kind, overlay::Tree};

use crate::{Image, config::Licenses, resolve::resolve};

/// What must not be in a file, in capitals.
const REFUSED: [&str; 2] = ["AGPL", "WTFPL"];
/// Where packages of Debian keep their documents.
const DOCUMENTS: &str = "usr/share/doc";
/// A package whose file names one of them and is not under it.
const EXCEPT: &[u8] = b"libgnutls30";

/// The files that the test looks at.
pub(crate) fn files(tree: &Tree, test: &Licenses) -> Vec<String> {
    let folder = test.debian.then(|| resolve(tree, DOCUMENTS, true).ok()).flatten();
    let packages = folder.iter().flat_map(|folder| {
        let is_directory = |name: &[u8]| {
            let path = [&folder.path, &b"/"[..], name].concat();
            tree.get(&path).is_some_and(|listed| listed.kind == Kind::Directory)
        };
        let names: Vec<&[u8]> = tree.names(&folder.path).filter(|name| *name != EXCEPT).collect();
        names.into_iter().filter(move |name| is_directory(name))
    });
    let copyright = |name: &[u8]| format!("/{DOCUMENTS}/{}/copyright", String::from_utf8_lossy(name));
    packages.map(copyright).chain(test.files.iter().cloned()).collect()
}

/// What is not as the test says.
pub(crate) fn problems(test: &Licenses, image: &Image) -> Vec<String> {
    let files = files(&image.tree, test);
    if files.is_empty() {
        return vec![format!("there should be packages in /{DOCUMENTS}, and there are none")];
    }
    let problem = |path: &String| match image.content(path) {
        Ok(content) => {
            let text = String::from_utf8_lossy(content).to_uppercase();
            let found = REFUSED.into_iter().find(|word| text.contains(word))?;
            Some(format!("{path} should name no licence that is refused, and names {found}"))
        }
        Err(problem) => Some(format!("{path} should be a file, and cannot be read: {problem}")),
    };
    files.iter().filter_map(problem).collect()
}
