//! File capabilities: the text of `cap_from_text(3)`, as setcap(8) takes it, to the value of `security.capability`.
//!
//! A text is clauses with blanks between them. A clause is names with commas between them (`all`, or nothing before `=`,
//! for every capability), then operators with flags: `+` raises them, `-` lowers them, and `=` lowers all before it raises. Flags
//! are `e` effective, `i` inheritable, `p` permitted. So are `cap_net_raw+ep` and `cap_chown,cap_kill=p cap_kill+i` written.
//!
//! The value is `struct vfs_cap_data` of linux/capability.h in revision 2: little-endian words `magic_etc`, then permitted and
//! inheritable bits, twice for the low and high 32 capabilities. Revision 3 adds the root of a user namespace, which
//! the build knows nothing of. `effective` is one bit for the whole file, in `magic_etc`.

/// Names of all capabilities, at their numbers in linux/capability.h (unchanged since Linux 5.9).
const NAMES: [&str; 41] = [
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
];
/// Every capability.
const ALL: u64 = (1 << NAMES.len()) - 1;
/// Revision of the value, and the flag that makes permitted capabilities effective at once.
const REVISION_2: u32 = 0x0200_0000;
const EFFECTIVE: u32 = 1;
/// Bits of `magic_etc` that are the revision.
const REVISION_MASK: u32 = 0xFF00_0000;
/// Length of the value of each revision.
const LENGTHS: [(u32, usize); 3] = [(0x0100_0000, 12), (REVISION_2, 20), (0x0300_0000, 24)];

/// Three sets of capabilities, a bit for each number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sets {
    effective: u64,
    inheritable: u64,
    permitted: u64,
}

impl Sets {
    fn of_flag(&mut self, flag: char) -> Option<&mut u64> {
        match flag {
            'e' => Some(&mut self.effective),
            'i' => Some(&mut self.inheritable),
            'p' => Some(&mut self.permitted),
            _ => None,
        }
    }
}

/// The value of `security.capability` for a text.
///
/// # Errors
/// [`CapabilityError`]
pub(crate) fn parse(text: &str) -> Result<[u8; 20], CapabilityError> {
    let malformed = |problem| CapabilityError::Malformed { text: text.to_owned(), problem };
    let mut sets = Sets::default();
    let mut clauses = text.split_ascii_whitespace().peekable();
    if clauses.peek().is_none() {
        return Err(malformed("it is empty"));
    }
    for clause in clauses {
        let operators = clause.find(['=', '+', '-']).ok_or_else(|| malformed(NO_OPERATOR))?;
        let (names, operators) = clause.split_at(operators);
        let bits = match names {
            "" if operators.starts_with('=') => ALL,
            "" => return Err(malformed("only = may stand without a name, for all capabilities")),
            names => names.split(',').try_fold(0, |bits, name| Ok(bits | bits_of(name)?))?,
        };
        let mut raise = true;
        for letter in operators.chars() {
            match letter {
                '=' => {
                    for flag in ['e', 'i', 'p'] {
                        *sets.of_flag(flag).expect("one of the three") &= !bits;
                    }
                    raise = true;
                }
                '+' | '-' => raise = letter == '+',
                flag => {
                    let set = sets.of_flag(flag).ok_or_else(|| malformed(BAD_FLAG))?;
                    if raise {
                        *set |= bits;
                    } else {
                        *set &= !bits;
                    }
                }
            }
        }
    }
    let Sets { effective, inheritable, permitted } = sets;
    if permitted | inheritable == 0 {
        return Err(malformed("it gives the file no capability: leave it out"));
    }
    if effective != 0 && effective != permitted | inheritable {
        return Err(malformed(
            "e is one bit for the whole file: it must be given to all capabilities of the file or to none",
        ));
    }
    let magic = REVISION_2 | if effective == 0 { 0 } else { EFFECTIVE };
    let half = |bits: u64, high: bool| {
        let bytes = bits.to_le_bytes();
        if high { [bytes[4], bytes[5], bytes[6], bytes[7]] } else { [bytes[0], bytes[1], bytes[2], bytes[3]] }
    };
    let words = [
        magic.to_le_bytes(),
        half(permitted, false),
        half(inheritable, false),
        half(permitted, true),
        half(inheritable, true),
    ];
    let mut value = [0; 20];
    value.copy_from_slice(words.as_flattened());
    Ok(value)
}

const NO_OPERATOR: &str = "a name needs an operator and flags after it, like cap_net_raw+ep";
const BAD_FLAG: &str = "after = + or - there are the flags e, i and p";

/// The bit of a capability, or those of `all`. Case does not matter.
fn bits_of(name: &str) -> Result<u64, CapabilityError> {
    if name.eq_ignore_ascii_case("all") {
        return Ok(ALL);
    }
    match NAMES.iter().position(|known| known.eq_ignore_ascii_case(name)) {
        Some(number) => Ok(1 << number),
        None => {
            let suggestion = nearest(&name.to_ascii_lowercase());
            Err(CapabilityError::Unknown { name: name.to_owned(), suggestion })
        }
    }
}

/// The capability that may have been meant: `net_raw` for `cap_net_raw`, the one that begins so, or else the one with the
/// fewest typing errors.
fn nearest(name: &str) -> Option<&'static str> {
    let begins = |known: &&&str| name.len() > "cap_".len() && known.starts_with(name);
    if let Some(longer) = NAMES.iter().find(begins) {
        return Some(longer);
    }
    let distance = |known: &str| {
        let bare = known.trim_start_matches("cap_");
        typing_errors(name, known).min(typing_errors(name, bare))
    };
    let nearest = NAMES.iter().copied().min_by_key(|known| distance(known))?;
    Some(nearest).filter(|nearest| distance(nearest) <= 3)
}

/// How many letters must be replaced, inserted or taken away to make one text of the other (Levenshtein).
fn typing_errors(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// Checks a value that was given as bytes.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(value: &[u8]) -> Result<(), &'static str> {
    let magic = value.first_chunk().copied().map_or(0, u32::from_le_bytes);
    if LENGTHS.contains(&(magic & REVISION_MASK, value.len())) {
        Ok(())
    } else {
        Err(
            "it is no struct vfs_cap_data of revision 1, 2 or 3 (linux/capability.h). Text is taken, too: cap_net_raw+ep",
        )
    }
}

/// A text that says no capabilities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapabilityError {
    /// The text is malformed, or says what no file can have.
    #[error("security.capability {text:?}: {problem}")]
    Malformed {
        /// The text.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A capability that does not exist.
    #[error(
        "security.capability: unknown capability {name:?}{}",
        suggestion.map_or_else(|| "; capabilities(7) lists them".to_owned(), |name| format!(": did you mean {name}?"))
    )]
    Unknown {
        /// What stands there.
        name: String,
        /// What may have been meant.
        suggestion: Option<&'static str>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value as words: `magic_etc`, permitted, inheritable.
    fn words(text: &str) -> (u32, u64, u64) {
        let value = parse(text).unwrap();
        check(&value).unwrap();
        let word = |at: usize| u32::from_le_bytes(value[4 * at..][..4].try_into().unwrap());
        let long = |at| u64::from(word(at + 2)) << 32 | u64::from(word(at));
        (word(0), long(1), long(2))
    }

    #[test]
    fn texts() {
        let (plain, effective) = (0x0200_0000, 0x0200_0001);
        let cases = [
            ("cap_net_bind_service+ep", effective, 1 << 10, 0),
            ("CAP_NET_BIND_SERVICE=pe", effective, 1 << 10, 0),
            ("cap_net_raw,cap_net_admin=ep", effective, 1 << 13 | 1 << 12, 0),
            ("cap_net_raw+p", plain, 1 << 13, 0),
            ("cap_chown=i", plain, 0, 1),
            ("cap_chown=p cap_kill+i", plain, 1, 1 << 5),
            ("cap_chown,cap_kill=p cap_kill-p+i", plain, 1, 1 << 5),
            ("cap_chown=eip cap_chown=p", plain, 1, 0),
            ("cap_checkpoint_restore,cap_mac_override=eip", effective, 1 << 40 | 1 << 32, 1 << 40 | 1 << 32),
            ("all=p", plain, ALL, 0),
            ("=ep", effective, ALL, 0),
            ("=p cap_chown-p", plain, ALL - 1, 0),
        ];
        for (text, magic, permitted, inheritable) in cases {
            assert_eq!(words(text), (magic, permitted, inheritable), "{text}");
        }
    }

    /// Values that setcap of libcap 2.66 wrote for the same texts.
    #[test]
    fn as_setcap_writes_them() {
        let cases = [
            ("cap_net_bind_service+ep", "0100000200040000000000000000000000000000"),
            ("cap_net_raw,cap_net_admin=ep", "0100000200300000000000000000000000000000"),
            ("cap_chown=p cap_kill,cap_bpf+i", "0000000201000000200000000000000080000000"),
            ("=ep", "01000002ffffffff00000000ff01000000000000"),
            ("all=p", "00000002ffffffff00000000ff01000000000000"),
            ("cap_chown=eip cap_chown=p", "0000000201000000000000000000000000000000"),
            ("CAP_NET_RAW+p", "0000000200200000000000000000000000000000"),
        ];
        for (text, value) in cases {
            let got: String = parse(text).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(got, value, "{text}");
        }
    }

    #[test]
    fn refused() {
        let cases = [
            ("", "it is empty"),
            ("  ", "it is empty"),
            ("cap_chown", "needs an operator"),
            ("+ep", "only = may stand without a name"),
            ("cap_chown+x", "the flags e, i and p"),
            ("cap_chown=", "no capability"),
            ("cap_chown=e", "no capability"),
            ("cap_chown=ep cap_kill=p", "one bit for the whole file"),
            ("cap_chown,=ep", "unknown capability \"\""),
            ("cap_chwon+ep", "did you mean cap_chown?"),
            ("net_raw+ep", "did you mean cap_net_raw?"),
            ("cap_net_bind+ep", "did you mean cap_net_bind_service?"),
            ("cap_sysadmin+ep", "did you mean cap_sys_admin?"),
            ("root+ep", "capabilities(7)"),
        ];
        for (text, part) in cases {
            let message = parse(text).unwrap_err().to_string();
            assert!(
                message.contains(part) && message.starts_with("security.capability"),
                "{text}: {message}"
            );
        }
    }

    #[test]
    fn values_as_bytes() {
        let value = |magic: u32, length: usize| [&magic.to_le_bytes()[..], &vec![0; length - 4]].concat();
        for (magic, length) in [(0x0100_0000, 12), (0x0200_0001, 20), (0x0300_0000, 24)] {
            assert!(check(&value(magic, length)).is_ok());
        }
        for bytes in [vec![], vec![2], value(0x0200_0000, 12), value(0x0400_0000, 20)] {
            assert!(check(&bytes).is_err(), "{bytes:?}");
        }
    }
}
