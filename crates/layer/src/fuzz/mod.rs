//! What fuzzers try, and what must hold of it. Compiled for tests and under cargo-fuzz only.
//!
//! `fuzz/` has a target for each function here. `fuzz/corpus` has inputs that reach what was reached in long runs; the tests
//! run them again.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a target tells")]

mod codec;
mod entries;
mod layer_json;
mod merge;

pub use codec::codec;
pub use entries::entries;
pub use layer_json::layer_json;
pub use merge::merge;

pub use crate::import::fuzz::{import, tar};

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// The corpus, from where cargo starts tests and from where Bazel does.
    const CORPUS: [&str; 2] = ["../../fuzz/corpus", "fuzz/corpus"];

    fn replay(target: &str, body: fn(&[u8])) {
        let corpus = CORPUS.iter().map(Path::new).find(|corpus| corpus.exists()).expect("fuzz/corpus");
        let mut inputs = 0;
        for input in fs::read_dir(corpus.join(target)).unwrap() {
            let path = input.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            // Which one it was is known by the output of a test that fails.
            #[allow(clippy::print_stdout, reason = "seen if the test fails")]
            {
                println!("{}", path.display());
            }
            body(&bytes);
            inputs += 1;
        }
        assert!(inputs > 10, "{target} has {inputs} inputs");
    }

    #[test]
    fn corpus_of_codec() {
        replay("codec", super::codec);
    }

    #[test]
    fn corpus_of_entries() {
        replay("entries", super::entries);
    }

    #[test]
    fn corpus_of_import() {
        replay("import", super::import);
    }

    #[test]
    fn corpus_of_layer_json() {
        replay("layer_json", super::layer_json);
    }

    #[test]
    fn corpus_of_merge() {
        replay("merge", super::merge);
    }

    #[test]
    fn corpus_of_tar() {
        replay("tar", super::tar);
    }
}
