//! When to ask again: bounded in number and in time, exponential with jitter, and as long as the registry wants.
//!
//! Only requests that may be repeated come here: reads, writes of content under its own digest, and uploads, which
//! start again from the beginning.

use std::time::Duration;

use crate::error::{Error, Problem, Refusal};

/// Bounds of asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How often one thing is tried at most. Default 5.
    pub attempts: u32,
    /// The first wait, before jitter; it doubles. Default 250 ms.
    pub first: Duration,
    /// The longest single wait. Default 15 s. A registry that wants longer gets its way by our giving up.
    pub longest: Duration,
    /// The longest time that may be spent waiting for one thing. Default 60 s.
    pub total: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first: Duration::from_millis(250),
            longest: Duration::from_secs(15),
            total: Duration::from_secs(60),
        }
    }
}

impl Policy {
    /// How long to wait after the `attempt`th failure (from 1), `waited` having been spent so far; none if that is
    /// the end of it. `reached`: the host has answered before, so a refused connection is a passing one.
    /// `jitter` is from 0 to 1.
    #[must_use]
    pub fn wait(
        &self,
        error: &Error,
        attempt: u32,
        waited: Duration,
        reached: bool,
        jitter: f64,
    ) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let backoff = self.first.saturating_mul(1 << (attempt - 1).min(16)).min(self.longest);
        // Between half and the whole of it, so that many pushes that failed together don't come back together.
        let backoff = backoff.mul_f64(0.5 + jitter / 2.0);
        let wait = match error {
            Error::Answer(answer) => match Refusal::of(answer.status) {
                Refusal::TooManyRequests | Refusal::Server => answer.retry_after.unwrap_or(backoff),
                _ if answer.status == 408 => backoff,
                _ => return None,
            },
            Error::Connection { problem, .. } => match problem {
                Problem::Cut | Problem::Silent => backoff,
                Problem::Refused | Problem::NoRoute if reached => backoff,
                _ => return None,
            },
            _ => return None,
        };
        (wait <= self.longest && waited + wait <= self.total).then_some(wait)
    }

    /// Starts counting for one thing.
    #[must_use]
    pub fn start(&self) -> Attempts {
        Attempts { policy: *self, failed: 0, waited: Duration::ZERO }
    }
}

/// The tries of one thing.
#[derive(Debug)]
pub struct Attempts {
    policy: Policy,
    failed: u32,
    waited: Duration,
}

impl Attempts {
    /// After a failure: how long to wait before the next try.
    ///
    /// # Errors
    /// `error` itself, with the number of tries in it, if there is to be no other.
    pub fn next(&mut self, mut error: Error, reached: bool) -> Result<(Duration, Error), Error> {
        self.failed += 1;
        if let Some(wait) = self.policy.wait(&error, self.failed, self.waited, reached, jitter()) {
            self.waited += wait;
            return Ok((wait, error));
        }
        if let Error::Answer(answer) = &mut error {
            answer.attempts = self.failed;
        }
        Err(error)
    }
}

/// A number from 0 to 1; without randomness, which no supported system lacks, just 0.
pub(crate) fn jitter() -> f64 {
    getrandom::u32().map_or(0.0, |n| f64::from(n) / f64::from(u32::MAX))
}

/// The time that a `Retry-After` header asks for: seconds, or a date (RFC 9110, 10.2.3), of which only the first is
/// used by registries; a date is taken as no wish.
#[must_use]
pub fn retry_after(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Answer, Asked, Used};

    fn answer(status: u16, retry_after: Option<u64>) -> Error {
        Error::Answer(Box::new(Answer {
            asked: Asked { method: "HEAD".into(), url: "u".into() },
            host: "h".into(),
            status,
            said: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
            used: Used::NotAsked,
            attempts: 1,
        }))
    }

    fn connection(problem: Problem) -> Error {
        let asked = Asked { method: "HEAD".into(), url: "u".into() };
        Error::Connection { asked, host: "h".into(), problem, source: None }
    }

    #[test]
    fn asks_again_only_where_it_may_help() {
        for (error, reached, again) in [
            (answer(401, None), true, false),
            (answer(403, None), true, false),
            (answer(404, None), true, false),
            (answer(400, Some(1)), true, false),
            (answer(408, None), true, true),
            (answer(429, None), true, true),
            (answer(500, None), true, true),
            (answer(503, Some(2)), true, true),
            (answer(503, Some(3600)), true, false),
            (connection(Problem::Refused), false, false),
            (connection(Problem::Refused), true, true),
            (connection(Problem::NoSuchHost), true, false),
            (connection(Problem::Tls), true, false),
            (connection(Problem::Cut), false, true),
            (connection(Problem::Silent), false, true),
        ] {
            let wait = Policy::default().wait(&error, 1, Duration::ZERO, reached, 0.5);
            assert_eq!(wait.is_some(), again, "{error}, reached {reached}");
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let policy = Policy::default();
        let mut waited = Duration::ZERO;
        let mut waits = Vec::new();
        for attempt in 1.. {
            let Some(wait) = policy.wait(&answer(500, None), attempt, waited, true, 1.0) else { break };
            waited += wait;
            waits.push(wait.as_millis());
        }
        assert_eq!(waits, [250, 500, 1000, 2000]);
        let asked = policy.wait(&answer(429, Some(7)), 1, Duration::ZERO, true, 0.0);
        assert_eq!(asked, Some(Duration::from_secs(7)));
        let too_long = policy.wait(&answer(429, Some(7)), 1, Duration::from_secs(58), true, 0.0);
        assert_eq!(too_long, None);
    }

    #[test]
    fn jitter_halves_at_most() {
        for jitter in [0.0, 0.3, 1.0] {
            let wait = Policy::default().wait(&answer(500, None), 2, Duration::ZERO, true, jitter);
            let wait = wait.unwrap().as_millis();
            assert!((250..=500).contains(&wait), "{wait}");
        }
    }
}
