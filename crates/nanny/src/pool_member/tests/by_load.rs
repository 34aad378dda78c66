//! Servers with load adjustment.

use super::*;

#[test]
fn weight_follows_load() {
    let settings = by_load();
    let now = Instant::now();
    let table = Table::with(Memory::with_destination(100), &settings);
    let mut member = PoolMember::new(Some(table), &settings);
    assert!(member.adopt(now));
    assert!(!member.step(now), "no poll is due");
    let mut weights = Vec::new();
    for (step, average) in (1..).zip([0.0, 0.0, 0.0, 1.0, 9.0, 2.0]) {
        let now = now + STEP * step;
        assert!(member.step(now));
        member.apply_load(load(average), now);
        weights.push(weight(&member));
    }
    assert_eq!(weights, [150, 200, 200, 200, 100, 100].map(Some));
    member.apply_load(load(0.0), now);
    assert_eq!(weight(&member), Some(100), "no load was polled");
}

#[test]
fn load_is_polled_at_every_step() {
    let settings = by_load();
    let now = Instant::now();
    let mut member = PoolMember::new(
        Some(Table::with(Memory::with_service(), &settings)),
        &settings,
    );
    member.set_in(now);
    assert!(member.reconcile(now));
    let mut weights = Vec::new();
    for step in 1..=7 {
        let now = now + STEP * step;
        assert!(member.step(now), "step {step} polls the load");
        member.apply_load(load(0.0), now);
        weights.push(weight(&member));
    }
    assert_eq!(weights, [6, 12, 24, 48, 96, 100, 150].map(Some));
}

#[test]
fn load_is_ignored_while_out() {
    let settings = by_load();
    let now = Instant::now();
    let table = Table::with(Memory::with_destination(100), &settings);
    let mut member = PoolMember::new(Some(table), &settings);
    assert!(member.adopt(now));
    assert!(member.step(now + STEP));
    member.set_out();
    member.apply_load(load(0.0), now + STEP);
    assert!(member.reconcile(now + STEP));
    assert_eq!(weight(&member), None);
    assert_eq!(member.deadline(), None);
}

#[test]
fn weight_returns_to_assigned_without_load() {
    let settings = by_load();
    let now = Instant::now();
    let table = Table::with(Memory::with_destination(170), &settings);
    let mut member = PoolMember::new(Some(table), &settings);
    assert!(member.adopt(now));
    member.disable_load(now);
    assert!(!member.step(now + STEP));
    assert_eq!(weight(&member), Some(100));
    member.set_out();
    assert!(member.reconcile(now));
    member.set_in(now);
    assert!(member.reconcile(now));
    for step in 1..20 {
        assert!(!member.step(now + STEP * step));
    }
    assert_eq!(weight(&member), Some(100));
}

#[test]
fn report_computes_weight_without_table() {
    let settings = Settings {
        report_only: true,
        weight: 4,
        ..by_load()
    };
    let now = Instant::now();
    let mut member: PoolMember<Memory> = PoolMember::new(None, &settings);
    member.set_in(now);
    assert!(member.reconcile(now));
    assert!(member.step(now + STEP) && member.step(now + STEP * 2));
    assert!(member.step(now + STEP * 3));
    member.apply_load(load(0.0), now + STEP * 3);
    let Present::In { weight, .. } = member.present else {
        panic!("the server is in");
    };
    assert_eq!(weight, 6);
    member.set_out();
    assert!(member.reconcile(now + STEP * 4));
    assert_eq!(member.deadline(), None);
}
