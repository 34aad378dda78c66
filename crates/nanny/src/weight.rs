//! The weight of the server: pure arithmetic over what was assigned, what is, the load and the time.
//!
//! A server that comes in cold starts low and doubles its weight until it has what was assigned.
//! From there on its load decides, where that is read: an idle server gets more, up to a multiple
//! of what was assigned; a busy one goes back, down to what was assigned.

use std::time::{Duration, Instant};

use crate::load::Load;
use crate::settings::LARGEST_WEIGHT;

/// Time between two changes of the weight.
pub const STEP: Duration = Duration::from_secs(20);

/// What the weight is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// What was assigned to the server (`-w`).
    pub assigned: u32,
    /// How many times that its weight may be at most (`-S`), at least 1.
    pub scale: u32,
    /// Whether the server's load is read.
    pub by_load: bool,
}

impl Rules {
    /// The largest weight: [`Rules::scale`] times what was assigned, in the kernel's range.
    fn largest(self) -> u32 {
        let largest = self.assigned.saturating_mul(self.scale.max(1));
        largest.min(LARGEST_WEIGHT)
    }

    /// The weight that follows `last`, which is between what was assigned and the largest, at `load`.
    ///
    /// Below 1 it grows by `assigned / 2` times the cube root of what is missing to 1, above 1 it
    /// shrinks by as much times the cube root of what is beyond. It stays unless it would change by
    /// `assigned / 4` or more. Both divisions are those of integers, as in C, and the result is cut
    /// off to one: a weight of 1 has nothing to halve and stays.
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
        // Exact: within the range of a C int, and cut off on purpose.
        let new = new as u32;
        if new.abs_diff(last) >= self.assigned / 4 {
            new
        } else {
            last
        }
    }
}

/// What came of a [`Weight::step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The weight changed.
    Changed,
    /// The load is to be asked for, and told to [`Weight::hear`].
    AskLoad,
}

/// The weight of a server that is in, and when it changes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    rules: Rules,
    current: u32,
    next_step: Option<Instant>,
    /// Whether a load that is told now counts: one that was asked for at a step.
    awaits_load: bool,
}

impl Weight {
    /// The weight of a server let in at `now`: `max(1, assigned >> 5)`, or 0 if 0 was assigned.
    #[must_use]
    pub fn start(rules: Rules, now: Instant) -> Self {
        let assigned = rules.assigned;
        Self::at(rules, (assigned >> 5).max(1).min(assigned), now)
    }

    /// The weight of a server found in the table at `now` with weight `found`: it keeps that and
    /// goes on from there. A weight that these rules never give is brought into their range: 0
    /// (taken out of service) starts anew, and nothing exceeds the scale. Where no load is read that
    /// would bear it out, more than was assigned lasts until the first step.
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

    /// The weight now.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.current
    }

    /// When [`Weight::step`] has something to do, if it will.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.next_step
    }

    /// If it is time: doubles the weight, up to what was assigned; or asks for the load; or, where
    /// none is read, comes down to what was assigned.
    pub fn step(&mut self, now: Instant) -> Option<Step> {
        if self.next_step.is_none_or(|at| now < at) {
            return None;
        }
        let assigned = self.rules.assigned;
        let is_asked = self.rules.by_load && self.current >= assigned;
        let current = if is_asked {
            self.current
        } else {
            self.current.saturating_mul(2).min(assigned)
        };
        *self = Self::at(self.rules, current, now);
        self.awaits_load = is_asked;
        Some(if is_asked {
            Step::AskLoad
        } else {
            Step::Changed
        })
    }

    /// The load that was asked for at the last step. Whether the weight changed.
    pub fn hear(&mut self, load: Load) -> bool {
        if !std::mem::take(&mut self.awaits_load) {
            return false;
        }
        let before = self.current;
        self.current = self.rules.follow(before, load);
        self.current != before
    }

    /// The server has this weight from `now` on: the next step comes a whole [`STEP`] later.
    pub fn go_on(&mut self, now: Instant) {
        *self = Self::at(self.rules, self.current, now);
    }

    /// No load is read from `now` on.
    pub fn go_without_load(&mut self, now: Instant) {
        self.rules.by_load = false;
        self.go_on(now);
    }
}

#[cfg(test)]
mod tests;
