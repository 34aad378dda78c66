//! Pool members with a fake table.

mod by_load;
mod quiesced;

use super::*;
use crate::settings::Method;
use crate::table::memory::{Memory, settings};
use crate::weight::STEP;

fn member(memory: Memory) -> PoolMember<Memory> {
    let settings = settings(Method::Masquerade);
    PoolMember::new(Some(Table::with(memory, &settings)), &settings)
}

fn weight(member: &PoolMember<Memory>) -> Option<u32> {
    let table = member.table.as_ref().expect("a table");
    table.kernel().only_destination().map(|found| found.weight)
}

fn kernel(member: &mut PoolMember<Memory>) -> &mut Memory {
    member.table.as_mut().expect("a table").kernel_mut()
}

/// Settings with load data.
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
fn slow_start_then_removal() {
    let mut now = Instant::now();
    let mut member = member(Memory::with_service());
    assert!(!member.adopt(now));
    member.set_in(now);
    assert!(member.reconcile(now));
    let mut course = vec![weight(&member)];
    for _ in 0..7 {
        now = member.deadline().expect("it climbs, or looks");
        member.step(now);
        course.push(weight(&member));
    }
    assert_eq!(course, [3, 6, 12, 24, 48, 96, 100, 100].map(Some));
    member.set_out();
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), None);
    assert_eq!(member.deadline(), None);
}

#[test]
fn preexisting_server_keeps_weight() {
    let now = Instant::now();
    let mut member = member(Memory::with_destination(40));
    assert!(member.adopt(now));
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), Some(40));
    member.step(member.deadline().expect("the slow start continues"));
    assert_eq!(weight(&member), Some(80));
}

#[test]
fn preexisting_weight_0_restarts_slow_start() {
    let now = Instant::now();
    let mut member = member(Memory::with_destination(0));
    assert!(!member.adopt(now));
    member.set_in(now);
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), Some(3));
}

#[test]
fn destination_added_meanwhile_is_adopted() {
    let now = Instant::now();
    let mut member = member(Memory::with_service());
    assert!(!member.adopt(now));
    *kernel(&mut member) = Memory::with_destination(70);
    assert!(!member.adopt(now), "it looks once");
    member.set_in(now);
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), Some(70));
    member.step(member.deadline().expect("the slow start continues"));
    assert_eq!(weight(&member), Some(100));
}

#[test]
fn recreated_service_gets_server_again() {
    let now = Instant::now();
    let mut member = member(Memory::with_service());
    member.set_in(now);
    assert!(member.reconcile(now));
    *kernel(&mut member) = Memory::default();
    member.step(member.deadline().expect("the slow start continues"));
    assert!(!member.reconcile(now), "the service is missing");
    *kernel(&mut member) = Memory::with_service();
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), Some(6));
}

#[test]
fn failed_add_does_not_advance_slow_start() {
    let mut now = Instant::now();
    let mut member = member(Memory::default());
    member.set_in(now);
    for _ in 0..20 {
        assert!(!member.reconcile(now), "the service is missing");
        assert_eq!(member.deadline(), None, "the checks set the pace");
        now += STEP;
        assert!(!member.step(now));
    }
    *kernel(&mut member) = Memory::with_service();
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), Some(3), "it comes in cold");
    assert_eq!(member.deadline(), Some(now + STEP));
    member.step(now + STEP);
    assert_eq!(weight(&member), Some(6));
}

/// A member with its full weight, and the time.
fn climbed(memory: Memory) -> (PoolMember<Memory>, Instant) {
    let mut now = Instant::now();
    let mut member = member(memory);
    member.set_in(now);
    assert!(member.reconcile(now));
    while weight(&member) != Some(100) {
        now = member.deadline().expect("the slow start continues");
        member.step(now);
    }
    (member, now)
}

#[test]
fn deleted_destination_is_repaired_within_step() {
    let (mut member, mut now) = climbed(Memory::with_service());
    for _ in 0..3 {
        let due = member.deadline().expect("the table is read");
        assert_eq!(due, now + STEP);
        now = due;
        *kernel(&mut member) = Memory::with_service();
        assert!(member.reconcile(now), "checks do not poll the load");
        member.step(now - Duration::from_nanos(1));
        assert_eq!(weight(&member), None, "too early");
        member.step(now);
        assert_eq!(weight(&member), Some(100));
    }
    let requests = kernel(&mut member).requests;
    member.step(now);
    assert!(member.reconcile(now));
    assert_eq!(kernel(&mut member).requests, requests, "no further request");
}

#[test]
fn administrators_weight_lasts_until_next_change() {
    let settings = by_load();
    let mut now = Instant::now();
    let table = Table::with(Memory::with_destination(100), &settings);
    let mut member = PoolMember::new(Some(table), &settings);
    assert!(member.adopt(now));
    let by_hand = |member: &mut PoolMember<Memory>| {
        let mut entries = kernel(member).destinations.values_mut();
        entries.next().expect("present").weight = 0;
    };
    by_hand(&mut member);
    for _ in 0..3 {
        now = member.deadline().expect("the table is read");
        let requests = kernel(&mut member).requests;
        assert!(member.step(now), "the load is polled");
        member.apply_load(load(1.0), now);
        assert!(member.reconcile(now));
        assert_eq!(weight(&member), Some(0));
        assert_eq!(kernel(&mut member).requests, requests + 1, "one request");
    }
    now = member.deadline().expect("the table is read");
    member.step(now);
    member.apply_load(load(0.0), now);
    assert_eq!(weight(&member), Some(150));

    // Slow start writes the weight as well.
    let mut member = self::member(Memory::with_service());
    member.set_in(now);
    assert!(member.reconcile(now));
    by_hand(&mut member);
    member.step(now + STEP);
    assert_eq!(weight(&member), Some(6));
}

#[test]
fn missing_service_is_retried_at_checks() {
    let (mut member, now) = climbed(Memory::with_service());
    *kernel(&mut member) = Memory::default();
    let due = member.deadline().expect("the table is read");
    member.step(due);
    assert!(member.logged_no_service);
    assert_eq!(member.deadline(), None, "the checks set the pace");
    assert!(!member.reconcile(due));
    assert!(member.logged_no_service, "logged once");
    *kernel(&mut member) = Memory::with_service();
    assert!(member.reconcile(due));
    assert_eq!(weight(&member), Some(100));
    assert!(!member.logged_no_service);
    assert_eq!(member.deadline(), Some(due + STEP));
    assert!(due > now);
}

#[test]
fn recovery_after_logged_failure_is_reported_once() {
    for (is_missing, is_broken) in [(true, false), (false, true)] {
        let (mut member, _) = climbed(Memory::with_service());
        assert!(!member.take_recovered(), "nothing has failed");
        for round in 0..2 {
            kernel(&mut member).has_service = !is_missing;
            kernel(&mut member).is_broken = is_broken;
            if is_missing {
                kernel(&mut member).destinations.clear();
            }
            let due = member.deadline().expect("the table is read");
            member.step(due);
            assert!(!member.reconcile(due) && !member.reconcile(due));
            assert!(!member.take_recovered(), "the server is not in yet");
            kernel(&mut member).has_service = true;
            kernel(&mut member).is_broken = false;
            assert!(member.reconcile(due));
            // After too many failures in a minute neither further failures nor the recovery are
            // logged.
            assert_eq!(member.take_recovered(), is_missing || round == 0);
            assert!(member.reconcile(due));
            assert!(!member.take_recovered(), "once");
        }
    }
}

#[test]
fn recovery_while_out_is_not_reported() {
    let (mut member, now) = climbed(Memory::with_service());
    kernel(&mut member).is_broken = true;
    member.set_out();
    assert!(!member.reconcile(now));
    kernel(&mut member).is_broken = false;
    assert!(member.reconcile(now));
    assert!(!member.take_recovered());
    member.set_in(now);
    assert!(member.reconcile(now));
    assert!(!member.take_recovered(), "its own status is logged");
}

#[test]
fn failed_read_is_repeated_at_checks() {
    let (mut member, _) = climbed(Memory::with_service());
    kernel(&mut member).is_broken = true;
    let due = member.deadline().expect("the table is read");
    member.step(due);
    assert_eq!(member.deadline(), None, "the checks set the pace");
    assert!(!member.reconcile(due));
    *kernel(&mut member) = Memory::with_service();
    assert!(member.reconcile(due));
    assert_eq!(weight(&member), Some(100));
    assert_eq!(member.deadline(), Some(due + STEP));
}

#[test]
fn excess_weight_is_reduced_at_first_step() {
    let now = Instant::now();
    let mut member = member(Memory::with_destination(700));
    assert!(member.adopt(now));
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), Some(700));
    member.step(now + STEP);
    assert_eq!(weight(&member), Some(100));
}

#[test]
fn unread_destination_is_deleted() {
    let now = Instant::now();
    let mut member = member(Memory::with_destination(40));
    assert!(member.reconcile(now));
    assert_eq!(
        weight(&member),
        Some(40),
        "without a status the table stays unchanged"
    );
    member.set_out();
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), None);
    *kernel(&mut member) = Memory::with_destination(40);
    assert!(!member.adopt(now), "the wanted state is out");
}

#[test]
fn without_table_every_change_succeeds() {
    let now = Instant::now();
    let settings = settings(Method::Masquerade);
    let mut member: PoolMember<Memory> = PoolMember::new(None, &settings);
    assert!(!member.adopt(now));
    member.set_in(now);
    assert!(member.reconcile(now));
    assert_eq!(member.deadline(), None, "no weight, so no timer");
}
