//! Which failed checks are logged: a server that is down for days fills no log.

use std::time::{Duration, Instant};

use daemon::rate::RateLimit;

use crate::check::Failure;

/// How often a failure that repeats is logged.
const REPEATED: Duration = Duration::from_secs(600);

/// At most this many lines a minute tell of failures that change.
const CHANGED: u32 = 6;

/// What was logged of failures. Pure: the caller gives the time.
#[derive(Debug)]
pub(crate) struct Failures {
    last: Option<Failure>,
    repeated: RateLimit,
    changed: RateLimit,
}

impl Failures {
    pub(crate) fn new() -> Self {
        Self {
            last: None,
            repeated: RateLimit::new(1, REPEATED),
            changed: RateLimit::new(CHANGED, Duration::from_secs(60)),
        }
    }

    /// A check passed: the next failure is a change.
    pub(crate) fn passed(&mut self) {
        self.last = None;
    }

    /// Whether this failure is to be logged: `Some(n)` if so, `n` being how many were not.
    pub(crate) fn failed(&mut self, failure: Failure, now: Instant) -> Option<u64> {
        if self.last.replace(failure) == Some(failure) {
            return self.repeated.allow(now);
        }
        self.repeated = RateLimit::new(1, REPEATED);
        self.repeated.allow(now);
        self.changed.allow(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Act;

    const REFUSED: Failure = Failure::System(Act::Connect, nix::errno::Errno::ECONNREFUSED);
    const SILENT: Failure = Failure::TimedOut(Act::Read);

    #[test]
    fn a_repeated_failure_is_logged_every_ten_minutes_with_a_count() {
        let start = Instant::now();
        let mut failures = Failures::new();
        let logged: Vec<(u64, u64)> = (0..3600)
            .step_by(2)
            .filter_map(|s| {
                let untold = failures.failed(REFUSED, start + Duration::from_secs(s))?;
                Some((s, untold))
            })
            .collect();
        assert_eq!(
            logged,
            [
                (0, 0),
                (600, 299),
                (1200, 299),
                (1800, 299),
                (2400, 299),
                (3000, 299)
            ]
        );
    }

    #[test]
    fn a_change_is_logged_at_once_but_not_without_end() {
        let now = Instant::now();
        let mut failures = Failures::new();
        assert_eq!(failures.failed(REFUSED, now), Some(0));
        assert_eq!(failures.failed(SILENT, now), Some(0));
        assert_eq!(failures.failed(SILENT, now), None);
        failures.passed();
        assert_eq!(failures.failed(SILENT, now), Some(0));
        let logged = (0..1000)
            .map(|n| if n % 2 == 0 { REFUSED } else { SILENT })
            .filter(|&failure| failures.failed(failure, now).is_some())
            .count();
        assert_eq!(logged, 3);
    }
}
