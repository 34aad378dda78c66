//! Servers that stay with weight 0 when they go out.

use super::*;

/// A place whose server is quiesced when it goes out.
fn quiescing(memory: Memory) -> Place<Memory> {
    let settings = Settings {
        quiesce: true,
        ..settings(Method::Masquerade)
    };
    Place::new(Some(Table::with(memory, &settings)), &settings)
}

#[test]
fn a_quiesced_server_stays_with_weight_0_and_comes_in_again_low() {
    let mut now = Instant::now();
    let mut place = quiescing(Memory::with_service());
    place.take_in(now);
    assert!(place.settle(now));
    now = place.deadline().expect("it climbs");
    place.step(now);
    assert_eq!(weight(&place), Some(6));
    place.take_out();
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(0));
    assert_eq!(place.deadline(), None);
    let asked = kernel(&mut place).asked;
    assert!(place.settle(now));
    assert_eq!(kernel(&mut place).asked, asked, "once is enough");
    place.take_in(now);
    assert!(place.settle(now));
    assert_eq!(weight(&place), Some(3));
    assert_eq!(place.deadline(), Some(now + STEP));
}

#[test]
fn nobody_is_left_behind_quiesced() {
    let now = Instant::now();
    for found in [0, 40] {
        let mut place = quiescing(Memory::with_destination(found));
        place.adopt(now);
        place.leave();
        assert!(place.settle(now));
        assert_eq!(weight(&place), None, "found with {found}");
    }
}

#[test]
fn a_server_found_quiesced_comes_in_at_its_first_pass_by_slow_start() {
    let now = Instant::now();
    // With and without a failed check before: then somebody has looked.
    for looked in [false, true] {
        let mut place = quiescing(Memory::with_destination(0));
        if looked {
            assert!(!place.adopt(now), "it is out");
            assert!(place.settle(now));
            assert_eq!(weight(&place), Some(0), "and stays so");
        }
        place.take_in(now);
        assert!(place.settle(now));
        assert_eq!(weight(&place), Some(3));
    }
}

#[test]
fn a_server_nobody_looked_for_is_quiesced_with_the_thresholds_it_has() {
    let now = Instant::now();
    let mut memory = Memory::with_destination(40);
    let there = memory.destinations.values_mut().next().expect("there");
    (there.upper_threshold, there.lower_threshold) = (9, 4);
    let mut place = quiescing(memory);
    place.take_out();
    assert!(place.settle(now));
    let there = kernel(&mut place).only_destination().expect("there");
    assert_eq!(
        (there.weight, there.upper_threshold, there.lower_threshold),
        (0, 9, 4)
    );

    let mut absent = quiescing(Memory::with_service());
    absent.take_out();
    assert!(absent.settle(now));
    assert_eq!(weight(&absent), None, "nobody is put in to be out");
}

#[test]
fn a_quiesced_server_that_somebody_took_out_is_out_and_comes_back() {
    let now = Instant::now();
    for gone in [Memory::with_service(), Memory::default()] {
        let mut place = quiescing(Memory::with_destination(40));
        assert!(place.adopt(now));
        *kernel(&mut place) = gone;
        place.take_out();
        assert!(place.settle(now));
        *kernel(&mut place) = Memory::with_service();
        place.take_in(now);
        assert!(place.settle(now));
        assert_eq!(weight(&place), Some(3));
    }
}
