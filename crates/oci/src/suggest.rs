//! Near misses: which of the known words somebody may have meant.

/// The known word within two edits of `word` that is nearest to it; of equals the first.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .iter()
        .map(|candidate| (distance(&word, candidate), *candidate))
        // Two edits turn any two-letter word into any other: what is left has to resemble it.
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.len().div_ceil(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions() {
        let known = ["amd64", "arm64", "arm", "386", "linux", "windows"];
        let cases = [
            ("amd46", Some("amd64")),
            ("arm65", Some("arm64")),
            ("Linux", Some("linux")),
            ("window", Some("windows")),
            ("z", None),
            ("sparc", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, &known), expected, "{word}");
        }
    }
}
