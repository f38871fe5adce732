//! Encoders: what comes out must decode to what went in.

use std::io::Read;

use crate::codec::{
    Codec, Encoder,
    joined::{Check, Joined},
};

/// Longest member that is tried: several blocks that may be dense, and little enough for the slow levels.
const MOST: usize = 200 << 10;

/// Compresses members made from `data`, whose first two bytes choose codec and level.
pub fn codec(data: &[u8]) {
    let Some(([kind, level], mut program)) = data.split_first_chunk() else { return };
    let codec = match kind % 3 {
        0 => Codec::Gzip(level % 13),
        1 => Codec::GzipJoined(1 + level % 9),
        _ => Codec::Zstd(1 + level % 22),
    };
    let mut members = Vec::new();
    while members.len() < 3 && !program.is_empty() {
        members.push(member(&mut program));
    }
    if members.is_empty() {
        return;
    }
    let mut used = Encoder::new(codec).expect("these compress");
    let mut blob = if codec.is_joined() { Joined::BEGIN.to_vec() } else { Vec::new() };
    let mut joined = Joined::default();
    for member in &members {
        let encoded = used.encode(member).expect("compressors take everything").to_vec();
        let fresh = Encoder::new(codec).expect("as before").encode(member).expect("as before").to_vec();
        assert!(fresh == encoded, "{codec:?} remembers");
        // Nothing grows by more than the frames and blocks around it.
        let most = member.len() + member.len() / 512 + 128;
        assert!(encoded.len() <= most, "{codec:?}: {} bytes become {}", member.len(), encoded.len());
        blob.extend_from_slice(&encoded);
        joined.add(&Check::of(member));
    }
    if codec.is_joined() {
        blob.extend_from_slice(&joined.end());
    }
    assert!(decode(codec, &blob) == members.concat(), "{codec:?} does not decode to what it was made of");
}

fn decode(codec: Codec, blob: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let result = match codec {
        Codec::None => unreachable!("these compress"),
        Codec::Gzip(_) => flate2::bufread::MultiGzDecoder::new(blob).read_to_end(&mut out),
        Codec::GzipJoined(_) => {
            let mut member = flate2::bufread::GzDecoder::new(blob);
            let result = member.read_to_end(&mut out);
            assert!(member.into_inner().is_empty(), "something follows the one member");
            result
        }
        Codec::Zstd(_) => zstd::stream::copy_decode(blob, &mut out).map(|()| 0),
    };
    result.expect("what was encoded can be decoded");
    out
}

/// A member as a short program says it, since nobody would find one of several blocks byte by byte: operations of
/// two bytes, up to one that ends it.
fn member(program: &mut &[u8]) -> Vec<u8> {
    let mut member = Vec::new();
    while let Some(([operation, count], rest)) = program.split_first_chunk() {
        *program = rest;
        let (count, left) = (usize::from(*count) + 1, MOST - member.len());
        match operation % 8 {
            // Literal.
            0 | 1 => {
                let taken = count.min(program.len()).min(left);
                member.extend_from_slice(&program[..taken]);
                *program = &program[taken..];
            }
            // One byte again and again.
            2 => member.resize(member.len() + (count * 64).min(left), *operation),
            // Noise, up to four blocks of it.
            3 | 4 => member.extend(noise(u64::from(*operation)).take((count * 1024).min(left))),
            // Letters.
            5 => {
                let letters = noise(u64::from(*operation)).map(|byte| b'a' + byte % 20);
                member.extend(letters.take((count * 256).min(left)));
            }
            // Something from before.
            6 => {
                let taken = (count * 32).min(member.len()).min(left);
                let start = (member.len() - taken) / (1 + usize::from(operation >> 3));
                member.extend_from_within(start..start + taken);
            }
            _ => return member,
        }
    }
    *program = &[];
    member
}

/// xorshift64*.
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::iter::repeat_with(move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_be_bytes()[0]
    })
}
