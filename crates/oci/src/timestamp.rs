//! Times as text: RFC 3339, as image configs hold them.
//!
//! Nothing here reads a clock; a time is checked and then passed on in the words in which it was given.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// 1970-01-01, the time of everything that declares none.
pub const EPOCH: &str = "1970-01-01T00:00:00Z";

/// Checks that `text` is a time that every runtime reads.
///
/// # Errors
/// [`InvalidTime`]
pub fn check(text: &str) -> Result<(), InvalidTime> {
    let invalid = |reason: String| InvalidTime { text: text.to_owned(), reason };
    OffsetDateTime::parse(text, &Rfc3339).map_err(|error| invalid(error.to_string()))?;
    // RFC 3339 allows what Go's parser, and so every runtime, refuses.
    if text.contains(['t', 'z', ' ']) {
        return Err(invalid("T and Z must be upper case".to_owned()));
    }
    if text.get(17..19) == Some("60") {
        return Err(invalid("runtimes read no leap seconds".to_owned()));
    }
    Ok(())
}

/// The time so many seconds after [`EPOCH`]; `None` outside the years 0 to 9999, which RFC 3339 can write.
#[must_use]
pub fn from_unix(seconds: i64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    (0..=9999).contains(&year).then_some(text)
}

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time as RFC 3339 writes it ({reason}): write it like {EPOCH}")]
pub struct InvalidTime {
    /// What was parsed.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_seconds() {
        let cases = [
            (0, Some(EPOCH)),
            (1_700_000_000, Some("2023-11-14T22:13:20Z")),
            (-1, Some("1969-12-31T23:59:59Z")),
            (253_402_300_799, Some("9999-12-31T23:59:59Z")),
            (253_402_300_800, None),
            (i64::MIN, None),
        ];
        for (seconds, expected) in cases {
            let text = from_unix(seconds);
            assert_eq!(text.as_deref(), expected, "{seconds}");
            assert!(text.is_none_or(|text| check(&text).is_ok()), "{seconds}");
        }
    }

    #[test]
    fn times() {
        let good =
            [EPOCH, "2024-02-29T23:59:59.123456789Z", "2024-01-01T00:00:00+05:30", "0001-01-01T00:00:00Z"];
        for text in good {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        let bad = [
            "",
            "1700000000",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2023-02-29T00:00:00Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01t00:00:00z",
            "2024-01-01T00:00:00Z\n",
            "2016-12-31T23:59:60Z",
            "{BUILD_TIMESTAMP}",
        ];
        for text in bad {
            let error = check(text).unwrap_err().to_string();
            assert!(error.contains("write it like 1970-01-01T00:00:00Z"), "{error}");
        }
    }
}
