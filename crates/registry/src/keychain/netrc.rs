//! The file `.netrc`: user and password by host, as Bazel's downloader, curl and git read it.
//!
//! Its entry `default`, which is for every host there is, is passed over: a registry has credentials of its own, and those
//! would never be found behind it.

use super::Credential;
use crate::secret::Secret;

/// User and password for one of `hosts`, names without port; none if the file has none, or only half of them.
pub(super) fn find(text: &str, hosts: &[&str]) -> Option<Credential> {
    let mut words = words(text).into_iter();
    let (mut ours, mut user, mut password) = (false, None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            // The first entry that is complete wins.
            "machine" | "default" if ours && user.is_some() && password.is_some() => break,
            "machine" => {
                let host = words.next().unwrap_or_default();
                (ours, user, password) = (hosts.contains(&host.as_str()), None, None);
            }
            "default" => (ours, user, password) = (false, None, None),
            "login" => user = words.next(),
            "password" => password = words.next(),
            "account" => drop(words.next()),
            _ => {}
        }
    }
    let basic = user.zip(password).filter(|_| ours);
    basic.map(|(user, password)| Credential::Basic { user, password: Secret::new(password) })
}

/// The words of a file: comments and macros left out, quotes taken off.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut rest = line.trim_start();
        while !rest.is_empty() && !rest.starts_with('#') {
            let (word, after) = take_word(rest);
            if word == "macdef" {
                // Up to an empty line it is the text of a macro.
                lines.by_ref().take_while(|line| !line.trim().is_empty()).for_each(drop);
                break;
            }
            words.push(word);
            rest = after.trim_start();
        }
    }
    words
}

/// The word at the front, quoted or not, and what follows it.
fn take_word(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let (mut word, mut escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (word, &quoted[at + 1..]),
            _ => {
                word.push(c);
                escaped = false;
            }
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn entries() {
        for (text, expected) in [
            ("machine r.example login u password p", Some(("u", "p"))),
            (
                "machine other login v password q\nmachine r.example\n\tlogin u\n\tpassword p\n",
                Some(("u", "p")),
            ),
            ("machine r.example password p account a login u", Some(("u", "p"))),
            ("machine r.example login u password p\nmachine r.example login v password q", Some(("u", "p"))),
            ("machine r.example login u\nmachine r.example login v password q", Some(("v", "q"))),
            (
                "# machine r.example login v password q\nmachine r.example login u # all\npassword p",
                Some(("u", "p")),
            ),
            (r#"machine r.example login "u v" password "p\" #x""#, Some(("u v", "p\" #x"))),
            (
                "macdef init\nmachine r.example login v password q\n\nmachine r.example login u password p",
                Some(("u", "p")),
            ),
            ("machine r.example login u", None),
            ("machine r.example.org login u password p", None),
            ("default login u password p", None),
            ("machine r.example login u password p default login v password q", Some(("u", "p"))),
            ("machine r.example login u default password p", None),
            ("machine", None),
            ("", None),
        ] {
            let expected = expected.map(|(user, password)| Credential::Basic {
                user: user.to_owned(),
                password: Secret::new(password),
            });
            assert_eq!(find(text, &["r.example"]), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_nor_hangs(text in "[a-z \"#\\\\\n]{0,80}") {
            let _ = find(&text, &["r.example"]);
        }
    }
}
