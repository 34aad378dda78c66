//! The place against the table's own test kernel.

mod by_load;
mod quiesced;

use super::*;
use crate::settings::Method;
use crate::table::memory::{Memory, settings};
use crate::weight::STEP;

fn place(memory: Memory) -> Place<Memory> {
    let settings = settings(Method::Masquerade);
    Place::new(Some(Table::with(memory, &settings)), &settings)
}

fn weight(place: &Place<Memory>) -> Option<u32> {
    let table = place.table.as_ref().expect("a table");
    table.kernel().only_destination().map(|found| found.weight)
}

fn kernel(place: &mut Place<Memory>) -> &mut Memory {
    place.table.as_mut().expect("a table").kernel_mut()
}

/// The settings of a server whose load is read.
fn by_load() -> Settings {
    Settings {
        load_data: Some("rup".to_owned()),
        scale: 2,
        ..settings(Method::Masquerade)
    }
}

fn load(average: f64) -> Load {
    Load::new(average).expect("a load")
}

#[test]
fn a_server_comes_in_low_climbs_and_goes_out() {
    let mut now = Instant::now();
    let mut place = place(Memory::with_service());
    assert!(!place.adopt(now));
    place.take_in(now);
    assert!(place.settle(now));
    let mut course = vec![weight(&place)];
    for _ in 0..7 {
        now = place.deadline().expect("it climbs, or looks");
        place.step(now);
        course.push(weight(&place));
    }
    assert_eq!(course, [3, 6, 12, 24, 48, 96, 100, 100].map(Some));
    place.take_out();
    assert!(place.settle(now));
    assert_eq!(weight(&place), None);
    assert_eq!(place.deadline(), None);
}

#[test]
fn a_server_found_there_goes_on_from_its_weight() {
    let now = Instant::now();
    let mut place = place(Memory::with_destination(40));
    assert!(place.adopt(now));
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(40));
    place.step(place.deadline().expect("it climbs"));
    assert_eq!(weight(&place), Some(80));
}

#[test]
fn a_server_found_out_of_service_comes_in_at_the_start_weight() {
    let now = Instant::now();
    let mut place = place(Memory::with_destination(0));
    assert!(!place.adopt(now));
    place.take_in(now);
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(3));
}

#[test]
fn a_server_that_appears_meanwhile_is_taken_over() {
    let now = Instant::now();
    let mut place = place(Memory::with_service());
    assert!(!place.adopt(now));
    *kernel(&mut place) = Memory::with_destination(70);
    assert!(!place.adopt(now), "it looks once");
    place.take_in(now);
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(70));
    place.step(place.deadline().expect("it climbs"));
    assert_eq!(weight(&place), Some(100));
}

#[test]
fn a_service_that_vanishes_and_returns_gets_its_server_back() {
    let now = Instant::now();
    let mut place = place(Memory::with_service());
    place.take_in(now);
    assert!(place.settle(now));
    *kernel(&mut place) = Memory::default();
    place.step(place.deadline().expect("it climbs"));
    assert!(!place.settle(now), "there is no service");
    *kernel(&mut place) = Memory::with_service();
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(6));
}

#[test]
fn a_server_that_could_not_be_added_does_not_climb_meanwhile() {
    let mut now = Instant::now();
    let mut place = place(Memory::default());
    place.take_in(now);
    for _ in 0..20 {
        assert!(!place.settle(now), "there is no service");
        assert_eq!(place.deadline(), None, "the checks set the pace");
        now += STEP;
        assert!(!place.step(now));
    }
    *kernel(&mut place) = Memory::with_service();
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(3), "it comes in cold");
    assert_eq!(place.deadline(), Some(now + STEP));
    place.step(now + STEP);
    assert_eq!(weight(&place), Some(6));
}

/// A place whose server has its full weight, and the time.
fn climbed(memory: Memory) -> (Place<Memory>, Instant) {
    let mut now = Instant::now();
    let mut place = place(memory);
    place.take_in(now);
    assert!(place.settle(now));
    while weight(&place) != Some(100) {
        now = place.deadline().expect("it climbs");
        place.step(now);
    }
    (place, now)
}

#[test]
fn a_server_that_somebody_took_out_comes_back_within_a_step_period() {
    let (mut place, mut now) = climbed(Memory::with_service());
    for _ in 0..3 {
        let due = place.deadline().expect("it looks");
        assert_eq!(due, now + STEP);
        now = due;
        *kernel(&mut place) = Memory::with_service();
        assert!(place.settle(now), "the checks ask nothing");
        place.step(now - Duration::from_nanos(1));
        assert_eq!(weight(&place), None, "too early");
        place.step(now);
        assert_eq!(weight(&place), Some(100));
    }
    let asked = kernel(&mut place).asked;
    place.step(now);
    assert!(place.settle(now));
    assert_eq!(kernel(&mut place).asked, asked, "one exchange is enough");
}

#[test]
fn a_weight_that_somebody_set_lasts_until_the_next_change() {
    let settings = by_load();
    let mut now = Instant::now();
    let table = Table::with(Memory::with_destination(100), &settings);
    let mut place = Place::new(Some(table), &settings);
    assert!(place.adopt(now));
    let by_hand = |place: &mut Place<Memory>| {
        let mut there = kernel(place).destinations.values_mut();
        there.next().expect("there").weight = 0;
    };
    by_hand(&mut place);
    for _ in 0..3 {
        now = place.deadline().expect("it looks");
        let asked = kernel(&mut place).asked;
        assert!(place.step(now), "the load is asked for");
        place.hear(load(1.0), now);
        assert!(place.settle(now));
        assert_eq!(weight(&place), Some(0));
        assert_eq!(kernel(&mut place).asked, asked + 1, "it looks cheaply");
    }
    now = place.deadline().expect("it looks");
    place.step(now);
    place.hear(load(0.0), now);
    assert_eq!(weight(&place), Some(150));

    // Slow start writes the weight as well.
    let mut place = self::place(Memory::with_service());
    place.take_in(now);
    assert!(place.settle(now));
    by_hand(&mut place);
    place.step(now + STEP);
    assert_eq!(weight(&place), Some(6));
}

#[test]
fn a_service_that_vanishes_in_the_steady_state_is_retried_at_each_check() {
    let (mut place, now) = climbed(Memory::with_service());
    *kernel(&mut place) = Memory::default();
    let due = place.deadline().expect("it looks");
    place.step(due);
    assert!(place.told_no_service);
    assert_eq!(place.deadline(), None, "the checks set the pace");
    assert!(!place.settle(due));
    assert!(place.told_no_service, "said once");
    *kernel(&mut place) = Memory::with_service();
    assert!(place.settle(due));
    assert_eq!(weight(&place), Some(100));
    assert!(!place.told_no_service);
    assert_eq!(place.deadline(), Some(due + STEP));
    assert!(due > now);
}

#[test]
fn a_server_that_is_in_again_after_a_failure_that_was_logged_is_told_of_once() {
    for (gone, broken) in [(true, false), (false, true)] {
        let (mut place, _) = climbed(Memory::with_service());
        assert!(!place.came_back(), "nothing has failed");
        for round in 0..2 {
            kernel(&mut place).has_service = !gone;
            kernel(&mut place).is_broken = broken;
            if gone {
                kernel(&mut place).destinations.clear();
            }
            let due = place.deadline().expect("it looks");
            place.step(due);
            assert!(!place.settle(due) && !place.settle(due));
            assert!(!place.came_back(), "it is not in yet");
            kernel(&mut place).has_service = true;
            kernel(&mut place).is_broken = false;
            assert!(place.settle(due));
            // What is refused so often in a minute is not logged, so neither is its end.
            assert_eq!(place.came_back(), gone || round == 0);
            assert!(place.settle(due));
            assert!(!place.came_back(), "once");
        }
    }
}

#[test]
fn a_server_that_is_out_when_the_table_can_be_changed_again_is_not_told_of() {
    let (mut place, now) = climbed(Memory::with_service());
    kernel(&mut place).is_broken = true;
    place.take_out();
    assert!(!place.settle(now));
    kernel(&mut place).is_broken = false;
    assert!(place.settle(now));
    assert!(!place.came_back());
    place.take_in(now);
    assert!(place.settle(now));
    assert!(!place.came_back(), "its own verdict tells");
}

#[test]
fn a_look_that_fails_is_repeated_at_each_check() {
    let (mut place, _) = climbed(Memory::with_service());
    kernel(&mut place).is_broken = true;
    let due = place.deadline().expect("it looks");
    place.step(due);
    assert_eq!(place.deadline(), None, "the checks set the pace");
    assert!(!place.settle(due));
    *kernel(&mut place) = Memory::with_service();
    assert!(place.settle(due));
    assert_eq!(weight(&place), Some(100));
    assert_eq!(place.deadline(), Some(due + STEP));
}

#[test]
fn a_server_found_with_more_than_its_weight_gets_its_weight_at_the_first_step() {
    let now = Instant::now();
    let mut place = place(Memory::with_destination(700));
    assert!(place.adopt(now));
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(700));
    place.step(now + STEP);
    assert_eq!(weight(&place), Some(100));
}

#[test]
fn a_server_nobody_looked_for_is_out_when_it_is_to_be() {
    let now = Instant::now();
    let mut place = place(Memory::with_destination(40));
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(40), "nothing was said yet");
    place.take_out();
    assert!(place.settle(now));
    assert_eq!(weight(&place), None);
    *kernel(&mut place) = Memory::with_destination(40);
    assert!(!place.adopt(now), "it is to be out");
}

#[test]
fn without_a_table_everything_is_as_wanted() {
    let now = Instant::now();
    let settings = settings(Method::Masquerade);
    let mut place: Place<Memory> = Place::new(None, &settings);
    assert!(!place.adopt(now));
    place.take_in(now);
    assert!(place.settle(now));
    assert_eq!(place.deadline(), None, "no weight, so no timer");
}
