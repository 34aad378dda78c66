//! Every state with every event.

mod courses;

use super::*;
use crate::settings::timeout_and_interval;

const TIMEOUT: Duration = Duration::from_secs(10);
const REENTRY: Duration = Duration::from_secs(180);
const RULES: Rules = Rules {
    timeout: TIMEOUT,
    reentry: REENTRY,
};

/// The machine in `state`, nothing forced.
fn in_state(state: State) -> Health {
    Health {
        state,
        ..Health::new(RULES)
    }
}

/// Every (state, event) pair at 100 s after the last pass or the first of the passes, or at a
/// time that is too short for either rule: the state after it and the verdict.
#[test]
fn every_state_with_every_event() {
    use Event::{Fail, Found, Pass, Tick};
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
        answered: false,
    };
    let silent_again = Out {
        passing_since: None,
        answered: true,
    };
    let passing = |seconds| Out {
        passing_since: Some(at(seconds)),
        answered: true,
    };
    let again = Some(News::Answers);
    let yes = Some(News::Verdict(Verdict::In));
    let no = Some(News::Verdict(Verdict::Out));

    let table = [
        (New, Found, 0, adopted(false), None),
        (New, Pass, 0, passed_at(0), yes),
        (New, Fail, 0, Waiting, Some(News::Verdict(Verdict::NotYet))),
        (New, Tick, 100, New, None),
        (Waiting, Found, 0, adopted(false), None),
        (Waiting, Pass, 100, passed_at(100), yes),
        (Waiting, Fail, 100, Waiting, None),
        (Waiting, Tick, 100, Waiting, None),
        (adopted(false), Found, 9, adopted(false), None),
        (adopted(false), Pass, 9, passed_at(9), yes),
        (adopted(false), Pass, 100, passed_at(100), yes),
        (adopted(false), Fail, 9, adopted(true), None),
        (adopted(false), Fail, 10, out, no),
        (adopted(false), Tick, 9, adopted(false), None),
        (adopted(false), Tick, 100, adopted(false), None),
        (adopted(true), Found, 9, adopted(true), None),
        (adopted(true), Pass, 9, passed_at(9), yes),
        (adopted(true), Fail, 9, adopted(true), None),
        (adopted(true), Fail, 10, out, no),
        (adopted(true), Tick, 9, adopted(true), None),
        (adopted(true), Tick, 10, out, no),
        (inside(false), Found, 9, inside(false), None),
        (inside(false), Pass, 9, passed_at(9), None),
        (inside(false), Pass, 100, passed_at(100), None),
        (inside(false), Fail, 9, inside(true), None),
        (inside(false), Fail, 10, out, no),
        (inside(false), Tick, 9, inside(false), None),
        (inside(false), Tick, 100, inside(false), None),
        (inside(true), Found, 9, inside(true), None),
        (inside(true), Pass, 9, passed_at(9), None),
        (inside(true), Fail, 9, inside(true), None),
        (inside(true), Fail, 10, out, no),
        (inside(true), Tick, 9, inside(true), None),
        (inside(true), Tick, 10, out, no),
        (out, Found, 100, out, None),
        (out, Pass, 100, passing(100), again),
        (out, Fail, 100, out, None),
        (out, Tick, 1000, out, None),
        (passing(0), Found, 100, passing(0), None),
        (passing(0), Pass, 179, passing(0), None),
        (passing(0), Pass, 180, passed_at(180), yes),
        (passing(0), Fail, 179, silent_again, None),
        (passing(0), Fail, 180, silent_again, None),
        (passing(0), Tick, 180, passing(0), None),
        (silent_again, Found, 100, silent_again, None),
        (silent_again, Pass, 100, passing(100), None),
        (silent_again, Fail, 100, silent_again, None),
        (silent_again, Tick, 1000, silent_again, None),
    ];
    for (before, event, seconds, after, verdict) in table {
        let mut health = in_state(before);
        let told = health.step(event, at(seconds));
        assert_eq!(
            (health.state, told),
            (after, verdict),
            "{before:?} {event:?} at {seconds} s"
        );
    }
}

/// Force, in every state: what the checks say stays as it is, what is told is the difference. Of a
/// server that no verdict was given of, nobody knows whether it is in: forced out is told too.
#[test]
fn every_state_with_every_force() {
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
                answered: true,
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
                let told = |from: (Force, bool), to: (Force, bool)| {
                    let is_unknown = matches!(state, State::New | State::Waiting);
                    match (from, to) {
                        ((_, false), (_, true)) => Some(News::Verdict(Verdict::In)),
                        ((_, true), (_, false)) => Some(News::Verdict(Verdict::Out)),
                        ((Force::Neither, _), (Force::Out, _)) if is_unknown => {
                            Some(News::Verdict(Verdict::Out))
                        }
                        _ => None,
                    }
                };
                let (none, first, second) =
                    ((Force::Neither, natural), (first, one), (second, two));
                let step = |health: &mut Health, force| health.step(Event::Force(force), now);
                let case = format!("{state:?} {first:?} {second:?}");
                assert_eq!(step(&mut health, first.0), told(none, first), "{case}");
                assert_eq!(step(&mut health, second.0), told(first, second), "{case}");
                assert_eq!((health.state, health.is_in()), (state, two));
            }
        }
    }
}

#[test]
fn the_checks_made_under_force_count() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut health = Health::new(RULES);
    assert_eq!(
        health.step(Event::Force(Force::Out), at(0)),
        Some(News::Verdict(Verdict::Out)),
        "it may be in the table from before"
    );
    assert_eq!(health.step(Event::Force(Force::Out), at(0)), None, "once");
    assert_eq!(health.step(Event::Pass, at(1)), None, "forced out");
    assert_eq!(
        health.step(Event::Force(Force::Neither), at(2)),
        Some(News::Verdict(Verdict::In))
    );
    assert_eq!(health.step(Event::Force(Force::In), at(3)), None);
    assert_eq!(health.step(Event::Fail, at(20)), None, "forced in");
    assert_eq!(
        health.step(Event::Force(Force::Neither), at(21)),
        Some(News::Verdict(Verdict::Out))
    );
    assert_eq!(
        health.step(Event::Force(Force::In), at(22)),
        Some(News::Verdict(Verdict::In))
    );
}

#[test]
fn a_server_forced_in_at_once_is_not_called_unavailable() {
    let now = Instant::now();
    let mut health = Health::new(RULES);
    assert_eq!(
        health.step(Event::Force(Force::In), now),
        Some(News::Verdict(Verdict::In))
    );
    assert_eq!(health.step(Event::Fail, now), None);
}

/// Told once an outage, and not where the checks are not asked or there is nothing to wait for.
#[test]
fn a_server_that_went_out_is_told_of_when_it_answers_again() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let told = |rules, force| {
        let mut health = Health::new(rules);
        let mut told = Vec::new();
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
            if health.step(event, at(second)) == Some(News::Answers) {
                told.push(second);
            }
        }
        told
    };
    assert_eq!(told(RULES, Force::Neither), [13, 207]);
    assert_eq!(told(RULES, Force::Out), [207]);
    assert_eq!(told(RULES, Force::In), [207]);
    let at_once = Rules {
        reentry: Duration::ZERO,
        ..RULES
    };
    assert_eq!(told(at_once, Force::Neither), [0; 0]);
}

#[test]
fn a_nanny_that_was_stopped_looks_before_it_judges() {
    let start = Instant::now();
    let mut health = Health::new(RULES);
    health.step(Event::Pass, start);
    let late = start + TIMEOUT * 100;
    assert_eq!(health.step(Event::Tick, late), None);
    assert_eq!(health.step(Event::Pass, late), None);
    assert!(health.is_in());
}

/// With the default interval, whatever the timeout: checks start at its pace, each takes almost
/// none of it or almost all, and one in between fails.
#[test]
fn one_failed_check_takes_nobody_out_at_the_default_interval() {
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
