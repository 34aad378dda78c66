//! Every rule of the state machine by itself, every state with every event, and two machines on
//! one simulated clock with latency and loss between them.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use State::{Running, Stopped};

const KEEPALIVE: Duration = Duration::from_secs(1);
const DEADTIME: Duration = Duration::from_secs(3);

fn rules(role: Role) -> Rules {
    Rules {
        role,
        has_partner: true,
        keepalive: KEEPALIVE,
        deadtime: DEADTIME,
    }
}

fn ms(ms: u64) -> Time {
    Duration::from_millis(ms)
}

fn started(role: Role) -> Machine {
    Machine::start(rules(role), false, ms(0)).0
}

/// A machine made active by its partner's silence, at 3 s.
fn active(role: Role) -> Machine {
    let mut machine = started(role);
    for tick in [1000, 2000, 3000] {
        machine.step(Event::Wake, ms(tick));
    }
    assert!(machine.is_active());
    machine
}

/// A machine whose lvsd failed at 3.1 s.
fn failed(role: Role) -> Machine {
    let mut machine = active(role);
    machine.step(Event::LvsdFailed, ms(3100));
    machine
}

#[test]
fn a_start_is_announced_and_waits() {
    for role in [Role::Primary, Role::Backup] {
        let (machine, actions) = Machine::start(rules(role), false, ms(0));
        assert_eq!(actions, [Action::Send(Stopped)]);
        assert!(!machine.is_active());
        assert_eq!(machine.next_wake(), Some(KEEPALIVE));
    }
}

#[test]
fn a_lone_router_serves_at_once_and_sends_nothing() {
    let lone = Rules {
        has_partner: false,
        ..rules(Role::Primary)
    };
    let (mut machine, actions) = Machine::start(lone, false, ms(0));
    assert_eq!(actions, [Action::Activate(WhyActive::NoPartner)]);
    assert_eq!(machine.next_wake(), None);
    assert_eq!(machine.step(Event::Heard(Stopped), ms(10)), []);
    assert_eq!(
        machine.step(Event::Terminate, ms(20)),
        [Action::Deactivate(WhyInactive::Terminating), Action::Exit]
    );
}

#[test]
fn a_forced_start_is_active_and_says_so() {
    let (machine, actions) = Machine::start(rules(Role::Backup), true, ms(0));
    assert_eq!(
        actions,
        [Action::Activate(WhyActive::Forced), Action::Send(Running)]
    );
    assert!(machine.is_active());
}

#[test]
fn silence_of_deadtime_and_not_a_moment_less_activates() {
    let mut machine = started(Role::Backup);
    machine.step(Event::Wake, ms(1000));
    machine.step(Event::Heard(Running), ms(1500));
    machine.step(Event::Wake, ms(2000));
    machine.step(Event::Wake, ms(3000));
    machine.step(Event::Wake, ms(4000));
    assert_eq!(machine.next_wake(), Some(ms(4500)));
    assert_eq!(machine.step(Event::Wake, ms(4499)), []);
    assert_eq!(
        machine.step(Event::Wake, ms(4500)),
        [
            Action::Activate(WhyActive::PartnerDead),
            Action::Send(Running)
        ]
    );
}

#[test]
fn the_primary_takes_the_role_from_an_inactive_backup_at_once() {
    let mut machine = started(Role::Primary);
    assert_eq!(
        machine.step(Event::Heard(Stopped), ms(5)),
        [
            Action::Activate(WhyActive::PartnerInactive(Role::Backup)),
            Action::Send(Running)
        ]
    );
}

#[test]
fn the_backup_waits_for_a_second_stopped_at_a_cold_start() {
    let mut machine = started(Role::Backup);
    assert_eq!(
        machine.step(Event::Heard(Stopped), ms(100)),
        [Action::Send(Stopped)]
    );
    assert_eq!(machine.step(Event::Heard(Stopped), ms(600)), []);
    machine.step(Event::Wake, ms(1000));
    assert_eq!(
        machine.step(Event::Heard(Stopped), ms(1100)),
        [
            Action::Activate(WhyActive::PartnerInactive(Role::Primary)),
            Action::Send(Running)
        ]
    );
}

#[test]
fn a_running_in_between_starts_the_backups_wait_again_or_ends_it() {
    let mut machine = started(Role::Backup);
    machine.step(Event::Heard(Stopped), ms(100));
    machine.step(Event::Heard(Running), ms(200));
    assert_eq!(
        machine.step(Event::Heard(Stopped), ms(300)),
        [
            Action::Activate(WhyActive::PartnerInactive(Role::Primary)),
            Action::Send(Running)
        ],
        "a primary that was active and says stopped has handed over"
    );
}

#[test]
fn two_active_routers_the_backup_yields_the_primary_announces_again() {
    assert_eq!(
        active(Role::Backup).step(Event::Heard(Running), ms(3500)),
        [
            Action::Send(Running),
            Action::Deactivate(WhyInactive::PartnerActive),
            Action::Send(Stopped)
        ]
    );
    assert_eq!(
        active(Role::Primary).step(Event::Heard(Running), ms(3500)),
        [Action::AnnounceAgain]
    );
}

#[test]
fn a_failed_lvsd_hands_over_and_is_not_tried_while_the_partner_serves() {
    let mut machine = active(Role::Primary);
    assert_eq!(
        machine.step(Event::LvsdFailed, ms(3100)),
        [
            Action::Deactivate(WhyInactive::LvsdFailed),
            Action::Send(Stopped)
        ]
    );
    assert_eq!(
        machine.step(Event::Heard(Stopped), ms(3200)),
        [Action::Send(Stopped)]
    );
    machine.step(Event::Heard(Running), ms(3300));
    assert!(!machine.is_active());
    // The partner serves, which ends the failure: its silence counts again.
    machine.step(Event::Wake, ms(4300));
    machine.step(Event::Wake, ms(5300));
    assert_eq!(
        machine.step(Event::Wake, ms(6300))[0],
        Action::Activate(WhyActive::PartnerDead)
    );
}

#[test]
fn a_failed_lvsd_is_tried_again_when_the_partner_does_not_serve_either() {
    let mut machine = failed(Role::Primary);
    let mut activations = Vec::new();
    for tenth in 32..4000 {
        let now = ms(tenth * 100);
        let mut actions = Vec::new();
        if tenth % 10 == 0 {
            actions.extend(machine.step(Event::Heard(Stopped), now));
        }
        actions.extend(machine.step(Event::Wake, now));
        for action in actions {
            if let Action::Activate(why) = action {
                assert_eq!(why, WhyActive::Retry);
                activations.push(tenth * 100);
                machine.step(Event::LvsdFailed, now);
            }
        }
    }
    // deadtime, then 1 s doubled until it exceeds deadtime, up to 60 s.
    let gaps: Vec<u64> = activations
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    assert_eq!(activations[0], 6100);
    assert_eq!(
        gaps,
        [
            3000, 4000, 8000, 16000, 32000, 60000, 60000, 60000, 60000, 60000
        ]
    );
}

#[test]
fn a_lone_router_tries_a_failed_lvsd_again_with_backoff() {
    let lone = Rules {
        has_partner: false,
        ..rules(Role::Primary)
    };
    let (mut machine, _) = Machine::start(lone, false, ms(0));
    let mut now = ms(0);
    for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
        machine.step(Event::LvsdFailed, now);
        assert!(!machine.is_active());
        now += Duration::from_secs(wait);
        assert_eq!(machine.next_wake(), Some(now));
        assert_eq!(
            machine.step(Event::Wake, now),
            [Action::Activate(WhyActive::Retry)]
        );
    }
    // One that ran for more than a minute has not failed again: it starts over at one second.
    now += Duration::from_secs(61);
    machine.step(Event::LvsdFailed, now);
    assert_eq!(machine.next_wake(), Some(now + FIRST_RETRY));
}

#[test]
fn an_active_router_that_stood_still_gives_up_and_forgets_what_waited() {
    for role in [Role::Primary, Role::Backup] {
        let mut machine = active(role);
        for event in [Event::Wake, Event::Heard(Stopped), Event::Heard(Running)] {
            let mut machine = machine.clone();
            let actions = machine.step(event, ms(6001));
            assert_eq!(
                actions[..3],
                [
                    Action::DiscardHeartbeats,
                    Action::Deactivate(WhyInactive::Stalled),
                    Action::Send(Stopped)
                ],
                "{role:?} {event:?}"
            );
            assert!(!machine.is_active(), "{role:?} {event:?}");
            assert_eq!(
                machine.step(Event::Wake, ms(9000)).first(),
                Some(&Action::Send(Stopped))
            );
            assert!(
                machine
                    .step(Event::Wake, ms(9001))
                    .contains(&Action::Activate(WhyActive::PartnerDead))
            );
        }
        assert!(
            machine
                .step(Event::Wake, ms(6000))
                .iter()
                .all(|a| matches!(a, Action::Send(_)))
        );
    }
}

#[test]
fn an_inactive_router_that_stood_still_gives_its_partner_a_fresh_deadtime() {
    let mut machine = started(Role::Backup);
    let actions = machine.step(Event::Wake, ms(60_000));
    assert_eq!(actions, [Action::DiscardHeartbeats, Action::Send(Stopped)]);
    assert!(!machine.is_active());
}

#[test]
fn a_stop_hands_over_and_nothing_counts_after_it() {
    let mut machine = active(Role::Primary);
    assert_eq!(
        machine.step(Event::Terminate, ms(3500)),
        [
            Action::Deactivate(WhyInactive::Terminating),
            Action::Send(Stopped),
            Action::Exit
        ]
    );
    assert_eq!(machine.next_wake(), None);
    for event in [
        Event::Wake,
        Event::Heard(Running),
        Event::Heard(Stopped),
        Event::LvsdFailed,
    ] {
        assert_eq!(machine.step(event, ms(60_000)), []);
    }
    assert_eq!(
        started(Role::Backup).step(Event::Terminate, ms(500)),
        [Action::Send(Stopped), Action::Exit]
    );
}

/// Every state a router can be in, with a name.
fn states() -> Vec<(&'static str, Machine)> {
    let mut states = Vec::new();
    for role in [Role::Primary, Role::Backup] {
        let mut heard_running = started(role);
        heard_running.step(Event::Heard(Running), ms(100));
        let mut terminated = active(role);
        terminated.step(Event::Terminate, ms(3050));
        states.push(("cold", started(role)));
        states.push(("standby", heard_running));
        states.push(("active", active(role)));
        states.push(("failed", failed(role)));
        states.push(("terminating", terminated));
    }
    states
}

#[test]
fn every_state_takes_every_event() {
    let events = [
        Event::Wake,
        Event::Heard(Running),
        Event::Heard(Stopped),
        Event::LvsdFailed,
        Event::Terminate,
    ];
    for (name, state) in states() {
        for event in events {
            // Early, at the tick, after deadtime, after a stall, and with a clock that stands.
            for now in [0, 3150, 4000, 6100, 60_000] {
                let mut machine = state.clone();
                let was_active = machine.is_active();
                let actions = machine.step(event, ms(now));
                let label = format!("{name} {event:?} at {now}: {actions:?}");
                let ups = actions
                    .iter()
                    .filter(|a| matches!(a, Action::Activate(_)))
                    .count();
                let downs = actions
                    .iter()
                    .filter(|a| matches!(a, Action::Deactivate(_)))
                    .count();
                let balance = ups as i32 - downs as i32;
                assert_eq!(
                    i32::from(was_active) + balance,
                    i32::from(machine.is_active()),
                    "{label}"
                );
                assert!(ups + downs <= 2, "{label}");
                let last_word = actions.iter().rev().find_map(|action| match action {
                    Action::Send(state) => Some(*state == Running),
                    _ => None,
                });
                assert!(
                    last_word.is_none_or(|word| word == machine.is_active()),
                    "{label}"
                );
                if ups + downs > 0 {
                    assert!(last_word.is_some(), "a change is told at once: {label}");
                }
                assert!(
                    machine.next_wake().is_none_or(|wake| wake > ms(now)),
                    "{label}"
                );
            }
        }
    }
}

/// A heartbeat under way.
struct Packet {
    at: Time,
    to: usize,
    state: State,
}

/// Two routers on one simulated clock.
struct Pair {
    now: Time,
    machines: [Option<Machine>; 2],
    network: VecDeque<Packet>,
    latency: Duration,
    /// Whether packets *from* this router arrive.
    connected: [bool; 2],
    /// (time, who is active) at each change.
    history: Vec<(Time, [bool; 2])>,
}

const ROLES: [Role; 2] = [Role::Primary, Role::Backup];

impl Pair {
    fn new(latency: Duration) -> Self {
        Self {
            now: ms(0),
            machines: [None, None],
            network: VecDeque::new(),
            latency,
            connected: [true, true],
            history: vec![(ms(0), [false, false])],
        }
    }

    fn start(&mut self, router: usize) {
        let (machine, actions) = Machine::start(rules(ROLES[router]), false, self.now);
        self.machines[router] = Some(machine);
        self.perform(router, &actions);
    }

    fn kill(&mut self, router: usize) {
        self.machines[router] = None;
        self.record();
    }

    fn event(&mut self, router: usize, event: Event) {
        let Some(machine) = &mut self.machines[router] else {
            return;
        };
        let actions = machine.step(event, self.now);
        self.perform(router, &actions);
    }

    fn perform(&mut self, router: usize, actions: &[Action]) {
        for action in actions {
            if let Action::Send(state) = action
                && self.connected[router]
            {
                let packet = Packet {
                    at: self.now + self.latency,
                    to: 1 - router,
                    state: *state,
                };
                self.network.push_back(packet);
            }
        }
        self.record();
    }

    fn record(&mut self) {
        let active = self.active();
        if self.history.last().map(|last| last.1) != Some(active) {
            self.history.push((self.now, active));
        }
    }

    fn active(&self) -> [bool; 2] {
        [0, 1].map(|r| self.machines[r].as_ref().is_some_and(Machine::is_active))
    }

    /// Runs to the given time, wake-up by wake-up.
    fn run_until(&mut self, end: Time) {
        loop {
            let packet = self.network.front().map(|packet| packet.at);
            let wakes = self
                .machines
                .iter()
                .flatten()
                .filter_map(Machine::next_wake);
            let Some(next) = wakes.chain(packet).min().filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            let next = next.max(self.now);
            self.now = next;
            if packet.is_some_and(|at| at <= next)
                && let Some(packet) = self.network.pop_front()
            {
                self.event(packet.to, Event::Heard(packet.state));
                continue;
            }
            for router in [0, 1] {
                let due = self.machines[router].as_ref().and_then(Machine::next_wake);
                if due.is_some_and(|due| due <= next) {
                    self.event(router, Event::Wake);
                }
            }
        }
    }

    fn longest(&self, what: impl Fn([bool; 2]) -> bool, from: Time) -> Duration {
        let mut longest = Duration::ZERO;
        let ends = self.history.iter().skip(1).map(|h| h.0).chain([self.now]);
        for ((start, active), end) in self.history.iter().zip(ends) {
            if what(*active) && end > from {
                longest = longest.max(end - (*start).max(from));
            }
        }
        longest
    }
}

#[test]
fn at_a_cold_start_the_primary_wins_whatever_the_offset() {
    for first in [0, 1] {
        for offset in (0..2900).step_by(7) {
            let mut pair = Pair::new(ms(1));
            pair.start(first);
            pair.run_until(ms(offset));
            pair.start(1 - first);
            pair.run_until(ms(offset + 10_000));
            let label = format!("{:?} first, by {offset} ms", ROLES[first]);
            assert_eq!(pair.active(), [true, false], "{label}");
            assert_eq!(
                pair.longest(|active| active == [true, true], ms(0)),
                ms(0),
                "{label}"
            );
            assert!(!pair.history.iter().any(|(_, active)| active[1]), "{label}");
        }
    }
}

#[test]
fn a_clean_stop_is_taken_over_within_one_latency() {
    for stopped in [0, 1] {
        let mut pair = Pair::new(ms(5));
        pair.start(stopped);
        pair.run_until(ms(4000));
        pair.start(1 - stopped);
        pair.run_until(ms(8000));
        assert!(pair.active()[stopped]);
        pair.event(stopped, Event::Terminate);
        pair.run_until(ms(9000));
        assert!(pair.active()[1 - stopped]);
        assert_eq!(
            pair.longest(|active| active == [false, false], ms(8000)),
            ms(5)
        );
    }
}

#[test]
fn a_returning_primary_is_the_hot_backup() {
    let mut pair = Pair::new(ms(1));
    pair.start(0);
    pair.start(1);
    pair.run_until(ms(5000));
    assert_eq!(pair.active(), [true, false]);
    pair.kill(0);
    pair.run_until(ms(10_000));
    assert_eq!(pair.active(), [false, true]);
    let gap = pair.longest(|active| active == [false, false], ms(5000));
    assert_eq!(
        gap,
        DEADTIME + pair.latency,
        "its last heartbeat was under way when it died"
    );
    pair.start(0);
    pair.run_until(ms(30_000));
    assert_eq!(pair.active(), [false, true]);
    assert_eq!(pair.longest(|active| active == [true, true], ms(0)), ms(0));
}

#[test]
fn two_routers_that_both_fail_do_not_pass_the_role_to_and_fro() {
    let mut pair = Pair::new(ms(1));
    pair.start(0);
    pair.start(1);
    let mut failures = Vec::new();
    while pair.now < Duration::from_secs(600) {
        pair.run_until(pair.now + ms(100));
        for router in [0, 1] {
            if pair.active()[router] {
                pair.event(router, Event::LvsdFailed);
                failures.push((pair.now, router));
            }
        }
    }
    // Each tries after 1, 2, 4 ... 60 s: in the first minute some, later two a minute.
    assert!(failures.len() < 40, "{failures:?}");
    let late = failures
        .iter()
        .filter(|(at, _)| *at > Duration::from_secs(300));
    assert!(
        late.clone().count() <= 14 && late.count() >= 5,
        "{failures:?}"
    );
}

#[test]
fn after_a_split_the_primary_keeps_the_role() {
    let mut pair = Pair::new(ms(1));
    pair.start(0);
    pair.start(1);
    pair.run_until(ms(5000));
    pair.connected = [false, false];
    pair.run_until(ms(20_000));
    assert_eq!(
        pair.active(),
        [true, true],
        "a split cannot be told from a death"
    );
    pair.connected = [true, true];
    pair.run_until(ms(21_100));
    assert_eq!(pair.active(), [true, false]);
}

/// One step of a random story.
#[derive(Debug, Clone)]
enum Fault {
    Run(u64),
    Cut(usize),
    Mend(usize),
    Kill(usize),
    Start(usize),
    FailLvsd(usize),
}

fn fault() -> impl Strategy<Value = Fault> {
    let router = 0..2_usize;
    prop_oneof![
        3 => (1..9000_u64).prop_map(Fault::Run),
        1 => router.clone().prop_map(Fault::Cut),
        1 => router.clone().prop_map(Fault::Mend),
        1 => router.clone().prop_map(Fault::Kill),
        2 => router.clone().prop_map(Fault::Start),
        1 => router.prop_map(Fault::FailLvsd),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happened_one_router_serves_when_it_is_over(
        story in proptest::collection::vec(fault(), 0..30),
        latency in 0..400_u64,
    ) {
        let mut pair = Pair::new(ms(latency));
        for fault in story {
            match fault {
                Fault::Run(time) => pair.run_until(pair.now + ms(time)),
                Fault::Cut(router) => pair.connected[router] = false,
                Fault::Mend(router) => pair.connected[router] = true,
                Fault::Kill(router) => pair.kill(router),
                Fault::Start(router) => {
                    if pair.machines[router].is_none() {
                        pair.start(router);
                    }
                }
                Fault::FailLvsd(router) => pair.event(router, Event::LvsdFailed),
            }
        }
        pair.connected = [true, true];
        for router in [0, 1] {
            if pair.machines[router].is_none() {
                pair.start(router);
            }
        }
        // A failed lvsd is tried again after 60 s at most.
        let settled = pair.now + LONGEST_RETRY + DEADTIME + KEEPALIVE * 3;
        pair.run_until(settled);
        let [primary, backup] = pair.active();
        prop_assert!(primary != backup, "active: {:?}", pair.active());
        pair.run_until(settled + Duration::from_secs(60));
        prop_assert_eq!(pair.active(), [primary, backup]);
        prop_assert!(pair.history.last().is_some_and(|last| last.0 <= settled));
    }
}
