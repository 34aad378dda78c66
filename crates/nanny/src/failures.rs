//! Which failed checks are logged, and which ends of failing: a server that is down for days fills no
//! log, nor does one that comes and goes.

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
    /// Whether the last one was logged since it began.
    is_told: bool,
    /// Limits failures that were told.
    repeated: RateLimit,
    /// Limits those that were not.
    changed: RateLimit,
    /// Limits the lines about servers that answer again.
    answers: RateLimit,
    /// How many were held back, by the way they failed: at most one entry for each.
    untold: Vec<(Failure, u64)>,
}

impl Failures {
    pub(crate) fn new() -> Self {
        Self {
            last: None,
            is_told: false,
            repeated: RateLimit::new(1, REPEATED),
            changed: RateLimit::new(CHANGED, Duration::from_secs(60)),
            answers: RateLimit::new(CHANGED, Duration::from_secs(60)),
            untold: Vec::new(),
        }
    }

    /// A check passed: the next failure is a change.
    pub(crate) fn passed(&mut self) {
        self.last = None;
    }

    /// Whether this failure is to be logged: `Some(n)` if so, `n` being how many that failed in the
    /// same way were not since the last that was.
    pub(crate) fn failed(&mut self, failure: Failure, now: Instant) -> Option<u64> {
        if self.last.replace(failure) != Some(failure) {
            self.is_told = false;
        }
        let limit = if self.is_told {
            &mut self.repeated
        } else {
            &mut self.changed
        };
        if limit.allow(now).is_none() {
            self.hold_back(failure);
            return None;
        }
        if !std::mem::replace(&mut self.is_told, true) {
            self.repeated = RateLimit::new(1, REPEATED);
            self.repeated.allow(now);
        }
        let place = self.untold.iter().position(|(held, _)| *held == failure);
        Some(place.map_or(0, |place| self.untold.swap_remove(place).1))
    }

    /// Whether it is to be logged that the server answers again: `Some(n)` if so, `n` being how often
    /// it was not since the last time that it was.
    pub(crate) fn answers(&mut self, now: Instant) -> Option<u64> {
        self.answers.allow(now)
    }

    fn hold_back(&mut self, failure: Failure) {
        match self.untold.iter_mut().find(|(held, _)| *held == failure) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.untold.push((failure, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Act, Host};

    const REFUSED: Failure = Failure::System(Act::Connect, nix::errno::Errno::ECONNREFUSED);
    const SILENT: Failure = Failure::TimedOut(Act::Read, Host::Silent);

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
        assert_eq!(failures.failed(SILENT, now), Some(1));
        let logged = (0..1000)
            .map(|n| if n % 2 == 0 { REFUSED } else { SILENT })
            .filter(|&failure| failures.failed(failure, now).is_some())
            .count();
        assert_eq!(logged, 3);
    }

    #[test]
    fn a_server_that_comes_and_goes_stays_within_the_bound() {
        let start = Instant::now();
        let mut failures = Failures::new();
        let logged: Vec<(u64, u64)> = (0..120)
            .filter_map(|s| Some((s, failures.answers(start + Duration::from_secs(s))?)))
            .collect();
        let untold = [(60, 54), (61, 0)];
        assert_eq!((logged.len(), &logged[6..8]), (12, &untold[..]));
    }

    #[test]
    fn a_new_failure_that_was_held_back_is_logged_within_a_minute() {
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
    fn what_was_held_back_is_counted_by_the_way_it_failed() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut failures = Failures::new();
        let mut logged = Vec::new();
        for s in 0..=61 {
            let failure = if s % 3 == 0 { REFUSED } else { SILENT };
            if let Some(untold) = failures.failed(failure, at(s)) {
                logged.push((s, untold));
            }
        }
        // Refused at 0, 3, 6, 60; silent at 1, 2, 4, 5, 7, 8, 61.
        let first = [(0, 0), (1, 0), (3, 0), (4, 1), (6, 0), (7, 1)];
        assert_eq!(logged[..6], first);
        // 9, 12 .. 57, and 8, 10, 11 .. 58, 59.
        assert_eq!(logged[6..], [(60, 17), (61, 35)]);
    }

    #[test]
    fn two_failures_that_take_turns_in_any_rhythm_stay_within_the_bound() {
        let now = Instant::now();
        for rhythm in 1..5 {
            let mut failures = Failures::new();
            let turns = (0..1000).filter(|n| {
                let failure = if n / rhythm % 2 == 0 { REFUSED } else { SILENT };
                failures.failed(failure, now).is_some()
            });
            assert_eq!(turns.count(), CHANGED as usize, "{rhythm}");
        }
    }
}
