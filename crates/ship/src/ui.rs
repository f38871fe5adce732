//! What people see: a progress bar on a terminal, plain lines anywhere else, never a colour. All of it goes to
//! standard error; results, and nothing else, go to standard output. Of several things at once, each has a [`Ui::member`]:
//! lines say whose they are, the progress is that of all together, and results wait until all is done.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use registry::event::{Arrival, Event, Listed, Listener};
use registry::referrers::tag;

/// Where messages go.
#[derive(Clone, Debug)]
pub struct Ui {
    verbose: bool,
    /// Hidden until there is progress to show; on anything but a terminal always.
    bar: ProgressBar,
    terminal: bool,
    member: Option<Member>,
}

/// One of several.
#[derive(Clone, Debug)]
struct Member {
    label: Arc<str>,
    results: Arc<Mutex<Vec<String>>>,
}

impl Ui {
    /// Standard error, as it is. With `verbose`, [`Ui::detail`] is shown too.
    #[must_use]
    pub fn new(verbose: bool) -> Self {
        let bar = ProgressBar::hidden();
        bar.set_length(0);
        Self { verbose, bar, terminal: io::stderr().is_terminal(), member: None }
    }

    /// That of `label`, one of several that share this one. Whoever shares it out ends it.
    #[must_use]
    pub fn member(&self, label: &str) -> Self {
        let member = Member { label: label.into(), results: Arc::default() };
        Self { member: Some(member), ..self.clone() }
    }

    /// The results of a member so far, which nobody has seen yet.
    #[must_use]
    pub fn results(&self) -> Vec<String> {
        let Some(member) = &self.member else { return Vec::new() };
        std::mem::take(&mut *member.results.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A line for everybody.
    pub fn say(&self, line: impl Display) {
        // Standard error that is closed is nobody's reader: there is nowhere to report that.
        self.bar.suspend(|| {
            let _ = match &self.member {
                Some(member) => writeln!(io::stderr(), "{}: {line}", member.label),
                None => writeln!(io::stderr(), "{line}"),
            };
        });
    }

    /// A line for those who said `-v`.
    pub fn detail(&self, line: impl Display) {
        if self.verbose {
            self.say(line);
        }
    }

    /// A result, on standard output; that of a member is kept for [`Ui::results`].
    ///
    /// # Errors
    /// If nobody can read it: then the command has failed.
    pub fn result(&self, line: impl Display) -> io::Result<()> {
        if let Some(member) = &self.member {
            member.results.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_string());
            return Ok(());
        }
        self.bar.suspend(|| {
            let mut out = io::stdout().lock();
            writeln!(out, "{line}")?;
            out.flush()
        })
    }

    /// Shows the progress of `total` bytes, on top of those that are under way; a bar on a terminal, nothing elsewhere.
    pub fn begin(&self, total: u64) {
        self.bar.inc_length(total);
        if self.terminal {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.set_style(
                ProgressStyle::with_template(
                    "{wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}",
                )
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
            );
        }
    }

    /// Moves the progress by `bytes`.
    pub fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Ends the progress and takes its bar away. For a member nothing: others may be under way.
    pub fn end(&self) {
        if self.member.is_some() {
            return;
        }
        self.bar.finish_and_clear();
        self.bar.set_draw_target(ProgressDrawTarget::hidden());
        self.bar.reset();
        self.bar.set_length(0);
    }

    /// Shows what a push does.
    #[must_use]
    pub fn listener(&self) -> Listener {
        let ui = self.clone();
        Arc::new(move |event| ui.show(event))
    }

    fn show(&self, event: &Event<'_>) {
        match event {
            Event::Planned { bytes, .. } => self.begin(*bytes),
            Event::Moved { bytes } => self.advance(*bytes),
            Event::Lost { bytes } => self.bar.dec(*bytes),
            Event::Blob { name, size, how, .. } => {
                if !matches!(how, Arrival::Sent) {
                    self.advance(*size);
                }
                let what = match how {
                    Arrival::Sent => "sent",
                    Arrival::Mounted => "mounted",
                    Arrival::Existed => "already there",
                    Arrival::WouldSend => "would send",
                    Arrival::Foreign => "not pushed",
                };
                let line = format!("{what}: {name}, {}", bytes(*size));
                // On a terminal the bar tells; a log wants to know what took the time.
                if matches!(how, Arrival::WouldSend) || !self.terminal && !matches!(how, Arrival::Existed) {
                    self.say(line);
                } else {
                    self.detail(line);
                }
            }
            Event::Attached { name, subject, how } => match how {
                Listed::Would => self.say(format!("would attach: {name}, to {subject}")),
                Listed::ByRegistry => self.say(format!("attached: {name}, to {subject}")),
                Listed::ByTag => {
                    self.say(format!("attached: {name}, to {subject}, under the tag {}", tag(subject)));
                }
            },
            Event::NotMounted { name, from, to } => {
                self.detail(format!(
                    "sent to {to} too, since the registry did not mount it from {from}: {name}"
                ));
            }
            Event::Manifest { digest } => self.detail(format!("manifest: {digest}")),
            Event::Tagged { tag } => self.detail(format!("tagged: {tag}")),
            Event::Retry { error, wait } => {
                self.say(format!("{error}\ntrying again in {}", seconds(*wait)));
            }
            Event::Credential { registry, used } => self.detail(format!("{registry}: {used}")),
        }
    }
}

/// A number of bytes for people: `0 B`, `12.3 MB`. Decimal, as registries and disks count.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let (mut tenths, mut unit) = (count / 100, 0);
    // From 999.95 on it would read "1000.0".
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A number of things for people: `1 blob`, `2 blobs`.
#[must_use]
pub fn count(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// A time for people: `0.4 s`.
#[must_use]
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_a_member_wait() {
        let ui = Ui::new(false);
        let (one, two) = (ui.member("//app:one"), ui.member("//app:two"));
        one.result("a").unwrap();
        let again = one.clone();
        again.result("b").unwrap();
        assert_eq!((one.results(), two.results()), (vec!["a".to_owned(), "b".to_owned()], vec![]));
        assert!(one.results().is_empty() && ui.results().is_empty());
    }

    #[test]
    fn the_progress_is_that_of_all_members() {
        let ui = Ui::new(false);
        let (one, two) = (ui.member("//app:one"), ui.member("//app:two"));
        one.begin(10);
        two.begin(20);
        two.advance(5);
        one.end();
        assert_eq!((ui.bar.length(), ui.bar.position()), (Some(30), 5));
        ui.end();
        assert_eq!((ui.bar.length(), ui.bar.position()), (Some(0), 0));
    }

    #[test]
    fn bytes_for_people() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (12_345, "12.3 kB"),
            (999_949, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (302_000_000, "302.0 MB"),
            (1_073_741_824, "1.0 GB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }
}
