//! Decides from the results of the checks whether the server is in or out. No clock, no socket, no
//! log: the time is an argument, the transition is the result.
//!
//! | state | `Preexisting` | `Pass` | `Fail` | `Tick` |
//! | --- | --- | --- | --- | --- |
//! | New, Waiting | Adopted | In | Waiting | |
//! | Adopted, In | | In | Out after `timeout` | Out after `timeout` if a check failed |
//! | Out | | In after `reentry` | restarts `reentry` | |
//!
//! - At its start a nanny lets the server in at its first pass.
//! - The server goes out when no check has passed for `timeout` and one has failed since: after a
//!   stall, or with an interval of `timeout`, only a fresh failed check removes the server.
//! - It comes in again when every check has passed for `reentry`.
//! - A signal can force it in or out; the checks continue and count.

use std::time::{Duration, Instant};

/// The two times of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Time without a passed check until the server goes out.
    pub timeout: Duration,
    /// Time of passed checks until the server comes in again.
    pub reentry: Duration,
}

/// State of the server according to the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not checked yet, and not in.
    New,
    /// Every check has failed so far.
    Waiting,
    /// Preexisting in the table; no check has passed yet.
    Adopted {
        /// The time that counts as the last pass: this nanny's start.
        since: Instant,
        /// Whether a check has failed since.
        failed: bool,
    },
    /// In.
    In {
        /// The last pass.
        last_pass: Instant,
        /// Whether a check has failed since.
        failed: bool,
    },
    /// Out after failed checks.
    Out {
        /// The first pass after the last failure.
        passing_since: Option<Instant>,
        /// Whether any check has passed since the server went out.
        has_passed: bool,
    },
}

/// The override by signal, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// In, regardless of the checks.
    In,
    /// Out, regardless of the checks.
    Out,
    /// No override: the checks decide.
    Neither,
}

/// Inputs of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The server is preexisting in the table. The time of this event is this nanny's start. Yields
    /// no transition, since no check has passed yet.
    Preexisting,
    /// A check passed.
    Pass,
    /// A check failed.
    Fail,
    /// The [`Health::deadline`] may have passed.
    Tick,
    /// A signal changed the override.
    Force(Force),
}

/// Status of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The server comes in; or a preexisting one has passed its first check.
    In,
    /// The server goes out.
    Out,
    /// The first check failed: the server is not in yet.
    NotYet,
}

/// Outputs of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The status of the server changes.
    Status(Status),
    /// The first check has passed since the server went out: it comes in once all have passed for
    /// [`Rules::reentry`].
    Recovering,
}

/// The state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    rules: Rules,
    state: State,
    force: Force,
}

impl Health {
    /// Creates the state machine.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: State::New,
            force: Force::Neither,
        }
    }

    /// Whether the server is in.
    #[must_use]
    pub fn is_in(&self) -> bool {
        match self.force {
            Force::In => true,
            Force::Out => false,
            Force::Neither => self.is_in_by_checks(),
        }
    }

    /// The override by signal, if any.
    #[must_use]
    pub fn force(&self) -> Force {
        self.force
    }

    fn is_in_by_checks(&self) -> bool {
        match self.state {
            State::Adopted { .. } | State::In { .. } => true,
            State::New | State::Waiting | State::Out { .. } => false,
        }
    }

    /// When an [`Event::Tick`] is due, if at all.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Adopted {
                since: last_pass,
                failed: true,
            }
            | State::In {
                last_pass,
                failed: true,
            } => Some(last_pass + self.rules.timeout),
            State::Adopted { failed: false, .. }
            | State::In { failed: false, .. }
            | State::New
            | State::Waiting
            | State::Out { .. } => None,
        }
    }

    /// Processes an event at `now`. Times must not decrease, except that of [`Event::Preexisting`].
    pub fn step(&mut self, event: Event, now: Instant) -> Option<Transition> {
        let was_in = self.is_in();
        let was_out_by_force = self.force == Force::Out;
        let before = self.state;
        if let Event::Force(force) = event {
            self.force = force;
        }
        self.state = self.next(event, now);
        match (was_in, self.is_in()) {
            (false, true) if event == Event::Preexisting => None,
            (false, true) => Some(Transition::Status(Status::In)),
            (true, false) => Some(Transition::Status(Status::Out)),
            (false, false) if before == State::New && self.state == State::Waiting => {
                Some(Transition::Status(Status::NotYet))
            }
            // Without a status so far, the server may be preexisting in the table.
            (false, false)
                if event == Event::Force(Force::Out)
                    && !was_out_by_force
                    && matches!(before, State::New | State::Waiting) =>
            {
                Some(Transition::Status(Status::Out))
            }
            (false, false)
                if self.force == Force::Neither
                    && matches!(
                        before,
                        State::Out {
                            has_passed: false,
                            ..
                        }
                    )
                    && matches!(
                        self.state,
                        State::Out {
                            has_passed: true,
                            ..
                        }
                    ) =>
            {
                Some(Transition::Recovering)
            }
            (true, true) if matches!(before, State::Adopted { .. }) && event == Event::Pass => {
                Some(Transition::Status(Status::In))
            }
            (false, false) | (true, true) => None,
        }
    }

    fn next(&self, event: Event, now: Instant) -> State {
        let Rules { timeout, reentry } = self.rules;
        let out = State::Out {
            passing_since: None,
            has_passed: false,
        };
        let is_over = |since| now.saturating_duration_since(since) >= timeout;
        match (self.state, event) {
            (State::New | State::Waiting, Event::Preexisting) => State::Adopted {
                since: now,
                failed: false,
            },
            (State::Adopted { .. } | State::In { .. } | State::Out { .. }, Event::Preexisting) => {
                self.state
            }
            (State::New | State::Waiting, Event::Pass)
            | (State::Adopted { .. } | State::In { .. }, Event::Pass) => State::In {
                last_pass: now,
                failed: false,
            },
            (State::Out { passing_since, .. }, Event::Pass) => {
                let since = passing_since.unwrap_or(now);
                if now.saturating_duration_since(since) >= reentry {
                    State::In {
                        last_pass: now,
                        failed: false,
                    }
                } else {
                    State::Out {
                        passing_since: Some(since),
                        has_passed: true,
                    }
                }
            }
            (State::New | State::Waiting, Event::Fail) => State::Waiting,
            (State::Adopted { since, .. }, Event::Fail) => {
                if is_over(since) {
                    out
                } else {
                    State::Adopted {
                        since,
                        failed: true,
                    }
                }
            }
            (State::In { last_pass, .. }, Event::Fail) => {
                if is_over(last_pass) {
                    out
                } else {
                    State::In {
                        last_pass,
                        failed: true,
                    }
                }
            }
            (State::Out { has_passed, .. }, Event::Fail) => State::Out {
                passing_since: None,
                has_passed,
            },
            (
                State::Adopted {
                    since: last_pass,
                    failed,
                }
                | State::In { last_pass, failed },
                Event::Tick,
            ) => {
                if failed && is_over(last_pass) {
                    out
                } else {
                    self.state
                }
            }
            (State::New | State::Waiting | State::Out { .. }, Event::Tick) => self.state,
            // The override ignores the checks; their state counts when it ends.
            (
                State::New
                | State::Waiting
                | State::Adopted { .. }
                | State::In { .. }
                | State::Out { .. },
                Event::Force(_),
            ) => self.state,
        }
    }
}

#[cfg(test)]
mod tests;
