//! Whether bytes are an X.509 certificate, as far as its outermost structure says (RFC 5280, 4.1; X.690, 8.1 and 10.1).
//!
//! That finds what is truncated, or is something else. What the certificate says, and until when, is for whoever trusts it.

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// Checks that `der` is a sequence of three: what is signed, the algorithm, and the signature.
///
/// # Errors
/// What is wrong, as the end of a sentence about the block.
pub(super) fn check(der: &[u8]) -> Result<(), &'static str> {
    let (certificate, rest) = value(der, SEQUENCE)?;
    if !rest.is_empty() {
        return Err("something follows its end");
    }
    let (_signed, rest) = value(certificate, SEQUENCE)?;
    let (_algorithm, rest) = value(rest, SEQUENCE)?;
    let (_signature, rest) = value(rest, BIT_STRING)?;
    if rest.is_empty() { Ok(()) } else { Err("something follows its signature") }
}

/// The content of the value at the beginning of `bytes`, and what follows it.
fn value(bytes: &[u8], tag: u8) -> Result<(&[u8], &[u8]), &'static str> {
    const SHORT: &str = "it is cut off";
    let [found, first, rest @ ..] = bytes else { return Err(SHORT) };
    if *found != tag {
        return Err("it is another structure than that of X.509");
    }
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or(SHORT)?;
            let value = length.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
            if length[0] == 0 || value < 0x80 {
                return Err("a length in it is not in the shortest form, as DER wants");
            }
            (usize::try_from(value).map_err(|_| SHORT)?, rest)
        }
        _ => return Err("a length in it is none that DER has"),
    };
    rest.split_at_checked(length).ok_or(SHORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures() {
        let long = [&[0x30, 0x81, 0x8c, 0x30, 0x81, 0x84][..], &[0; 0x84], &[0x30, 0, 0x03, 0]].concat();
        let longer =
            [&[0x30, 0x82, 0x01, 0x09, 0x30, 0x82, 0x01, 0x00][..], &[0; 256], &[0x30, 0, 0x03, 1, 0]]
                .concat();
        let not_shortest = [&[0x30, 0x81, 0x05][..], &[0; 5]].concat();
        let too_long = [0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0];
        let cases: [(&[u8], Result<(), &str>); 14] = [
            (&[0x30, 6, 0x30, 0, 0x30, 0, 0x03, 0], Ok(())),
            (&long[..], Err("cut off")),
            (&longer[..], Ok(())),
            (b"", Err("cut off")),
            (&[0x30], Err("cut off")),
            (&[0x30, 6, 0x30, 0, 0x30, 0, 0x03], Err("cut off")),
            (&[0x30, 4, 0x30, 0, 0x30, 0], Err("cut off")),
            (&[0x30, 6, 0x30, 0, 0x30, 0, 0x03, 0, 0], Err("follows its end")),
            (&[0x30, 8, 0x30, 0, 0x30, 0, 0x03, 0, 0x05, 0], Err("follows its signature")),
            (&[0x30, 6, 0x02, 0, 0x30, 0, 0x03, 0], Err("another structure")),
            (b"text", Err("another structure")),
            (&not_shortest, Err("shortest form")),
            (&too_long, Err("cut off")),
            (&[0x30, 0x80, 0, 0], Err("none that DER has")),
        ];
        for (der, expected) in cases {
            match (check(der), expected) {
                (Ok(()), Ok(())) => {}
                (Err(problem), Err(says)) => assert!(problem.contains(says), "{der:x?}: {problem}"),
                (found, _) => panic!("{der:x?}: {found:?}"),
            }
        }
    }
}
