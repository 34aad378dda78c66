//! The order of an activation: lvsd first, then the addresses, then their announcement. Pure.
//!
//! No client meets a floating address that has no servers behind it: the addresses go up when
//! lvsd is ready, or after [`READY_BOUND`] for an lvsd that never says so.

use std::time::Duration;

use crate::fsm::Time;

/// How long lvsd may take to fill the table before the addresses go up all the same.
pub const READY_BOUND: Duration = Duration::from_secs(1);

/// How often the addresses are announced.
pub const ANNOUNCEMENTS: u8 = 5;

/// Time between two announcements.
pub const ANNOUNCEMENT_INTERVAL: Duration = Duration::from_secs(1);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Raise the floating addresses; `ready` says whether lvsd was ready, or the bound over.
    Raise {
        /// Whether lvsd said that it is ready.
        ready: bool,
    },
    /// Raise the floating addresses again, which renews their lease.
    Renew,
    /// Announce the floating addresses once.
    Announce,
    /// The last announcement is over.
    Finished,
}

/// The course of one activation, from the start of lvsd on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// Until when lvsd is waited for; `None` once the addresses are up.
    waits_until: Option<Time>,
    announcements_left: u8,
    next_announcement: Time,
    renewal: Duration,
    next_renewal: Time,
}

impl Activation {
    /// Begins when lvsd is started. The addresses are raised again every `renewal`: that renews
    /// their lease, and brings back one whose device was away.
    #[must_use]
    pub fn begin(now: Time, renewal: Duration) -> Self {
        Self {
            waits_until: Some(now + READY_BOUND),
            announcements_left: ANNOUNCEMENTS,
            next_announcement: now,
            renewal,
            next_renewal: now,
        }
    }

    /// Whether the floating addresses are up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.waits_until.is_none()
    }

    /// When [`Activation::due`] has something to do next.
    #[must_use]
    pub fn next_wake(&self) -> Option<Time> {
        if self.waits_until.is_some() {
            return self.waits_until;
        }
        let announcement = (self.announcements_left > 0).then_some(self.next_announcement);
        Some(announcement.map_or(self.next_renewal, |at| at.min(self.next_renewal)))
    }

    /// lvsd says that it is ready.
    pub fn ready(&mut self, now: Time) -> Vec<Step> {
        if self.waits_until.is_some() {
            self.raise(now, true)
        } else {
            Vec::new()
        }
    }

    /// What is due at `now`.
    pub fn due(&mut self, now: Time) -> Vec<Step> {
        match self.waits_until {
            Some(until) if now >= until => return self.raise(now, false),
            Some(_) => return Vec::new(),
            None => {}
        }
        let mut steps = Vec::new();
        if now >= self.next_renewal {
            self.next_renewal = now + self.renewal;
            steps.push(Step::Renew);
        }
        if self.announcements_left > 0 && now >= self.next_announcement {
            self.announce(now, &mut steps);
        }
        steps
    }

    fn raise(&mut self, now: Time, ready: bool) -> Vec<Step> {
        self.waits_until = None;
        self.next_renewal = now + self.renewal;
        let mut steps = vec![Step::Raise { ready }];
        self.announce(now, &mut steps);
        steps
    }

    fn announce(&mut self, now: Time, steps: &mut Vec<Step>) {
        self.announcements_left -= 1;
        self.next_announcement = now + ANNOUNCEMENT_INTERVAL;
        steps.push(Step::Announce);
        if self.announcements_left == 0 {
            steps.push(Step::Finished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Time {
        Duration::from_millis(ms)
    }

    /// All steps of an activation up to `end`, with their times.
    fn run(mut activation: Activation, ready_at: Option<Time>, end: Time) -> Vec<(Time, Step)> {
        let mut steps = Vec::new();
        if let Some(at) = ready_at {
            steps.extend(activation.ready(at).into_iter().map(|step| (at, step)));
        }
        while let Some(wake) = activation.next_wake().filter(|wake| *wake <= end) {
            let due = activation.due(wake);
            assert!(!due.is_empty(), "a wake-up without work at {wake:?}");
            steps.extend(due.into_iter().map(|step| (wake, step)));
        }
        steps
    }

    #[test]
    fn five_announcements_a_second_apart_the_first_at_once() {
        let steps = run(Activation::begin(ms(0), ms(2000)), Some(ms(40)), ms(60_000));
        let times: Vec<_> = steps
            .iter()
            .filter(|(_, step)| *step == Step::Announce)
            .map(|(at, _)| *at)
            .collect();
        assert_eq!(times, [40, 1040, 2040, 3040, 4040].map(ms));
        assert_eq!(steps.first(), Some(&(ms(40), Step::Raise { ready: true })));
        let finished = steps.iter().find(|(_, step)| *step == Step::Finished);
        assert_eq!(finished, Some(&(ms(4040), Step::Finished)));
    }

    #[test]
    fn an_lvsd_that_never_says_so_is_waited_for_one_second() {
        let steps = run(Activation::begin(ms(500), ms(2000)), None, ms(60_000));
        assert_eq!(
            steps.first(),
            Some(&(ms(1500), Step::Raise { ready: false }))
        );
    }

    #[test]
    fn a_second_ready_changes_nothing() {
        let mut activation = Activation::begin(ms(0), ms(2000));
        assert!(!activation.is_up());
        assert_eq!(activation.ready(ms(10)).len(), 2);
        assert!(activation.is_up());
        assert_eq!(activation.ready(ms(20)), []);
    }

    #[test]
    fn addresses_are_raised_again_as_long_as_the_router_is_active() {
        let steps = run(
            Activation::begin(ms(0), ms(1000)),
            Some(ms(100)),
            ms(20_000),
        );
        let renewals: Vec<_> = steps
            .iter()
            .filter(|(_, step)| *step == Step::Renew)
            .map(|(at, _)| *at)
            .collect();
        assert_eq!(renewals.len(), 19);
        assert_eq!(renewals[0], ms(1100));
        assert!(
            renewals
                .windows(2)
                .all(|pair| pair[1] - pair[0] == ms(1000))
        );
    }
}
