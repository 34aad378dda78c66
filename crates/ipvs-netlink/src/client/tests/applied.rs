//! Plans of which the kernel refuses a part.

use proptest::collection::vec;
use proptest::prelude::*;

use super::properties::any_change;
use super::*;
use crate::Table;

/// A destination that is refused.
fn refused(number: u8) -> Destination {
    Destination {
        weight: 1 << 31,
        ..server(number)
    }
}

/// Service 1 with these destinations.
fn table(servers: &[Destination]) -> Table {
    let mut table = Table::new();
    table.insert_service(service(1));
    for server in servers {
        table.insert_destination(&key(1), server.clone());
    }
    table
}

/// A client of a kernel whose table has service 1 with these destinations.
fn with_servers(servers: &[Destination]) -> Core<FakeKernel> {
    client(|kernel| kernel.table = table(servers))
}

/// The numbers of the destinations of service 1.
fn numbers(core: &Core<FakeKernel>) -> Vec<u8> {
    let destinations = core.exchange.link.table.destinations(&key(1));
    destinations
        .map(|destination| match destination.key.address {
            std::net::IpAddr::V4(address) => address.octets()[3],
            std::net::IpAddr::V6(_) => unreachable!("none is made here"),
        })
        .collect()
}

fn is_withheld(result: Option<Result<(), &Error>>) -> bool {
    matches!(result, Some(Err(Error::Withheld { .. })))
}

#[test]
fn the_last_destinations_stay_where_what_is_to_follow_is_refused() {
    let before = [server(1), server(2)];
    let mut core = with_servers(&before);
    let plan = table(&before).diff(&table(&[refused(3)]));
    assert_eq!(plan.changes.len(), 3);
    let results = core.apply(&plan.changes);
    assert!(matches!(results.get(0), Some(Err(Error::Invalid { .. }))));
    assert!(is_withheld(results.get(1)) && is_withheld(results.get(2)));
    assert_eq!(numbers(&core), [1, 2]);
    let (_, error) = results.failures().nth(1).unwrap();
    assert_eq!(
        error.to_string(),
        "cannot delete destination 10.0.0.1:80 of -t 1.2.3.1:80: what was to take its place was \
         refused, and nothing would be left"
    );
    assert!(error.attempt().is_some());
}

#[test]
fn one_that_comes_or_stays_is_enough() {
    for (before, after) in [
        ([server(1), server(2)], [server(1), refused(3)]),
        ([server(1), server(2)], [refused(3), server(4)]),
        // A change that is refused takes nothing away.
        ([server(1), server(2)], [refused(1), refused(3)]),
    ] {
        let mut core = with_servers(&before);
        let plan = table(&before).diff(&table(&after));
        let results = core.apply(&plan.changes);
        assert!(!results.all_ok());
        assert!(!results.iter().any(|result| is_withheld(Some(result))));
        assert!(!numbers(&core).contains(&2));
    }
}

#[test]
fn what_came_to_be_there_by_itself_is_no_reason_to_stay() {
    let mut core = with_servers(&[server(1), server(2)]);
    // Made without knowing of the second.
    let plan = table(&[server(1)]).diff(&table(&[server(2)]));
    let results = core.apply(&plan.changes);
    let failures: Vec<&Error> = results.failures().map(|(_, error)| error).collect();
    assert!(matches!(failures.as_slice(), [Error::AlreadyExists { .. }]));
    assert_eq!(numbers(&core), [2]);
}

#[test]
fn what_went_by_itself_is_a_reason_to_stay() {
    let mut core = with_servers(&[server(2)]);
    // Made when the first was there, and was to stay with another weight.
    let heavier = Destination {
        weight: 7,
        ..server(1)
    };
    let plan = table(&[server(1), server(2)]).diff(&table(&[heavier]));
    let results = core.apply(&plan.changes);
    assert!(matches!(
        results.get(0),
        Some(Err(Error::NoSuchDestination { .. }))
    ));
    assert!(is_withheld(results.get(1)));
    assert_eq!(numbers(&core), [2]);
}

#[test]
fn a_service_that_is_to_have_none_is_emptied() {
    let mut core = with_servers(&[server(1), server(2)]);
    let plan = table(&[server(1), server(2)]).diff(&table(&[]));
    assert!(core.apply(&plan.changes).all_ok());
    assert_eq!(numbers(&core), [] as [u8; 0]);
}

#[test]
fn a_service_that_is_to_go_goes() {
    let mut core = with_servers(&[server(1)]);
    let results = core.apply(&[
        Change::AddDestination(key(1), refused(2)),
        Change::DeleteDestination(key(1), server(1).key),
        Change::DeleteService(key(1)),
    ]);
    assert_eq!(results.failures().count(), 1);
    assert_eq!(core.exchange.link.table, Table::new());
}

#[test]
fn a_service_of_which_nothing_was_refused_is_emptied() {
    let mut core = with_servers(&[server(1)]);
    let results = core.apply(&[
        Change::AddDestination(key(2), server(1)),
        Change::AddDestination(key(1), server(2)),
        Change::DeleteDestination(key(1), server(1).key),
        Change::DeleteDestination(key(1), server(2).key),
    ]);
    // The service that is not there says nothing of this one.
    assert_eq!(results.failures().count(), 1);
    assert_eq!(numbers(&core), [] as [u8; 0]);
}

#[test]
fn nothing_goes_where_nobody_can_tell_what_stays() {
    let before = [server(1), server(2)];
    let mut core = with_servers(&before);
    let kernel = &mut core.exchange.link;
    kernel.per_datagram = 1;
    // Every other list has one more.
    let same = || Change::EditDestination(key(1), server(1));
    for _ in 0..5 {
        let come = Change::AddDestination(key(1), server(5));
        let go = Change::DeleteDestination(key(1), server(5).key);
        kernel.meanwhile.extend([come, same(), same(), go, same()]);
    }
    let plan = table(&before).diff(&table(&[server(1), refused(3)]));
    assert!(is_withheld(core.apply(&plan.changes).get(1)));
    assert_eq!(numbers(&core), [1, 2]);
}

#[test]
fn what_is_put_back_behind_a_deletion_counts() {
    let mut core = with_servers(&[server(1)]);
    let results = core.apply(&[
        Change::AddDestination(key(1), refused(2)),
        Change::DeleteDestination(key(1), server(1).key),
        Change::AddDestination(key(1), server(1)),
    ]);
    assert_eq!(results.failures().count(), 1);
    assert_eq!(numbers(&core), [1]);
}

#[test]
fn a_kernel_that_answers_nothing_loses_nothing_and_is_not_asked_for_each_service() {
    let mut core = with_services(50, |kernel| {
        for number in 0..50 {
            kernel.table.insert_destination(&key(number), server(1));
        }
    });
    let before = core.exchange.link.table.clone();
    let broken = || io::Error::from_raw_os_error(Errno::EBADF as i32);
    core.exchange.link.errors = (0..1000).map(|_| broken()).collect();
    // Refused here, so that nothing of the first part is lost.
    let changes: Vec<Change> = (0..50)
        .flat_map(|number| {
            [
                Change::AddDestination(key(number), refused(2)),
                Change::DeleteDestination(key(number), server(1).key),
            ]
        })
        .collect();
    let sends = core.exchange.link.sends;
    let results = core.apply(&changes);
    assert_eq!(results.failures().count(), 100);
    assert_eq!(core.exchange.link.table, before);
    assert_eq!(core.exchange.link.sends, sends + 1);
}

proptest! {
    /// Where nothing is withheld a plan is a batch, whatever it is made of. Where something is, its
    /// service has destinations.
    #[test]
    fn a_plan_is_a_batch_that_empties_no_service_by_mistake(
        before in vec(any_change(), 0..30),
        changes in vec(any_change(), 0..30),
        refused in vec(0..30_usize, 0..6),
        window in 1..9_usize,
    ) {
        let mut changes = changes;
        for place in refused {
            if let Some(Change::AddDestination(_, server) | Change::EditDestination(_, server)) = changes.get_mut(place) {
                server.weight = 1 << 31;
            }
        }
        let kernel = || client(|kernel| {
            kernel.window = window;
            for change in &before {
                kernel.table.apply(change);
            }
        });
        let (mut plain, mut careful) = (kernel(), kernel());
        let (expected, results) = (plain.batch(&changes), careful.apply(&changes));
        prop_assert_eq!(results.len(), changes.len());
        let table = &careful.exchange.link.table;
        let mut withheld = Vec::new();
        for (change, result) in changes.iter().zip(results.iter()) {
            if is_withheld(Some(result)) {
                withheld.push(*change.service());
                prop_assert!(table.destinations(change.service()).next().is_some(), "{change}");
            }
        }
        for (place, change) in changes.iter().enumerate() {
            let service = change.service();
            if withheld.contains(service) {
                // That is what the plain batch has made of it.
                prop_assert!(plain.exchange.link.table.destinations(service).next().is_none());
            } else {
                prop_assert_eq!(format!("{:?}", results.get(place)), format!("{:?}", expected.get(place)));
                let servers = |core: &Core<FakeKernel>| -> Vec<Destination> {
                    core.exchange.link.table.destinations(service).cloned().collect()
                };
                prop_assert_eq!(servers(&careful), servers(&plain));
            }
        }
    }
}
