//! Sequences of weights: slow start, then by load; and invariants of all sequences.

use super::*;
use proptest::prelude::*;

const STATIC: Rules = Rules {
    assigned: 100,
    scale: 10,
    by_load: false,
};
const BY_LOAD: Rules = Rules {
    by_load: true,
    ..STATIC
};

fn assigned(assigned: u32) -> Rules {
    Rules { assigned, ..STATIC }
}

fn load(average: f64) -> Load {
    Load::new(average).expect("a load")
}

/// Every weight of a server, with the seconds since it came in.
fn course(mut weight: Weight, start: Instant) -> Vec<(u64, u32)> {
    let mut course = vec![(0, weight.current())];
    while let Some(at) = weight.deadline() {
        assert_eq!(weight.step(at - Duration::from_nanos(1)), None, "too early");
        assert_eq!(weight.step(at), Some(Step::Changed));
        course.push(((at - start).as_secs(), weight.current()));
    }
    course
}

/// The weights after each of these loads, one a step; `None` is an unknown load.
fn follow(mut weight: Weight, loads: &[Option<f64>]) -> Vec<u32> {
    let mut weights = Vec::new();
    for &average in loads {
        let at = weight.deadline().expect("it goes on");
        let before = weight.current();
        let step = weight.step(at);
        if step == Some(Step::PollLoad) {
            assert_eq!(weight.current(), before);
            if let Some(average) = average {
                assert_eq!(weight.apply_load(load(average)), weight.current() != before);
            }
        }
        assert_eq!(weight.deadline(), Some(at + STEP));
        weights.push(weight.current());
    }
    weights
}

#[test]
fn slow_start_doubles_every_twenty_seconds() {
    let now = Instant::now();
    for (weight, expected) in [
        (0, &[(0, 0)][..]),
        (1, &[(0, 1)]),
        (2, &[(0, 1), (20, 2)]),
        (
            63,
            &[
                (0, 1),
                (20, 2),
                (40, 4),
                (60, 8),
                (80, 16),
                (100, 32),
                (120, 63),
            ],
        ),
        (
            64,
            &[(0, 2), (20, 4), (40, 8), (60, 16), (80, 32), (100, 64)],
        ),
        (
            1000,
            &[
                (0, 31),
                (20, 62),
                (40, 124),
                (60, 248),
                (80, 496),
                (100, 992),
                (120, 1000),
            ],
        ),
    ] {
        assert_eq!(
            course(Weight::start(assigned(weight), now), now),
            expected,
            "{weight}"
        );
    }
}

#[test]
fn adopted_weight_is_kept() {
    let now = Instant::now();
    for (weight, found, expected) in [
        (100, 100, &[(0, 100)][..]),
        (100, 30, &[(0, 30), (20, 60), (40, 100)]),
        (100, 101, &[(0, 101), (20, 100)]),
        (100, 700, &[(0, 700), (20, 100)]),
        (100, 5000, &[(0, 1000), (20, 100)]),
        (4, 0, &[(0, 1), (20, 2), (40, 4)]),
        (0, 7, &[(0, 0)]),
        (LARGEST_WEIGHT, LARGEST_WEIGHT, &[(0, LARGEST_WEIGHT)]),
    ] {
        let adopted = Weight::adopt(assigned(weight), found, now);
        assert_eq!(course(adopted, now), expected, "{found} of {weight}");
    }
}

#[test]
fn weight_follows_load_within_limits() {
    let now = Instant::now();
    let weight = Weight::adopt(BY_LOAD, 100, now);
    // 50 times the cube root of 1, 0.512, 0.125, then of 1, 8, 27.
    let loads = [0.0, 0.488, 0.875, 2.0, 9.0, 28.0].map(Some);
    assert_eq!(follow(weight, &loads), [150, 190, 215, 165, 100, 100]);
    let idle = [Some(0.0); 20];
    let weights = follow(weight, &idle);
    assert_eq!(weights[..3], [150, 200, 250]);
    assert_eq!(weights[17..], [1000, 1000, 1000]);
}

#[test]
fn slow_start_ends_before_load_counts() {
    let now = Instant::now();
    let weight = Weight::start(BY_LOAD, now);
    let busy = [
        Some(0.0),
        Some(50.0),
        None,
        None,
        Some(1.0),
        None,
        None,
        Some(0.0),
    ];
    let weights = [6, 12, 24, 48, 96, 100, 100, 150];
    assert_eq!(follow(weight, &busy), weights);
}

#[test]
fn adopted_weight_within_scale_is_kept() {
    let now = Instant::now();
    let unknown = [None, None];
    for (found, kept) in [(100, 100), (700, 700), (5000, 1000)] {
        let weight = Weight::adopt(BY_LOAD, found, now);
        assert_eq!(weight.current(), kept);
        assert_eq!(follow(weight, &unknown), [kept, kept]);
    }
    let mut weight = Weight::adopt(BY_LOAD, 700, now);
    weight.disable_load(now);
    assert_eq!(course(weight, now), [(0, 700), (20, 100)]);
}

#[test]
fn divisions_and_result_truncate() {
    let by_load = |assigned, last, average| {
        let rules = Rules {
            assigned,
            ..BY_LOAD
        };
        rules.follow(last, load(average))
    };
    // 1 / 2 is 0: nothing moves a weight of 1.
    assert_eq!(by_load(1, 1, 0.0), 1);
    assert_eq!(by_load(1, 5, 1e300), 5);
    // 3 / 2 is 1.
    assert_eq!(by_load(3, 3, 0.0), 4);
    assert_eq!(by_load(3, 6, 2.0), 5);
    // 7 / 4 is 1, and 3 times the cube root of 0.064 is 1.2.
    assert_eq!(by_load(7, 7, 1.0 - 0.064), 8);
    // 11 / 4 is 2, and 5 times the cube root of 0.216 is 3; of 0.125, 2.5; of 0.064, 2.
    assert_eq!(by_load(11, 20, 1.0 - 0.216), 23);
    assert_eq!(by_load(11, 20, 1.0 - 0.125), 22);
    // 20 - 2.5 is 17.5.
    assert_eq!(by_load(11, 20, 1.125), 17);
    // 99 / 4 is 24, and 49 times a half is 24.5.
    assert_eq!(by_load(99, 99, 0.875), 123);
    // 103 / 4 is 25, and 51 times a half is 25.5; 102 / 4 is 25, 51 times 0.49 is less.
    assert_eq!(by_load(103, 103, 0.875), 128);
    assert_eq!(by_load(103, 103, 0.885), 103);
}

#[test]
fn ignores_change_below_quarter() {
    let follow = |last, average| BY_LOAD.follow(last, load(average));
    assert_eq!(follow(100, 0.875), 125);
    assert_eq!(follow(100, 0.88), 100);
    assert_eq!(follow(500, 1.125), 475);
    // 50 times the cube root of 0.1 is 23.2.
    assert_eq!(follow(500, 1.1), 500);
    assert_eq!(follow(500, 1.0), 500);
    // A change that the limits reduce below a quarter is not made either.
    assert_eq!(follow(990, 0.0), 990);
    assert_eq!(follow(110, 5000.0), 110);
}

#[test]
fn polled_load_counts_once() {
    let now = Instant::now();
    let mut weight = Weight::adopt(BY_LOAD, 100, now);
    assert!(!weight.apply_load(load(0.0)), "no load was polled");
    assert_eq!(weight.step(now + STEP), Some(Step::PollLoad));
    assert!(weight.apply_load(load(0.0)));
    assert!(
        !weight.apply_load(load(0.0)),
        "the load was applied already"
    );
    assert_eq!(weight.current(), 150);
}

#[test]
fn weight_0_stays_and_polls_nothing() {
    let rules = Rules {
        assigned: 0,
        ..BY_LOAD
    };
    let now = Instant::now();
    for weight in [Weight::start(rules, now), Weight::adopt(rules, 7, now)] {
        assert_eq!((weight.current(), weight.deadline()), (0, None));
    }
}

/// A weight with load adjustment.
fn at_work() -> impl Strategy<Value = (Rules, u32)> {
    let assigned = prop_oneof![1u32..200, 1..=LARGEST_WEIGHT];
    let scale = prop_oneof![1u32..20, 1..=LARGEST_WEIGHT];
    (assigned, scale, 0.0..=1.0).prop_map(|(assigned, scale, fraction)| {
        let rules = Rules {
            assigned,
            scale,
            by_load: true,
        };
        let room = f64::from(rules.largest() - assigned);
        (rules, assigned + (room * fraction) as u32)
    })
}

fn any_load() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..2.0, 0.0..100.0, 0.0..f64::MAX]
}

proptest! {
    #[test]
    fn slow_start_reaches_assigned_weight_within_range(
        weight in 0..=LARGEST_WEIGHT,
    ) {
        let now = Instant::now();
        let course = course(Weight::start(assigned(weight), now), now);
        prop_assert_eq!(course[course.len() - 1].1, weight);
        prop_assert!(course.windows(2).all(|pair| pair[0].1 < pair[1].1));
        prop_assert!(course.iter().all(|&(_, now)| now <= LARGEST_WEIGHT));
        prop_assert!(course.iter().all(|&(_, now)| now > 0 || weight == 0));
    }

    #[test]
    fn adopted_weight_ends_as_assigned(
        weight in 1..=LARGEST_WEIGHT, found in 1..=LARGEST_WEIGHT,
    ) {
        let now = Instant::now();
        let adopted = Weight::adopt(assigned(weight), found, now);
        prop_assert!(adopted.current() <= LARGEST_WEIGHT);
        prop_assert!(adopted.current() == found || u64::from(found) > u64::from(weight) * 10);
        let course = course(adopted, now);
        prop_assert_eq!(course[course.len() - 1].1, weight);
    }

    #[test]
    fn load_keeps_weight_within_limits(
        (rules, last) in at_work(), average in any_load(),
    ) {
        let new = rules.follow(last, load(average));
        prop_assert!(new >= rules.assigned && new <= rules.largest());
        prop_assert!(new <= LARGEST_WEIGHT);
        prop_assert!(new == last || new.abs_diff(last) >= rules.assigned / 4);
    }

    #[test]
    fn higher_load_never_raises_weight(
        (rules, last) in at_work(), one in any_load(), other in any_load(),
    ) {
        let (less, more) = (one.min(other), one.max(other));
        prop_assert!(rules.follow(last, load(less)) >= rules.follow(last, load(more)));
    }

    #[test]
    fn load_1_separates_growth_from_shrinking(
        (rules, last) in at_work(), below in 0.0..=1.0, above in 1.0..f64::MAX,
    ) {
        prop_assert!(rules.follow(last, load(below)) >= last);
        prop_assert!(rules.follow(last, load(above)) <= last);
        prop_assert_eq!(rules.follow(last, load(1.0)), last);
    }

    #[test]
    fn invalid_load_average_is_unknown(bits in any::<u64>()) {
        let average = f64::from_bits(bits);
        let is_load = average.is_finite() && average >= 0.0;
        prop_assert_eq!(Load::new(average).is_some(), is_load);
    }
}
