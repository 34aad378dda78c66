//! Every rule of the state machine by itself, and every state with every event.

use super::*;
use State::{Running, Stopped};

pub(super) const KEEPALIVE: Duration = Duration::from_secs(1);
pub(super) const DEADTIME: Duration = Duration::from_secs(3);

pub(super) fn rules(role: Role) -> Rules {
    Rules {
        role,
        has_partner: true,
        keepalive: KEEPALIVE,
        deadtime: DEADTIME,
    }
}

pub(super) fn ms(ms: u64) -> Time {
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
    // deadtime since it was last heard, then 1 s doubled once that is longer, up to 60 s.
    let gaps: Vec<u64> = activations
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    assert_eq!(activations[0], 4100, "silent so far: not waited for");
    assert_eq!(
        gaps,
        [
            2900, 4000, 8000, 16000, 32000, 60000, 60000, 60000, 60000, 60000
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
