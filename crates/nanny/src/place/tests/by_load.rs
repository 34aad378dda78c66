//! Servers whose weight follows their load.

use super::*;

#[test]
fn the_weight_in_the_table_follows_the_load() {
    let settings = by_load();
    let now = Instant::now();
    let table = Table::with(Memory::with_destination(100), &settings);
    let mut place = Place::new(Some(table), &settings);
    assert!(place.adopt(now));
    assert!(!place.step(now), "it is not time to ask");
    let mut weights = Vec::new();
    for (step, average) in (1..).zip([0.0, 0.0, 0.0, 1.0, 9.0, 2.0]) {
        let now = now + STEP * step;
        assert!(place.step(now));
        place.hear(load(average), now);
        weights.push(weight(&place));
    }
    assert_eq!(weights, [150, 200, 200, 200, 100, 100].map(Some));
    place.hear(load(0.0), now);
    assert_eq!(weight(&place), Some(100), "nobody asked");
}

#[test]
fn a_load_is_asked_for_at_every_step_and_counts_after_the_climb() {
    let settings = by_load();
    let now = Instant::now();
    let mut place = Place::new(
        Some(Table::with(Memory::with_service(), &settings)),
        &settings,
    );
    place.take_in(now);
    assert!(place.settle(now));
    let mut weights = Vec::new();
    for step in 1..=7 {
        let now = now + STEP * step;
        assert!(place.step(now), "it is asked for at step {step}");
        place.hear(load(0.0), now);
        weights.push(weight(&place));
    }
    assert_eq!(weights, [6, 12, 24, 48, 96, 100, 150].map(Some));
}

#[test]
fn a_load_that_is_told_of_a_server_that_is_out_means_nothing() {
    let settings = by_load();
    let now = Instant::now();
    let table = Table::with(Memory::with_destination(100), &settings);
    let mut place = Place::new(Some(table), &settings);
    assert!(place.adopt(now));
    assert!(place.step(now + STEP));
    place.take_out();
    place.hear(load(0.0), now + STEP);
    assert!(place.settle(now + STEP));
    assert_eq!(weight(&place), None);
    assert_eq!(place.deadline(), None);
}

#[test]
fn a_server_whose_load_is_read_no_more_comes_down_to_its_weight() {
    let settings = by_load();
    let now = Instant::now();
    let table = Table::with(Memory::with_destination(170), &settings);
    let mut place = Place::new(Some(table), &settings);
    assert!(place.adopt(now));
    place.go_without_load(now);
    assert!(!place.step(now + STEP));
    assert_eq!(weight(&place), Some(100));
    place.take_out();
    assert!(place.settle(now));
    place.take_in(now);
    assert!(place.settle(now));
    for step in 1..20 {
        assert!(!place.step(now + STEP * step));
    }
    assert_eq!(weight(&place), Some(100));
}

#[test]
fn a_report_reckons_the_weight_as_if_it_were_in_the_table() {
    let settings = Settings {
        report_only: true,
        weight: 4,
        ..by_load()
    };
    let now = Instant::now();
    let mut place: Place<Memory> = Place::new(None, &settings);
    place.take_in(now);
    assert!(place.settle(now));
    assert!(place.step(now + STEP) && place.step(now + STEP * 2));
    assert!(place.step(now + STEP * 3));
    place.hear(load(0.0), now + STEP * 3);
    let Present::In { weight, .. } = place.present else {
        panic!("it is in");
    };
    assert_eq!(weight, 6);
    place.take_out();
    assert!(place.settle(now + STEP * 4));
    assert_eq!(place.deadline(), None);
}
