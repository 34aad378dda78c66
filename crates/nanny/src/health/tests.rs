//! Every pair of state and event.

mod courses;

use super::*;
use crate::settings::timeout_and_interval;

const TIMEOUT: Duration = Duration::from_secs(10);
const REENTRY: Duration = Duration::from_secs(180);
const RULES: Rules = Rules {
    timeout: TIMEOUT,
    reentry: REENTRY,
};

/// The state machine in `state` without override.
fn in_state(state: State) -> Health {
    Health {
        state,
        ..Health::new(RULES)
    }
}

/// Every (state, event) pair at 100 s after the last pass or the first of the passes, or at a time
/// too short for either rule: the next state and the transition.
#[test]
fn transitions_of_every_state_and_event() {
    use Event::{Fail, Pass, Preexisting, Tick};
    use State::{Adopted, In, New, Out, Waiting};

    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let adopted = |failed| Adopted {
        since: start,
        failed,
    };
    let inside = |failed| In {
        last_pass: start,
        failed,
    };
    let passed_at = |seconds| In {
        last_pass: at(seconds),
        failed: false,
    };
    let out = Out {
        passing_since: None,
        has_passed: false,
    };
    let silent_again = Out {
        passing_since: None,
        has_passed: true,
    };
    let passing = |seconds| Out {
        passing_since: Some(at(seconds)),
        has_passed: true,
    };
    let again = Some(Transition::Recovering);
    let yes = Some(Transition::Status(Status::In));
    let no = Some(Transition::Status(Status::Out));

    let table = [
        (New, Preexisting, 0, adopted(false), None),
        (New, Pass, 0, passed_at(0), yes),
        (
            New,
            Fail,
            0,
            Waiting,
            Some(Transition::Status(Status::NotYet)),
        ),
        (New, Tick, 100, New, None),
        (Waiting, Preexisting, 0, adopted(false), None),
        (Waiting, Pass, 100, passed_at(100), yes),
        (Waiting, Fail, 100, Waiting, None),
        (Waiting, Tick, 100, Waiting, None),
        (adopted(false), Preexisting, 9, adopted(false), None),
        (adopted(false), Pass, 9, passed_at(9), yes),
        (adopted(false), Pass, 100, passed_at(100), yes),
        (adopted(false), Fail, 9, adopted(true), None),
        (adopted(false), Fail, 10, out, no),
        (adopted(false), Tick, 9, adopted(false), None),
        (adopted(false), Tick, 100, adopted(false), None),
        (adopted(true), Preexisting, 9, adopted(true), None),
        (adopted(true), Pass, 9, passed_at(9), yes),
        (adopted(true), Fail, 9, adopted(true), None),
        (adopted(true), Fail, 10, out, no),
        (adopted(true), Tick, 9, adopted(true), None),
        (adopted(true), Tick, 10, out, no),
        (inside(false), Preexisting, 9, inside(false), None),
        (inside(false), Pass, 9, passed_at(9), None),
        (inside(false), Pass, 100, passed_at(100), None),
        (inside(false), Fail, 9, inside(true), None),
        (inside(false), Fail, 10, out, no),
        (inside(false), Tick, 9, inside(false), None),
        (inside(false), Tick, 100, inside(false), None),
        (inside(true), Preexisting, 9, inside(true), None),
        (inside(true), Pass, 9, passed_at(9), None),
        (inside(true), Fail, 9, inside(true), None),
        (inside(true), Fail, 10, out, no),
        (inside(true), Tick, 9, inside(true), None),
        (inside(true), Tick, 10, out, no),
        (out, Preexisting, 100, out, None),
        (out, Pass, 100, passing(100), again),
        (out, Fail, 100, out, None),
        (out, Tick, 1000, out, None),
        (passing(0), Preexisting, 100, passing(0), None),
        (passing(0), Pass, 179, passing(0), None),
        (passing(0), Pass, 180, passed_at(180), yes),
        (passing(0), Fail, 179, silent_again, None),
        (passing(0), Fail, 180, silent_again, None),
        (passing(0), Tick, 180, passing(0), None),
        (silent_again, Preexisting, 100, silent_again, None),
        (silent_again, Pass, 100, passing(100), None),
        (silent_again, Fail, 100, silent_again, None),
        (silent_again, Tick, 1000, silent_again, None),
    ];
    for (before, event, seconds, after, status) in table {
        let mut health = in_state(before);
        let transition = health.step(event, at(seconds));
        assert_eq!(
            (health.state, transition),
            (after, status),
            "{before:?} {event:?} at {seconds} s"
        );
    }
}

/// Overrides in every state: the state of the checks is kept, and the difference is the transition.
/// Without a status so far, the server may be preexisting, so forcing it out is a transition too.
#[test]
fn transitions_of_every_state_and_override() {
    let now = Instant::now();
    let states = [
        (State::New, false),
        (State::Waiting, false),
        (
            State::Adopted {
                since: now,
                failed: true,
            },
            true,
        ),
        (
            State::In {
                last_pass: now,
                failed: false,
            },
            true,
        ),
        (
            State::Out {
                passing_since: Some(now),
                has_passed: true,
            },
            false,
        ),
    ];
    for (state, natural) in states {
        for first in [Force::In, Force::Out, Force::Neither] {
            for second in [Force::In, Force::Out, Force::Neither] {
                let wanted = |force| match force {
                    Force::In => true,
                    Force::Out => false,
                    Force::Neither => natural,
                };
                let mut health = in_state(state);
                let (one, two) = (wanted(first), wanted(second));
                let transition = |from: (Force, bool), to: (Force, bool)| {
                    let is_unknown = matches!(state, State::New | State::Waiting);
                    match (from, to) {
                        ((_, false), (_, true)) => Some(Transition::Status(Status::In)),
                        ((_, true), (_, false)) => Some(Transition::Status(Status::Out)),
                        ((Force::Neither, _), (Force::Out, _)) if is_unknown => {
                            Some(Transition::Status(Status::Out))
                        }
                        _ => None,
                    }
                };
                let (none, first, second) =
                    ((Force::Neither, natural), (first, one), (second, two));
                let step = |health: &mut Health, force| health.step(Event::Force(force), now);
                let case = format!("{state:?} {first:?} {second:?}");
                assert_eq!(
                    step(&mut health, first.0),
                    transition(none, first),
                    "{case}"
                );
                assert_eq!(
                    step(&mut health, second.0),
                    transition(first, second),
                    "{case}"
                );
                assert_eq!((health.state, health.is_in()), (state, two));
            }
        }
    }
}

#[test]
fn checks_during_override_count() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut health = Health::new(RULES);
    assert_eq!(
        health.step(Event::Force(Force::Out), at(0)),
        Some(Transition::Status(Status::Out)),
        "it may be in the table from before"
    );
    assert_eq!(health.step(Event::Force(Force::Out), at(0)), None, "once");
    assert_eq!(health.step(Event::Pass, at(1)), None, "forced out");
    assert_eq!(
        health.step(Event::Force(Force::Neither), at(2)),
        Some(Transition::Status(Status::In))
    );
    assert_eq!(health.step(Event::Force(Force::In), at(3)), None);
    assert_eq!(health.step(Event::Fail, at(20)), None, "forced in");
    assert_eq!(
        health.step(Event::Force(Force::Neither), at(21)),
        Some(Transition::Status(Status::Out))
    );
    assert_eq!(
        health.step(Event::Force(Force::In), at(22)),
        Some(Transition::Status(Status::In))
    );
}

#[test]
fn forced_in_server_is_not_reported_unavailable() {
    let now = Instant::now();
    let mut health = Health::new(RULES);
    assert_eq!(
        health.step(Event::Force(Force::In), now),
        Some(Transition::Status(Status::In))
    );
    assert_eq!(health.step(Event::Fail, now), None);
}

/// Reported once an outage, and neither under an override nor without a reentry time to wait for.
#[test]
fn first_pass_after_failure_is_reported() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let recovering_at = |rules, force| {
        let mut health = Health::new(rules);
        let mut seconds = Vec::new();
        for (second, event) in [
            (0, Event::Pass),
            (1, Event::Fail),
            (11, Event::Tick),
            (12, Event::Force(force)),
            (13, Event::Pass),
            (14, Event::Fail),
            (15, Event::Pass),
            (195, Event::Pass),
            (196, Event::Fail),
            (205, Event::Tick),
            (206, Event::Force(Force::Neither)),
            (207, Event::Pass),
        ] {
            if health.step(event, at(second)) == Some(Transition::Recovering) {
                seconds.push(second);
            }
        }
        seconds
    };
    assert_eq!(recovering_at(RULES, Force::Neither), [13, 207]);
    assert_eq!(recovering_at(RULES, Force::Out), [207]);
    assert_eq!(recovering_at(RULES, Force::In), [207]);
    let at_once = Rules {
        reentry: Duration::ZERO,
        ..RULES
    };
    assert_eq!(recovering_at(at_once, Force::Neither), [0; 0]);
}

#[test]
fn stall_alone_does_not_remove_server() {
    let start = Instant::now();
    let mut health = Health::new(RULES);
    health.step(Event::Pass, start);
    let late = start + TIMEOUT * 100;
    assert_eq!(health.step(Event::Tick, late), None);
    assert_eq!(health.step(Event::Pass, late), None);
    assert!(health.is_in());
}

/// With the default interval, for any timeout: checks start at its pace, take almost none of it or
/// almost all, and one in between fails.
#[test]
fn single_failure_does_not_remove_server() {
    for timeout in 1..=6 {
        let (timeout, interval) = timeout_and_interval(Some(Duration::from_secs(timeout)), None);
        let slow = interval - Duration::from_millis(1);
        for pace in 0..8_u32 {
            let took = |check: u32| {
                if pace >> check & 1 == 0 {
                    Duration::ZERO
                } else {
                    slow
                }
            };
            let mut health = Health::new(Rules { timeout, ..RULES });
            let start = Instant::now();
            for (check, event) in [Event::Pass, Event::Fail, Event::Pass].iter().enumerate() {
                let check = u32::try_from(check).expect("three");
                let end = start + interval * check + took(check);
                let due = health.deadline().filter(|&due| due <= end);
                if let Some(due) = due {
                    health.step(Event::Tick, due);
                }
                health.step(*event, end);
                assert!(health.is_in(), "{timeout:?}, check {check} of {pace:03b}");
            }
        }
    }
}
