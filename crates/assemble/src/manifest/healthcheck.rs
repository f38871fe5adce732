//! Health checks, which Docker's config has and OCI's leaves to it: durations there are nanoseconds.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Units of a duration and their length in nanoseconds, as Go writes them.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// The shortest duration that Docker takes, in nanoseconds.
const SHORTEST: u64 = 1_000_000;

/// A health check as an attribute. What is absent is Docker's default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Healthcheck {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", script]`.
    test: Vec<String>,
    interval: Option<String>,
    timeout: Option<String>,
    start_period: Option<String>,
    start_interval: Option<String>,
    /// How many failures make a container unhealthy.
    retries: Option<u32>,
}

impl Healthcheck {
    /// The object in the config.
    pub(super) fn to_config(&self) -> Result<Value> {
        let mut object = Map::new();
        match self.test.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["NONE"] | ["CMD", _, ..] | ["CMD-SHELL", _] => {}
            ["CMD-SHELL", ..] => bail!(
                "healthcheck: test has {} elements: after \"CMD-SHELL\" there is one, the whole script",
                self.test.len()
            ),
            _ => bail!(
                "healthcheck: test is {:?}: it must be [\"CMD\", program, arguments…], \
                 [\"CMD-SHELL\", script] or [\"NONE\"]",
                self.test
            ),
        }
        object.insert("Test".to_owned(), self.test.clone().into());
        let durations = [
            ("interval", "Interval", &self.interval),
            ("timeout", "Timeout", &self.timeout),
            ("start_period", "StartPeriod", &self.start_period),
            ("start_interval", "StartInterval", &self.start_interval),
        ];
        for (name, key, text) in durations {
            if let Some(text) = text {
                let nanoseconds = duration(text).with_context(|| format!("healthcheck: {name}"))?;
                object.insert(key.to_owned(), nanoseconds.into());
            }
        }
        if let Some(retries) = self.retries {
            object.insert("Retries".to_owned(), retries.into());
        }
        Ok(object.into())
    }
}

/// Parses a duration as Go does, `1m30s` or `1.5s`, to nanoseconds: zero, or at least a millisecond.
fn duration(text: &str) -> Result<u64> {
    let nanoseconds = parse(text).with_context(|| {
        format!("{text:?} is not a duration: write numbers with units, such as 30s, 1m30s or 500ms")
    })?;
    if nanoseconds != 0 && nanoseconds < SHORTEST {
        bail!("{text:?} is shorter than a millisecond, which is the least that Docker takes");
    }
    Ok(nanoseconds)
}

fn parse(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let number;
        (number, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let unit;
        (unit, rest) =
            rest.split_at(rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len()));
        let length = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        total = total.checked_add(scale(number, length)?)?;
    }
    // Go's durations, and so Docker's, are signed.
    (!text.is_empty() && i64::try_from(total).is_ok()).then_some(total)
}

/// A decimal number times `length`, in integers alone; what is less than a nanosecond is dropped.
fn scale(number: &str, length: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.checked_mul(length)? };
    // Fifteen digits say more than any unit has nanoseconds.
    let digits = &fraction[..fraction.len().min(15)];
    let value = if digits.is_empty() { 0 } else { digits.parse::<u128>().ok()? };
    let part = value * u128::from(length) / 10_u128.pow(u32::try_from(digits.len()).ok()?);
    whole.checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations() {
        let cases = [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("30s", Some(30_000_000_000)),
            ("1m30s", Some(90_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            (".5h", Some(1_800_000_000_000)),
            ("2h45m", Some(9_900_000_000_000)),
            ("500ms", Some(500_000_000)),
            ("1000us", Some(1_000_000)),
            ("1000µs", Some(1_000_000)),
            ("0.0333333333333333333m", Some(1_999_999_999)),
            ("999us", None),
            ("", None),
            ("30", None),
            ("s", None),
            ("-1s", None),
            ("1.2.3s", None),
            (".s", None),
            ("1 s", None),
            ("1d", None),
            ("9999999999999999999h", None),
            ("2562048h", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn configs() {
        let parse = |value| serde_json::from_value::<Healthcheck>(value).unwrap().to_config();
        let full = json!({"test": ["CMD", "/check"], "interval": "30s", "timeout": "1s", "start_period": "0s",
                          "start_interval": "1s", "retries": 3});
        let expected = json!({"Test": ["CMD", "/check"], "Interval": 30_000_000_000_u64, "Timeout": 1_000_000_000,
                              "StartPeriod": 0, "StartInterval": 1_000_000_000, "Retries": 3});
        assert_eq!(parse(full).unwrap(), expected);
        assert_eq!(parse(json!({"test": ["NONE"]})).unwrap(), json!({"Test": ["NONE"]}));
        let cases = [
            (json!({"test": ["/check"]}), "must be [\"CMD\", program"),
            (json!({"test": []}), "must be"),
            (json!({"test": ["CMD"]}), "must be"),
            (json!({"test": ["CMD-SHELL", "a", "b"]}), "has 3 elements"),
            (json!({"test": ["NONE"], "timeout": "5"}), "healthcheck: timeout: \"5\" is not a duration"),
        ];
        for (value, expected) in cases {
            let error = format!("{:#}", parse(value).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }
}
