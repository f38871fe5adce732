//! Outcomes as `JUnit`'s XML, which CI systems show test by test.

use std::fmt::Write as _;
use std::time::Duration;

use crate::{Outcome, Verdict};

/// The XML of a run of the target `label`.
#[must_use]
pub fn xml(label: &str, outcomes: &[Outcome]) -> String {
    let count = |is: fn(&Verdict) -> bool| outcomes.iter().filter(|outcome| is(&outcome.verdict)).count();
    let failures = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    let time: Duration = outcomes.iter().map(|outcome| outcome.time).sum();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" skipped=\"{skipped}\" time=\"{:.3}\"",
        outcomes.len(),
        time.as_secs_f64()
    );
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<testsuites {counts}>\n  <testsuite name=\"{}\" {counts}>", escaped(label));
    for outcome in outcomes {
        let _ = write!(
            out,
            "    <testcase name=\"{}\" classname=\"{}\" file=\"{1}\" line=\"{}\" time=\"{:.3}\"",
            escaped(&outcome.name),
            escaped(&outcome.file),
            outcome.line,
            outcome.time.as_secs_f64()
        );
        match &outcome.verdict {
            Verdict::Passed => out.push_str("/>\n"),
            Verdict::Failed(problems) => {
                let problems = problems.join("\n");
                let first = problems.lines().next().unwrap_or_default();
                let _ = writeln!(
                    out,
                    ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                    escaped(first),
                    escaped(&problems)
                );
            }
            Verdict::Skipped(why) => {
                let _ = writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(why));
            }
        }
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// A text as XML 1.0 may hold it, in an attribute or between tags.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // In an attribute these would be blanks.
            '\n' | '\t' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            // No XML may hold these, not even by number.
            '\0'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict() {
        let outcome = |name: &str, verdict, time| Outcome {
            name: name.to_owned(),
            file: "app/checks.yaml".to_owned(),
            line: 3,
            verdict,
            time: Duration::from_millis(time),
        };
        let outcomes = [
            outcome("one", Verdict::Passed, 0),
            outcome("<\"two\">", Verdict::Failed(vec!["a & b:\n  | \u{1b}[0m".into(), "c".into()]), 1500),
            outcome("three", Verdict::Skipped("no & runtime".into()), 0),
        ];
        assert_eq!(
            xml("//app:image_test", &outcomes),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites tests=\"3\" failures=\"1\" skipped=\"1\" time=\"1.500\">\n  \
             <testsuite name=\"//app:image_test\" tests=\"3\" failures=\"1\" skipped=\"1\" time=\"1.500\">\n    \
             <testcase name=\"one\" classname=\"app/checks.yaml\" file=\"app/checks.yaml\" line=\"3\" time=\"0.000\"/>\n    \
             <testcase name=\"&lt;&quot;two&quot;&gt;\" classname=\"app/checks.yaml\" file=\"app/checks.yaml\" line=\"3\" time=\"1.500\">\n      \
             <failure message=\"a &amp; b:\">a &amp; b:&#10;  | \u{fffd}[0m&#10;c</failure>\n    </testcase>\n    \
             <testcase name=\"three\" classname=\"app/checks.yaml\" file=\"app/checks.yaml\" line=\"3\" time=\"0.000\">\n      \
             <skipped message=\"no &amp; runtime\"/>\n    </testcase>\n  </testsuite>\n</testsuites>\n"
        );
    }
}
