//! Where members end between entries. Format: docs/layer-format.md, 3.
//!
//! Invariant: the decision depends on the path, the entry's length and the length of the member so far alone, in
//! integers, so that every machine takes the same one.

use sha2::{Digest as _, Sha256};

use crate::format::Cuts;

/// Whether the member, `member` bytes long and not empty, ends before the entry at `path` with `length` tar bytes.
pub(crate) fn ends_before(cuts: Cuts, member: usize, path: &[u8], length: usize) -> bool {
    member + length > cuts.max || (member >= cuts.min && path_hash(path, cuts.distance) < length as u64)
}

/// The hash of a path, scaled to `0..distance`.
fn path_hash(path: &[u8], distance: u64) -> u64 {
    let digest = Sha256::digest(path);
    let first = digest.first_chunk().expect("a digest has 32 bytes");
    let scaled = (u128::from(u64::from_be_bytes(*first)) * u128::from(distance)) >> 64;
    u64::try_from(scaled).expect("below distance")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_hash_is_pinned() {
        // Dividing by a power of two is a shift, so the scaling is seen done in another way.
        let first = u64::from_str_radix(&oci::digest::Digest::of(b"usr/bin/env").hex()[..16], 16).unwrap();
        assert_eq!(path_hash(b"usr/bin/env", 1 << 19), first >> 45);
        assert_eq!(path_hash(b"usr/bin/env", u64::MAX), first - 1);
    }

    #[test]
    fn min_and_max_hold() {
        let cuts = Cuts::GZIP;
        assert!(!ends_before(cuts, cuts.min - 1, b"x", cuts.min), "below min nothing but max cuts");
        assert!(ends_before(cuts, cuts.max, b"x", 1), "over max");
        assert!(ends_before(cuts, cuts.min, b"x", usize::try_from(cuts.distance).unwrap()), "certain");
        assert!(!ends_before(cuts, cuts.max - 512, b"usr/bin/env", 0), "exactly max is allowed");
    }

    #[test]
    fn cuts_come_at_the_expected_distance() {
        let entries = 200_000_u64;
        for length in [1024, 8192, 65_536] {
            let hits = (0..entries)
                .filter(|i| path_hash(format!("dir/f{i}").as_bytes(), Cuts::GZIP.distance) < length)
                .count() as u64;
            let expected = entries * length / Cuts::GZIP.distance;
            assert!(hits.abs_diff(expected) < expected / 10 + 20, "{length}: {hits} for {expected}");
        }
    }

    /// An entry for the simulation: path, length, and a number that changes with its content.
    type Simulated = (String, usize, u32);

    /// The members that entries fall into, as [`crate::stream`] cuts them.
    fn members(entries: &[Simulated]) -> Vec<Vec<Simulated>> {
        let mut members = vec![vec![]];
        let mut length = 0;
        for entry in entries {
            if length > 0 && ends_before(Cuts::GZIP, length, entry.0.as_bytes(), entry.1) {
                members.push(vec![]);
                length = 0;
            }
            length += entry.1;
            members.last_mut().expect("never empty").push(entry.clone());
        }
        members
    }

    /// An edit in one file among thousands. One that keeps the size changes one member, always. Others change the
    /// member that holds the file and may move its end; then the next one begins elsewhere, and the cut after it is
    /// the same as before.
    #[test]
    fn edits_are_local() {
        let mut random = crate::dense::tests::noise(1 << 20, 1).into_iter();
        let mut below = |limit: usize| {
            let bytes = [0; 4].map(|_: u8| random.next().unwrap());
            u32::from_be_bytes(bytes) as usize % limit
        };
        let entries: Vec<Simulated> =
            (0..6_000).map(|i| (format!("d{:03}/f{i:05}", i / 25), 512 + 512 * below(17), 0)).collect();
        let before: std::collections::BTreeSet<_> = members(&entries).into_iter().collect();
        assert!((20..40).contains(&before.len()), "{} members of about 1 MiB", before.len());
        let mut most = [0; 4];
        for _ in 0..40 {
            let at = below(entries.len());
            for (kind, most) in most.iter_mut().enumerate() {
                let mut edited = entries.clone();
                match kind {
                    0 => edited[at].2 = 1,
                    1 => edited[at].1 = 512 + 512 * below(17),
                    2 => edited.insert(at + 1, (format!("{}.new", edited[at].0), 4096, 0)),
                    _ => drop(edited.remove(at)),
                }
                let changed = members(&edited).iter().filter(|member| !before.contains(*member)).count();
                *most = changed.max(*most);
            }
        }
        assert_eq!(most[0], 1, "an edit that keeps the size");
        assert!(most[1..].iter().all(|most| *most <= 2), "resize, insert, delete: {most:?}");
    }
}
