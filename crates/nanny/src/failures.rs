//! Rate limits of the log lines about failed and passing checks: neither a server that is down for
//! days nor a flapping one floods the log.

use std::time::{Duration, Instant};

use daemon::rate::RateLimit;

use crate::check::Failure;

/// Interval of the lines about a repeated failure.
const REPEATED: Duration = Duration::from_secs(600);

/// Maximum number of lines a minute about changing failures.
const CHANGED: u32 = 6;

/// Log state of failures. Pure: the caller passes the time.
#[derive(Debug)]
pub(crate) struct Failures {
    last: Option<Failure>,
    /// Whether `last` was logged since it first occurred.
    is_logged: bool,
    /// Limits failures that were logged already.
    repeated: RateLimit,
    /// Limits new failures.
    changed: RateLimit,
    /// Limits the lines about checks that pass again.
    recovering: RateLimit,
    /// Number of suppressed lines for each kind of failure.
    suppressed: Vec<(Failure, u64)>,
}

impl Failures {
    pub(crate) fn new() -> Self {
        Self {
            last: None,
            is_logged: false,
            repeated: RateLimit::new(1, REPEATED),
            changed: RateLimit::new(CHANGED, Duration::from_secs(60)),
            recovering: RateLimit::new(CHANGED, Duration::from_secs(60)),
            suppressed: Vec::new(),
        }
    }

    /// Records a passed check: the next failure is a change.
    pub(crate) fn passed(&mut self) {
        self.last = None;
    }

    /// Returns `Some(n)` if this failure is to be logged, `n` being the number of suppressed lines
    /// of the same kind since the last one.
    pub(crate) fn failed(&mut self, failure: Failure, now: Instant) -> Option<u64> {
        if self.last.replace(failure) != Some(failure) {
            self.is_logged = false;
        }
        let limit = if self.is_logged {
            &mut self.repeated
        } else {
            &mut self.changed
        };
        if limit.allow(now).is_none() {
            self.suppress(failure);
            return None;
        }
        if !std::mem::replace(&mut self.is_logged, true) {
            self.repeated = RateLimit::new(1, REPEATED);
            self.repeated.allow(now);
        }
        let at = self
            .suppressed
            .iter()
            .position(|(other, _)| *other == failure);
        Some(at.map_or(0, |at| self.suppressed.swap_remove(at).1))
    }

    /// Returns `Some(n)` if a line about checks that pass again is to be logged, `n` being the
    /// number of suppressed ones.
    pub(crate) fn recovering(&mut self, now: Instant) -> Option<u64> {
        self.recovering.allow(now)
    }

    fn suppress(&mut self, failure: Failure) {
        match self
            .suppressed
            .iter_mut()
            .find(|(other, _)| *other == failure)
        {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.suppressed.push((failure, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Host, Phase};

    const REFUSED: Failure = Failure::System(Phase::Connect, nix::errno::Errno::ECONNREFUSED);
    const SILENT: Failure = Failure::TimedOut(Phase::Read, Host::Silent);

    #[test]
    fn logs_repeated_failure_every_ten_minutes() {
        let start = Instant::now();
        let mut failures = Failures::new();
        let logged: Vec<(u64, u64)> = (0..3600)
            .step_by(2)
            .filter_map(|s| {
                let suppressed = failures.failed(REFUSED, start + Duration::from_secs(s))?;
                Some((s, suppressed))
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
    fn logs_changes_at_once_within_limit() {
        let now = Instant::now();
        let mut failures = Failures::new();
        assert_eq!(failures.failed(REFUSED, now), Some(0));
        assert_eq!(failures.failed(SILENT, now), Some(0));
        assert_eq!(failures.failed(SILENT, now), None);
        failures.passed();
        assert_eq!(failures.failed(SILENT, now), Some(1));
        let logged = (0..1000)
            .map(|n| if n % 2 == 0 { REFUSED } else { SILENT })
            .filter(|&failure| failures.failed(failure, now).is_some())
            .count();
        assert_eq!(logged, 3);
    }

    #[test]
    fn flapping_server_stays_within_limit() {
        let start = Instant::now();
        let mut failures = Failures::new();
        let logged: Vec<(u64, u64)> = (0..120)
            .filter_map(|s| Some((s, failures.recovering(start + Duration::from_secs(s))?)))
            .collect();
        let suppressed = [(60, 54), (61, 0)];
        assert_eq!((logged.len(), &logged[6..8]), (12, &suppressed[..]));
    }

    #[test]
    fn logs_suppressed_new_failure_within_minute() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut failures = Failures::new();
        for _ in 0..CHANGED {
            assert!(failures.failed(REFUSED, at(0)).is_some());
            failures.passed();
        }
        let logged: Vec<(u64, u64)> = (1..1300)
            .filter_map(|s| Some((s, failures.failed(SILENT, at(s))?)))
            .collect();
        assert_eq!(logged, [(60, 59), (660, 599), (1260, 599)]);
    }

    #[test]
    fn counts_suppressed_lines_by_failure() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut failures = Failures::new();
        let mut logged = Vec::new();
        for s in 0..=61 {
            let failure = if s % 3 == 0 { REFUSED } else { SILENT };
            if let Some(suppressed) = failures.failed(failure, at(s)) {
                logged.push((s, suppressed));
            }
        }
        // Refused at 0, 3, 6, 60; silent at 1, 2, 4, 5, 7, 8, 61.
        let first = [(0, 0), (1, 0), (3, 0), (4, 1), (6, 0), (7, 1)];
        assert_eq!(logged[..6], first);
        // Suppressed: 9, 12 .. 57, and 8, 10, 11 .. 58, 59.
        assert_eq!(logged[6..], [(60, 17), (61, 35)]);
    }

    #[test]
    fn alternating_failures_stay_within_limit() {
        let now = Instant::now();
        for period in 1..5 {
            let mut failures = Failures::new();
            let lines = (0..1000).filter(|n| {
                let failure = if n / period % 2 == 0 { REFUSED } else { SILENT };
                failures.failed(failure, now).is_some()
            });
            assert_eq!(lines.count(), CHANGED as usize, "{period}");
        }
    }
}
