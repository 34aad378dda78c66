//! Invariants over random sequences of checks.

use super::*;
use proptest::prelude::*;

/// One check: delay after the start of the previous one, duration, result.
type Check = (u64, u64, bool);

/// A sequence of checks with an interval of at most `timeout`, in milliseconds.
fn courses() -> impl Strategy<Value = (u64, u64, u64, bool, Vec<Check>)> {
    (1..20_000u64, 0..100_000u64, any::<bool>()).prop_flat_map(|(timeout, reentry, adopted)| {
        (1..=timeout).prop_flat_map(move |interval| {
            let checks = prop::collection::vec(
                (0..=interval, 0..=timeout, prop::bool::weighted(0.7)),
                1..200,
            );
            (
                Just(timeout),
                Just(interval),
                Just(reentry),
                Just(adopted),
                checks,
            )
        })
    })
}

/// Events with their times in milliseconds: the ends of the checks, and the transitions.
struct Course {
    ends: Vec<(u64, bool)>,
    statuses: Vec<(u64, Event, Status)>,
}

/// Runs a sequence, ticking at each deadline as the actor does.
fn run(timeout: u64, reentry: u64, adopted: bool, checks: &[Check]) -> Course {
    let base = Instant::now();
    let at = |ms| base + Duration::from_millis(ms);
    let rules = Rules {
        timeout: Duration::from_millis(timeout),
        reentry: Duration::from_millis(reentry),
    };
    let mut health = Health::new(rules);
    if adopted {
        health.step(Event::Preexisting, base);
    }
    let mut course = Course {
        ends: Vec::new(),
        statuses: Vec::new(),
    };
    let mut now = 0;
    for &(pause, duration, passes) in checks {
        let end = now + pause + duration;
        if let Some(deadline) = health.deadline() {
            let due = u64::try_from((deadline - base).as_millis()).expect("short");
            if due <= end {
                let due = due.max(now);
                if let Some(Transition::Status(status)) = health.step(Event::Tick, at(due)) {
                    course.statuses.push((due, Event::Tick, status));
                }
            }
        }
        let event = if passes { Event::Pass } else { Event::Fail };
        if let Some(Transition::Status(status)) = health.step(event, at(end)) {
            course.statuses.push((end, event, status));
        }
        course.ends.push((end, passes));
        now = end;
    }
    course
}

proptest! {
    #[test]
    fn never_in_without_pass((timeout, _, reentry, adopted, checks) in courses()) {
        for (_, event, status) in run(timeout, reentry, adopted, &checks).statuses {
            prop_assert!(status != Status::In || event == Event::Pass);
        }
    }

    /// Failing checks here may each take the whole timeout.
    #[test]
    fn goes_out_between_timeout_and_next_check(
        (timeout, interval, reentry, adopted, checks) in courses(),
    ) {
        let course = run(timeout, reentry, adopted, &checks);
        let mut inside = adopted;
        let mut last_pass = 0;
        let mut statuses = course.statuses.iter().peekable();
        for &(end, passes) in &course.ends {
            while let Some(&(at, event, status)) = statuses.next_if(|&&(at, event, _)| {
                at < end || (at == end && (event == Event::Tick || !passes))
            }) {
                if status == Status::Out {
                    prop_assert!(inside);
                    prop_assert!(at >= last_pass + timeout, "{event:?} too early");
                    prop_assert!(at <= last_pass + timeout + interval, "{event:?} too late");
                    inside = false;
                }
            }
            if passes {
                last_pass = end;
                if let Some(&(_, _, status)) = statuses.next_if(|&&(at, _, _)| at == end) {
                    prop_assert_eq!(status, Status::In);
                    inside = true;
                }
            } else if inside {
                prop_assert!(end < last_pass + timeout, "still in at {end}");
            }
        }
    }

    #[test]
    fn reentry_requires_passes_for_reentry_time(
        (timeout, _, reentry, adopted, checks) in courses(),
    ) {
        let course = run(timeout, reentry, adopted, &checks);
        let mut went_out = None;
        for &(at, _, status) in &course.statuses {
            match (status, went_out) {
                (Status::Out, _) => went_out = Some(at),
                (Status::In, Some(out)) => {
                    let first = course
                        .ends
                        .iter()
                        .rev()
                        .skip_while(|&&(end, _)| end > at)
                        .take_while(|&&(end, passes)| passes && end >= out)
                        .last();
                    let &(first, _) = first.expect("a pass brought it in");
                    prop_assert!(at - first >= reentry);
                }
                (Status::In | Status::NotYet, _) => {}
            }
        }
    }
}
