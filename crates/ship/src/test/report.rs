//! Outcomes for people: a line for each test, what is wrong below it, and how many there are of each kind.

use structure::{Outcome, Verdict};

/// The lines, in the order of the outcomes.
pub(super) fn lines(label: &str, outcomes: &[Outcome]) -> Vec<String> {
    let mut lines = Vec::new();
    let [mut passed, mut failed, mut skipped] = [0_usize; 3];
    for Outcome { name, file, line, verdict, .. } in outcomes {
        match verdict {
            Verdict::Passed => {
                passed += 1;
                lines.push(format!("PASS  {name}"));
            }
            Verdict::Failed(problems) => {
                failed += 1;
                lines.push(format!("FAIL  {name} ({file}:{line})"));
                for problem in problems.iter().flat_map(|problem| problem.lines()) {
                    lines.push(format!("      {problem}"));
                }
            }
            Verdict::Skipped(why) => {
                skipped += 1;
                lines.push(format!("SKIP  {name}: {why}"));
            }
        }
    }
    if !outcomes.is_empty() {
        let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
        lines.push(format!("{label}: {passed} passed, {failed} failed{skipped}"));
    }
    lines
}
