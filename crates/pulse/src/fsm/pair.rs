//! Two machines on one simulated clock, with latency and loss between them.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::tests::{DEADTIME, KEEPALIVE, ms, rules};
use super::*;

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
