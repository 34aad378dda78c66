//! Servers that are quiesced when they go out.

use super::*;

/// A member that is quiesced when it goes out.
fn quiescing(memory: Memory) -> PoolMember<Memory> {
    let settings = Settings {
        quiesce: true,
        ..settings(Method::Masquerade)
    };
    PoolMember::new(Some(Table::with(memory, &settings)), &settings)
}

#[test]
fn quiesced_server_comes_in_by_slow_start() {
    let mut now = Instant::now();
    let mut member = quiescing(Memory::with_service());
    member.set_in(now);
    assert!(member.reconcile(now));
    now = member.deadline().expect("the slow start continues");
    member.step(now);
    assert_eq!(weight(&member), Some(6));
    member.set_out();
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), Some(0));
    assert_eq!(member.deadline(), None);
    let requests = kernel(&mut member).requests;
    assert!(member.reconcile(now));
    assert_eq!(kernel(&mut member).requests, requests, "no further request");
    member.set_in(now);
    assert!(member.reconcile(now));
    assert_eq!(weight(&member), Some(3));
    assert_eq!(member.deadline(), Some(now + STEP));
}

#[test]
fn exit_deletes_quiesced_destination() {
    let now = Instant::now();
    for found in [0, 40] {
        let mut member = quiescing(Memory::with_destination(found));
        member.adopt(now);
        member.set_deleted();
        assert!(member.reconcile(now));
        assert_eq!(weight(&member), None, "found with {found}");
    }
}

#[test]
fn preexisting_quiesced_server_starts_slowly() {
    let now = Instant::now();
    // With and without a failed check before, which reads the table.
    for looked in [false, true] {
        let mut member = quiescing(Memory::with_destination(0));
        if looked {
            assert!(!member.adopt(now), "the server is out");
            assert!(member.reconcile(now));
            assert_eq!(weight(&member), Some(0), "and stays so");
        }
        member.set_in(now);
        assert!(member.reconcile(now));
        assert_eq!(weight(&member), Some(3));
    }
}

#[test]
fn quiesce_keeps_thresholds_of_unread_destination() {
    let now = Instant::now();
    let mut memory = Memory::with_destination(40);
    let entry = memory.destinations.values_mut().next().expect("present");
    (entry.upper_threshold, entry.lower_threshold) = (9, 4);
    let mut member = quiescing(memory);
    member.set_out();
    assert!(member.reconcile(now));
    let entry = kernel(&mut member).only_destination().expect("present");
    assert_eq!(
        (entry.weight, entry.upper_threshold, entry.lower_threshold),
        (0, 9, 4)
    );

    let mut absent = quiescing(Memory::with_service());
    absent.set_out();
    assert!(absent.reconcile(now));
    assert_eq!(
        weight(&absent),
        None,
        "no destination is added to quiesce it"
    );
}

#[test]
fn deleted_quiesced_server_comes_in_again() {
    let now = Instant::now();
    for fake in [Memory::with_service(), Memory::default()] {
        let mut member = quiescing(Memory::with_destination(40));
        assert!(member.adopt(now));
        *kernel(&mut member) = fake;
        member.set_out();
        assert!(member.reconcile(now));
        *kernel(&mut member) = Memory::with_service();
        member.set_in(now);
        assert!(member.reconcile(now));
        assert_eq!(weight(&member), Some(3));
    }
}
