//! In or out: what the outcome of the checks means for the server. No clock, no socket, no log:
//! the time is an argument, the verdict is the result.
//!
//! - At its start a nanny lets the server in at its first pass.
//! - The server goes out when it has not passed for `timeout`, and has failed since: a nanny that
//!   was stopped for a while, or checks no more often than every `timeout`, looks first.
//! - It comes in again when every check has passed for `reentry`.
//! - A signal can force it in or out; the checks go on meanwhile, and count.

use std::time::{Duration, Instant};

/// The two times of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long a server may go without a pass.
    pub timeout: Duration,
    /// How long every check must pass for a server that went out to come in.
    pub reentry: Duration,
}

/// What the checks say of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not checked yet, and not in.
    New,
    /// Every check has failed so far.
    Waiting,
    /// In the table from before this nanny; no check has passed yet.
    Adopted {
        /// The last time it is taken to have been well: this nanny's start.
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
    /// Went out.
    Out {
        /// The first of the passes that nothing has interrupted.
        passing_since: Option<Instant>,
        /// Whether any check has passed since it went out.
        answered: bool,
    },
}

/// What was ordered by signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// In, whatever the checks say.
    In,
    /// Out, whatever the checks say.
    Out,
    /// As the checks say.
    Neither,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The server was found in the table, where it has been since before this nanny started,
    /// which is the time to give with it. Nothing is told: no check has passed yet.
    Found,
    /// A check passed.
    Pass,
    /// A check failed.
    Fail,
    /// Time went by: the [`Health::deadline`] may have come.
    Tick,
    /// A signal came.
    Force(Force),
}

/// What it means for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The server comes in; or it was found in, and is now known to be well.
    In,
    /// The server goes out.
    Out,
    /// The first check failed: the server is not in yet.
    NotYet,
}

/// What is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Where the server belongs.
    Verdict(Verdict),
    /// Nothing changes yet, but the first check has passed since the server went out: it comes in when
    /// all have for [`Rules::reentry`].
    Answers,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    rules: Rules,
    state: State,
    force: Force,
}

impl Health {
    /// The machine at its start.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: State::New,
            force: Force::Neither,
        }
    }

    /// Whether the server belongs in the table.
    #[must_use]
    pub fn is_in(&self) -> bool {
        match self.force {
            Force::In => true,
            Force::Out => false,
            Force::Neither => self.checks_say_in(),
        }
    }

    /// What was ordered by signal.
    #[must_use]
    pub fn force(&self) -> Force {
        self.force
    }

    fn checks_say_in(&self) -> bool {
        match self.state {
            State::Adopted { .. } | State::In { .. } => true,
            State::New | State::Waiting | State::Out { .. } => false,
        }
    }

    /// When a [`Event::Tick`] is due, if one is.
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

    /// Takes in what happened at `now`; but for [`Event::Found`], times must not go back.
    pub fn step(&mut self, event: Event, now: Instant) -> Option<News> {
        let was_in = self.is_in();
        let was_out_by_force = self.force == Force::Out;
        let before = self.state;
        if let Event::Force(force) = event {
            self.force = force;
        }
        self.state = self.next(event, now);
        match (was_in, self.is_in()) {
            (false, true) if event == Event::Found => None,
            (false, true) => Some(News::Verdict(Verdict::In)),
            (true, false) => Some(News::Verdict(Verdict::Out)),
            (false, false) if before == State::New && self.state == State::Waiting => {
                Some(News::Verdict(Verdict::NotYet))
            }
            // No verdict was given yet: it may be in the table from before this nanny.
            (false, false)
                if event == Event::Force(Force::Out)
                    && !was_out_by_force
                    && matches!(before, State::New | State::Waiting) =>
            {
                Some(News::Verdict(Verdict::Out))
            }
            (false, false)
                if self.force == Force::Neither
                    && matches!(
                        before,
                        State::Out {
                            answered: false,
                            ..
                        }
                    )
                    && matches!(self.state, State::Out { answered: true, .. }) =>
            {
                Some(News::Answers)
            }
            (true, true) if matches!(before, State::Adopted { .. }) && event == Event::Pass => {
                Some(News::Verdict(Verdict::In))
            }
            (false, false) | (true, true) => None,
        }
    }

    fn next(&self, event: Event, now: Instant) -> State {
        let Rules { timeout, reentry } = self.rules;
        let out = State::Out {
            passing_since: None,
            answered: false,
        };
        let is_over = |since| now.saturating_duration_since(since) >= timeout;
        match (self.state, event) {
            (State::New | State::Waiting, Event::Found) => State::Adopted {
                since: now,
                failed: false,
            },
            (State::Adopted { .. } | State::In { .. } | State::Out { .. }, Event::Found) => {
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
                        answered: true,
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
            (State::Out { answered, .. }, Event::Fail) => State::Out {
                passing_since: None,
                answered,
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
            // The checks are not asked; what they say meanwhile counts when the force ends.
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
