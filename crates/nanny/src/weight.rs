//! Computes the weight of the server from the assigned weight, the current one, the load and the
//! time. Pure.
//!
//! Slow start: a server that comes in starts low, to spare empty caches, and doubles its weight
//! until it reaches the assigned one. From there on its load decides, if load data is read: the
//! weight of an idle server grows up to a multiple of the assigned weight, that of a busy one
//! shrinks down to the assigned weight.

use std::time::{Duration, Instant};

use crate::load::Load;
use crate::settings::LARGEST_WEIGHT;

/// Time between two changes of the weight.
pub const STEP: Duration = Duration::from_secs(20);

/// Parameters of the weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The assigned weight (`-w`).
    pub assigned: u32,
    /// Limit of the weight, as a multiple of the assigned one (`-S`), at least 1.
    pub scale: u32,
    /// Whether load data is read.
    pub by_load: bool,
}

impl Rules {
    /// The maximum weight: [`Rules::scale`] times the assigned weight, within the kernel's range.
    fn largest(self) -> u32 {
        let largest = self.assigned.saturating_mul(self.scale.max(1));
        largest.min(LARGEST_WEIGHT)
    }

    /// Returns the weight after `last`, which is between the assigned and the maximum weight, at
    /// `load`.
    ///
    /// Below load 1 the weight grows by `assigned / 2` times the cube root of `1 - load`; above 1
    /// it shrinks by as much times the cube root of `load - 1`. Changes below `assigned / 4` are
    /// not made. Both divisions are integer divisions, as in C, and the result is truncated to an
    /// integer: an assigned weight of 1 never changes.
    #[must_use]
    pub fn follow(self, last: u32, load: Load) -> u32 {
        let load = load.average();
        let half = f64::from(self.assigned / 2);
        let change = if load < 1.0 {
            half * (1.0 - load).cbrt()
        } else {
            -half * (load - 1.0).cbrt()
        };
        let range = (f64::from(self.assigned), f64::from(self.largest()));
        let new = (f64::from(last) + change).max(range.0).min(range.1);
        // Exact: within the range of a C int, and truncated on purpose.
        let new = new as u32;
        if new.abs_diff(last) >= self.assigned / 4 {
            new
        } else {
            last
        }
    }
}

/// Result of a [`Weight::step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The weight changed.
    Changed,
    /// The load is to be polled and passed to [`Weight::apply_load`].
    PollLoad,
}

/// The weight of a server that is in, and the time of its next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    rules: Rules,
    current: u32,
    next_step: Option<Instant>,
    /// Whether the next load counts: it was polled at a step.
    awaits_load: bool,
}

impl Weight {
    /// Starts the slow start of a server let in at `now`: `max(1, assigned >> 5)`, or 0 if 0 is
    /// assigned.
    #[must_use]
    pub fn start(rules: Rules, now: Instant) -> Self {
        let assigned = rules.assigned;
        Self::at(rules, (assigned >> 5).max(1).min(assigned), now)
    }

    /// Adopts the weight `found` of a preexisting destination. A weight outside of the range of
    /// these rules is corrected: 0 (quiesced) restarts the slow start, and the maximum limits
    /// others. Without load data, more than the assigned weight lasts until the first step.
    #[must_use]
    pub fn adopt(rules: Rules, found: u32, now: Instant) -> Self {
        if found == 0 {
            return Self::start(rules, now);
        }
        Self::at(rules, found.min(rules.largest()), now)
    }

    fn at(rules: Rules, current: u32, now: Instant) -> Self {
        let moves = current != rules.assigned || (rules.by_load && rules.assigned > 0);
        Self {
            rules,
            current,
            next_step: moves.then_some(now + STEP),
            awaits_load: false,
        }
    }

    /// The current weight.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.current
    }

    /// When [`Weight::step`] is due, if at all.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.next_step
    }

    /// Runs a step if it is due: doubles the weight, up to the assigned one; or requests the load;
    /// or, without load data, returns to the assigned weight.
    pub fn step(&mut self, now: Instant) -> Option<Step> {
        if self.next_step.is_none_or(|at| now < at) {
            return None;
        }
        let assigned = self.rules.assigned;
        let polls_load = self.rules.by_load && self.current >= assigned;
        let current = if polls_load {
            self.current
        } else {
            self.current.saturating_mul(2).min(assigned)
        };
        *self = Self::at(self.rules, current, now);
        self.awaits_load = polls_load;
        Some(if polls_load {
            Step::PollLoad
        } else {
            Step::Changed
        })
    }

    /// Applies the load that was polled at the last step. Returns whether the weight changed.
    pub fn apply_load(&mut self, load: Load) -> bool {
        if !std::mem::take(&mut self.awaits_load) {
            return false;
        }
        let before = self.current;
        self.current = self.rules.follow(before, load);
        self.current != before
    }

    /// Restarts the interval: the next step is due a whole [`STEP`] after `now`.
    pub fn restart_interval(&mut self, now: Instant) {
        *self = Self::at(self.rules, self.current, now);
    }

    /// Ends the load adjustment.
    pub fn disable_load(&mut self, now: Instant) {
        self.rules.by_load = false;
        self.restart_interval(now);
    }
}

#[cfg(test)]
mod tests;
