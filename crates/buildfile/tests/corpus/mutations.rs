//! Texts that are almost BUILD files.

use crate::files::BuildFile;

/// What decides over what a text means.
const PIECES: &[&str] = &[
    "(", ")", "[", "]", "{", "}", ",", ":", "=", "\n", " ", "\"", "'", "#", "\\", "\\\n", "+", "**", "*",
    ".", " if ", " else ", " for ", " in ", " not ", "lambda ", "1", "\r", "\t", "load", ";", "def f():",
    "if x:\n", "  ", "-", "->", "return ", "pass", "x", " is ", "\u{e4}",
];

/// `count` texts made of files of up to 20 KB by one to three changes, the same ones each time.
pub(crate) fn of(files: &[BuildFile], count: usize) -> Vec<Vec<u8>> {
    let small: Vec<_> = files.iter().filter(|file| (1..20_000).contains(&file.text.len())).collect();
    let mut random = Random(0x5712_A7A0);
    (0..count)
        .map(|_| {
            let mut text = small[random.below(small.len())].text.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(text.len() + 1);
                let end = (at + [0, 1, random.below(30)][random.below(3)]).min(text.len());
                let piece = if random.below(3) == 0 { "" } else { PIECES[random.below(PIECES.len())] };
                text.splice(at..end, piece.bytes());
            }
            text
        })
        .collect()
}

/// A generator of numbers: splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}
