//! The promises, over random courses of checks.

use super::*;
use proptest::prelude::*;

/// One attempt: how long after the previous one it starts, how long it takes, whether it passes.
type Attempt = (u64, u64, bool);

/// A course of checks with an interval of at most `timeout`, in milliseconds.
fn courses() -> impl Strategy<Value = (u64, u64, u64, bool, Vec<Attempt>)> {
    (1..20_000u64, 0..100_000u64, any::<bool>()).prop_flat_map(|(timeout, reentry, adopted)| {
        (1..=timeout).prop_flat_map(move |interval| {
            let attempts = prop::collection::vec(
                (0..=interval, 0..=timeout, prop::bool::weighted(0.7)),
                1..200,
            );
            (
                Just(timeout),
                Just(interval),
                Just(reentry),
                Just(adopted),
                attempts,
            )
        })
    })
}

/// What happened when, in milliseconds: the checks' ends, and the verdicts.
struct Course {
    ends: Vec<(u64, bool)>,
    verdicts: Vec<(u64, Event, Verdict)>,
}

/// Runs a course, ticking at each deadline as the actor does.
fn run(timeout: u64, reentry: u64, adopted: bool, attempts: &[Attempt]) -> Course {
    let base = Instant::now();
    let at = |ms| base + Duration::from_millis(ms);
    let rules = Rules {
        timeout: Duration::from_millis(timeout),
        reentry: Duration::from_millis(reentry),
    };
    let mut health = Health::new(rules);
    if adopted {
        health.step(Event::Found, base);
    }
    let mut course = Course {
        ends: Vec::new(),
        verdicts: Vec::new(),
    };
    let mut now = 0;
    for &(pause, duration, passes) in attempts {
        let end = now + pause + duration;
        if let Some(deadline) = health.deadline() {
            let due = u64::try_from((deadline - base).as_millis()).expect("short");
            if due <= end {
                let due = due.max(now);
                if let Some(News::Verdict(verdict)) = health.step(Event::Tick, at(due)) {
                    course.verdicts.push((due, Event::Tick, verdict));
                }
            }
        }
        let event = if passes { Event::Pass } else { Event::Fail };
        if let Some(News::Verdict(verdict)) = health.step(event, at(end)) {
            course.verdicts.push((end, event, verdict));
        }
        course.ends.push((end, passes));
        now = end;
    }
    course
}

proptest! {
    #[test]
    fn never_in_without_a_pass((timeout, _, reentry, adopted, attempts) in courses()) {
        for (_, event, verdict) in run(timeout, reentry, adopted, &attempts).verdicts {
            prop_assert!(verdict != Verdict::In || event == Event::Pass);
        }
    }

    /// The attempts that fail here may each take the whole timeout.
    #[test]
    fn out_within_timeout_and_interval_of_the_last_pass_and_never_before_the_timeout(
        (timeout, interval, reentry, adopted, attempts) in courses(),
    ) {
        let course = run(timeout, reentry, adopted, &attempts);
        let mut inside = adopted;
        let mut last_pass = 0;
        let mut verdicts = course.verdicts.iter().peekable();
        for &(end, passes) in &course.ends {
            while let Some(&(at, event, verdict)) = verdicts.next_if(|&&(at, event, _)| {
                at < end || (at == end && (event == Event::Tick || !passes))
            }) {
                if verdict == Verdict::Out {
                    prop_assert!(inside);
                    prop_assert!(at >= last_pass + timeout, "{event:?} too early");
                    prop_assert!(at <= last_pass + timeout + interval, "{event:?} too late");
                    inside = false;
                }
            }
            if passes {
                last_pass = end;
                if let Some(&(_, _, verdict)) = verdicts.next_if(|&&(at, _, _)| at == end) {
                    prop_assert_eq!(verdict, Verdict::In);
                    inside = true;
                }
            } else if inside {
                prop_assert!(end < last_pass + timeout, "still in at {end}");
            }
        }
    }

    #[test]
    fn no_reentry_before_every_check_passed_for_so_long(
        (timeout, _, reentry, adopted, attempts) in courses(),
    ) {
        let course = run(timeout, reentry, adopted, &attempts);
        let mut went_out = None;
        for &(at, _, verdict) in &course.verdicts {
            match (verdict, went_out) {
                (Verdict::Out, _) => went_out = Some(at),
                (Verdict::In, Some(out)) => {
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
                (Verdict::In | Verdict::NotYet, _) => {}
            }
        }
    }
}
