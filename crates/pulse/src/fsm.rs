//! Which router is active: the state machine, without clock, socket, log or child.
//!
//! [`Machine::step`] takes an [`Event`] and the time, and answers with [`Action`]s for the actor
//! to perform, in order. [`Machine::next_wake`] says when it wants to be stepped again at the
//! latest. Time is what a monotonic clock has counted since some start, so that a step of the
//! wall clock can neither cause nor delay a failover, and so that states can be compared.

#[cfg(test)]
mod model;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::heartbeat::State;

/// A reading of the monotonic clock.
pub type Time = Duration;

/// The first delay before an lvsd that failed is tried again; it doubles up to [`LONGEST_RETRY`].
pub const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest delay between two tries. An lvsd that ran for longer has not failed *again*.
pub const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Which of the two routers this is. It never changes while pulse runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The one whose address `primary` is.
    Primary,
    /// The one whose address `backup` is.
    Backup,
}

/// What the configuration says about the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    /// This router's role.
    pub role: Role,
    /// Whether there is a partner to exchange heartbeats with.
    pub has_partner: bool,
    /// Time between heartbeats.
    pub keepalive: Duration,
    /// Silence after which the partner is dead; longer than `keepalive`.
    pub deadtime: Duration,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Nothing but time: a wake-up that was asked for.
    Wake,
    /// A good heartbeat from the partner.
    Heard(State),
    /// lvsd ended, and nobody had asked it to.
    LvsdFailed,
    /// SIGTERM or SIGINT.
    Terminate,
}

/// Why this router becomes active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhyActive {
    /// `--forceactive`.
    Forced,
    /// The configuration has no active backup.
    NoPartner,
    /// The partner is alive and inactive; the field is the partner's role.
    PartnerInactive(Role),
    /// The partner was silent for `deadtime`.
    PartnerDead,
    /// lvsd had failed here, and the partner does not serve either.
    Retry,
}

/// Why this router becomes inactive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhyInactive {
    /// The primary is active too, and this is the backup.
    PartnerActive,
    /// lvsd ended unasked.
    LvsdFailed,
    /// This process stood still for longer than `deadtime`.
    Stalled,
    /// pulse is stopped.
    Terminating,
}

/// What the actor is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send this state on every link.
    Send(State),
    /// Start lvsd, raise and announce the floating addresses.
    Activate(WhyActive),
    /// Drop the floating addresses, stop lvsd.
    Deactivate(WhyInactive),
    /// Announce the floating addresses again.
    AnnounceAgain,
    /// Throw away the heartbeats that wait in the sockets: they came while this process stood
    /// still and tell of a past that must not decide anything.
    DiscardHeartbeats,
    /// Wind up and exit with status 0.
    Exit,
}

/// What the partner is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Partner {
    /// Not heard since the start, since it died, or since this process stood still.
    Unknown,
    /// Its last word was *running*.
    Running,
    /// Nothing but *stopped* since that time; `gave_up` if its word before was *running*.
    Stopped { since: Time, gave_up: bool },
}

/// lvsd failed here and the role is not taken back before then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Failure {
    retry_at: Time,
}

/// The state of one router.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Machine {
    rules: Rules,
    /// Since when this router is active.
    active_since: Option<Time>,
    failure: Option<Failure>,
    /// How long the next failure is waited out.
    retry_delay: Duration,
    /// A role that the partner gives up is not taken before then: two routers whose lvsd fails at
    /// once would otherwise pass it to and fro without a pause.
    rests_until: Time,
    partner: Partner,
    /// The last good heartbeat, or the start of a fresh deadtime.
    silent_since: Time,
    next_heartbeat: Time,
    last_step: Time,
    terminating: bool,
}

impl Machine {
    /// The machine at the start of pulse, and the first actions.
    #[must_use]
    pub fn start(rules: Rules, forced: bool, now: Time) -> (Self, Vec<Action>) {
        let mut machine = Self {
            rules,
            active_since: None,
            failure: None,
            retry_delay: FIRST_RETRY,
            rests_until: now,
            partner: Partner::Unknown,
            silent_since: now,
            next_heartbeat: now + rules.keepalive,
            last_step: now,
            terminating: false,
        };
        let mut actions = Vec::new();
        if forced {
            machine.activate(WhyActive::Forced, now, &mut actions);
        } else if rules.has_partner {
            machine.send(&mut actions);
        } else {
            machine.activate(WhyActive::NoPartner, now, &mut actions);
        }
        (machine, actions)
    }

    /// Whether this router is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active_since.is_some()
    }

    /// When the machine must be stepped again, if nothing happens before. `None`: never.
    #[must_use]
    pub fn next_wake(&self) -> Option<Time> {
        if self.terminating {
            return None;
        }
        let heartbeat = self.rules.has_partner.then_some(self.next_heartbeat);
        let takeover = match (self.is_active(), self.failure) {
            (true, _) => None,
            (false, Some(failure)) => Some(failure.retry_at),
            (false, None) => self
                .rules
                .has_partner
                .then(|| self.silent_since + self.rules.deadtime),
        };
        [heartbeat, takeover].into_iter().flatten().min()
    }

    /// Takes one event at time `now`.
    pub fn step(&mut self, event: Event, now: Time) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.terminating {
            return actions;
        }
        let stalled =
            self.rules.has_partner && now.saturating_sub(self.last_step) > self.rules.deadtime;
        self.last_step = now;
        if stalled {
            self.recover_from_stall(now, &mut actions);
        }
        match event {
            // What waited while we stood still is thrown away with the rest.
            Event::Heard(_) if stalled => {}
            Event::Heard(state) => self.heard(state, now, &mut actions),
            Event::LvsdFailed => self.lvsd_failed(now, &mut actions),
            Event::Terminate => self.terminate(&mut actions),
            Event::Wake => {}
        }
        if !self.terminating {
            self.run_timers(now, &mut actions);
        }
        actions
    }

    fn recover_from_stall(&mut self, now: Time, actions: &mut Vec<Action>) {
        actions.push(Action::DiscardHeartbeats);
        self.partner = Partner::Unknown;
        self.silent_since = now;
        if self.is_active() {
            self.deactivate(WhyInactive::Stalled, actions);
        }
    }

    fn heard(&mut self, state: State, now: Time, actions: &mut Vec<Action>) {
        if !self.rules.has_partner {
            return;
        }
        self.silent_since = now;
        let before = self.partner;
        self.partner = match (state, before) {
            (State::Running, _) => Partner::Running,
            (State::Stopped, Partner::Unknown) => Partner::Stopped {
                since: now,
                gave_up: false,
            },
            (State::Stopped, Partner::Running) => Partner::Stopped {
                since: now,
                gave_up: true,
            },
            (State::Stopped, stopped @ Partner::Stopped { .. }) => stopped,
        };
        match (state, self.is_active(), self.rules.role) {
            (State::Running, true, Role::Primary) => actions.push(Action::AnnounceAgain),
            (State::Running, true, Role::Backup) => {
                self.send(actions);
                self.deactivate(WhyInactive::PartnerActive, actions);
            }
            (State::Running, false, _) => self.failure = None,
            (State::Stopped, true, _) => {}
            (State::Stopped, false, role) => {
                if self.failure.is_none()
                    && now >= self.rests_until
                    && self.may_take_over(role, now)
                {
                    let partner = match role {
                        Role::Primary => Role::Backup,
                        Role::Backup => Role::Primary,
                    };
                    self.activate(WhyActive::PartnerInactive(partner), now, actions);
                }
            }
        }
        // At first contact the partner learns of us at once, not at the next tick: a primary
        // that has just started can then take the role before the backup's patience ends.
        if before == Partner::Unknown && actions.is_empty() {
            self.send(actions);
        }
    }

    /// Whether a partner that just said *stopped* leaves the role to this router.
    fn may_take_over(&self, role: Role, now: Time) -> bool {
        match (role, self.partner) {
            (Role::Primary, _) => true,
            (Role::Backup, Partner::Stopped { gave_up: true, .. }) => true,
            // With both routers cold the primary must win: its first *stopped* is not the last
            // word, but one that is said again a whole keepalive later is.
            (
                Role::Backup,
                Partner::Stopped {
                    since,
                    gave_up: false,
                },
            ) => now.saturating_sub(since) >= self.rules.keepalive,
            (Role::Backup, Partner::Unknown | Partner::Running) => false,
        }
    }

    fn lvsd_failed(&mut self, now: Time, actions: &mut Vec<Action>) {
        let Some(since) = self.active_since else {
            return;
        };
        if now.saturating_sub(since) > LONGEST_RETRY {
            self.retry_delay = FIRST_RETRY;
        }
        // A partner that can serve does so within deadtime and says so, which ends the failure;
        // one that has been silent for that long already is not waited for.
        let partner_is_dead = self.silent_since + self.rules.deadtime;
        let wait = if self.rules.has_partner {
            self.retry_delay.max(partner_is_dead.saturating_sub(now))
        } else {
            self.retry_delay
        };
        self.failure = Some(Failure {
            retry_at: now + wait,
        });
        self.rests_until = now + self.retry_delay;
        self.retry_delay = (self.retry_delay * 2).min(LONGEST_RETRY);
        self.deactivate(WhyInactive::LvsdFailed, actions);
    }

    fn terminate(&mut self, actions: &mut Vec<Action>) {
        self.terminating = true;
        if self.is_active() {
            self.deactivate(WhyInactive::Terminating, actions);
        } else {
            self.send(actions);
        }
        actions.push(Action::Exit);
    }

    fn run_timers(&mut self, now: Time, actions: &mut Vec<Action>) {
        if !self.is_active() {
            let silent = now.saturating_sub(self.silent_since) >= self.rules.deadtime;
            match self.failure {
                Some(failure) if now >= failure.retry_at => {
                    self.failure = None;
                    self.activate(WhyActive::Retry, now, actions);
                }
                Some(_) => {}
                None if self.rules.has_partner && silent => {
                    self.partner = Partner::Unknown;
                    self.activate(WhyActive::PartnerDead, now, actions);
                }
                None => {}
            }
        }
        if self.rules.has_partner && now >= self.next_heartbeat {
            self.send(actions);
            let on_time = self.next_heartbeat + self.rules.keepalive;
            self.next_heartbeat = if on_time > now {
                on_time
            } else {
                now + self.rules.keepalive
            };
        }
    }

    fn activate(&mut self, why: WhyActive, now: Time, actions: &mut Vec<Action>) {
        self.active_since = Some(now);
        self.failure = None;
        actions.push(Action::Activate(why));
        self.send(actions);
    }

    fn deactivate(&mut self, why: WhyInactive, actions: &mut Vec<Action>) {
        self.active_since = None;
        actions.push(Action::Deactivate(why));
        self.send(actions);
    }

    /// Tells the partner this router's state.
    fn send(&self, actions: &mut Vec<Action>) {
        if self.rules.has_partner {
            let state = if self.is_active() {
                State::Running
            } else {
                State::Stopped
            };
            actions.push(Action::Send(state));
        }
    }
}
