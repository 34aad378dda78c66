//! The weight of the server: pure arithmetic over what was assigned, what is, and the time.
//!
//! A server that comes in cold starts low and doubles its weight until it has what was assigned.

use std::time::{Duration, Instant};

use crate::settings::SCALE;

/// Time between two changes of the weight.
pub const STEP: Duration = Duration::from_secs(20);

/// The weight of a server that is in, and when it changes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    assigned: u32,
    current: u32,
    next_step: Option<Instant>,
}

impl Weight {
    /// The weight of a server let in at `now`: `max(1, assigned >> 5)`, or 0 if 0 was assigned.
    #[must_use]
    pub fn start(assigned: u32, now: Instant) -> Self {
        Self::at(assigned, (assigned >> 5).max(1).min(assigned), now)
    }

    /// The weight of a server found in the table at `now` with weight `found`: it keeps that and
    /// goes on from there. A weight that these rules never give is brought into their range: 0
    /// (taken out of service) starts anew, and nothing exceeds [`SCALE`] times what was assigned.
    /// As no load is read that would bear it out, more than was assigned lasts until the first step.
    #[must_use]
    pub fn adopt(assigned: u32, found: u32, now: Instant) -> Self {
        if found == 0 {
            return Self::start(assigned, now);
        }
        Self::at(assigned, found.min(assigned.saturating_mul(SCALE)), now)
    }

    fn at(assigned: u32, current: u32, now: Instant) -> Self {
        Self {
            assigned,
            current,
            next_step: (current != assigned).then_some(now + STEP),
        }
    }

    /// The weight now.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.current
    }

    /// When [`Weight::step`] has something to do, if it will.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.next_step
    }

    /// If it is time, doubles the weight, up to what was assigned, or comes down to that. Whether
    /// it changed.
    pub fn step(&mut self, now: Instant) -> bool {
        if self.next_step.is_none_or(|at| now < at) {
            return false;
        }
        *self = Self::at(
            self.assigned,
            self.current.saturating_mul(2).min(self.assigned),
            now,
        );
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::LARGEST_WEIGHT;
    use proptest::prelude::*;

    /// Every weight a server goes through, with the seconds since it was let in.
    fn course(mut weight: Weight, start: Instant) -> Vec<(u64, u32)> {
        let mut course = vec![(0, weight.current())];
        while let Some(at) = weight.deadline() {
            assert!(!weight.step(at - Duration::from_nanos(1)), "too early");
            assert!(weight.step(at));
            course.push(((at - start).as_secs(), weight.current()));
        }
        course
    }

    #[test]
    fn starts_at_a_thirty_second_and_doubles_every_twenty_seconds() {
        let now = Instant::now();
        for (assigned, expected) in [
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
                course(Weight::start(assigned, now), now),
                expected,
                "{assigned}"
            );
        }
    }

    #[test]
    fn an_adopted_weight_goes_on_from_where_it_is() {
        let now = Instant::now();
        for (assigned, found, expected) in [
            (100, 100, &[(0, 100)][..]),
            (100, 30, &[(0, 30), (20, 60), (40, 100)]),
            (100, 101, &[(0, 101), (20, 100)]),
            (100, 700, &[(0, 700), (20, 100)]),
            (100, 5000, &[(0, 1000), (20, 100)]),
            (4, 0, &[(0, 1), (20, 2), (40, 4)]),
            (0, 7, &[(0, 0)]),
            (LARGEST_WEIGHT, LARGEST_WEIGHT, &[(0, LARGEST_WEIGHT)]),
        ] {
            let weight = Weight::adopt(assigned, found, now);
            assert_eq!(course(weight, now), expected, "{found} of {assigned}");
        }
    }

    proptest! {
        #[test]
        fn climbs_to_what_was_assigned_and_stays_within_the_kernels_range(
            assigned in 0..=LARGEST_WEIGHT,
        ) {
            let now = Instant::now();
            let course = course(Weight::start(assigned, now), now);
            prop_assert_eq!(course[course.len() - 1].1, assigned);
            prop_assert!(course.windows(2).all(|pair| pair[0].1 < pair[1].1));
            prop_assert!(course.iter().all(|&(_, weight)| weight <= LARGEST_WEIGHT));
            prop_assert!(course.iter().all(|&(_, weight)| weight > 0 || assigned == 0));
        }

        #[test]
        fn an_adopted_weight_is_kept_at_first_and_ends_as_assigned(
            assigned in 1..=LARGEST_WEIGHT, found in 1..=LARGEST_WEIGHT,
        ) {
            let now = Instant::now();
            let weight = Weight::adopt(assigned, found, now);
            prop_assert!(weight.current() <= LARGEST_WEIGHT.max(found));
            prop_assert!(weight.current() == found || u64::from(found) > u64::from(assigned) * 10);
            let course = course(weight, now);
            prop_assert_eq!(course[course.len() - 1].1, assigned);
        }
    }
}
