//! The difference of two tables, applied to a table as a value.

use std::collections::BTreeSet;

use ipvs_netlink::{
    Change, Destination, Forwarding, Protocol, Service, ServiceFlags, ServiceKey, Table, Tunnel,
    TunnelChecksum,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::worlds;

/// What may be owned in the tests of ownership.
fn is_tcp(key: &ServiceKey) -> bool {
    matches!(
        key,
        ServiceKey::Address {
            protocol: Protocol::Tcp,
            ..
        }
    )
}

/// The services of a table that have such a destination.
fn served(table: &Table, counts: fn(&Destination) -> bool) -> BTreeSet<ServiceKey> {
    table
        .services()
        .map(|service| service.key)
        .filter(|key| table.destinations(key).any(counts))
        .collect()
}

/// Checks that the services that have such a destination before and after have one all the time.
fn stays_served(
    from: &Table,
    to: &Table,
    counts: fn(&Destination) -> bool,
) -> Result<(), TestCaseError> {
    let (before, after) = (served(from, counts), served(to, counts));
    let keeps: BTreeSet<_> = before.intersection(&after).copied().collect();
    let mut table = from.clone();
    for change in &from.diff(to).changes {
        table.apply(change);
        prop_assert!(served(&table, counts).is_superset(&keeps), "after {change}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn it_leads_from_the_one_to_the_other(from in worlds::table(), to in worlds::table()) {
        let plan = from.diff(&to);
        let mut table = from.clone();
        for change in &plan.changes {
            prop_assert!(table.apply(change), "refused: {change}");
        }
        prop_assert_eq!(&table, &to);
        prop_assert!(table.diff(&to).is_empty());
    }

    #[test]
    fn it_never_leaves_a_service_without_destinations(
        from in worlds::table(),
        to in worlds::table(),
    ) {
        stays_served(&from, &to, |_| true)?;
    }

    /// The same table twice, with few destinations that have a weight.
    #[test]
    fn it_never_leaves_a_service_without_weight(
        table in worlds::table(),
        before in vec(0..4_u32, 64),
        after in vec(0..4_u32, 64),
    ) {
        let with = |weights: &[u32]| {
            let mut table = table.clone();
            let mut weights = weights.iter().map(|roll| u32::from(*roll == 0));
            for service in table.clone().services() {
                for destination in table.clone().destinations(&service.key) {
                    let weight = weights.next().unwrap_or(1);
                    table.insert_destination(
                        &service.key,
                        Destination { weight, ..destination.clone() },
                    );
                }
            }
            table
        };
        stays_served(&with(&before), &with(&after), |server| server.weight > 0)?;
    }

    #[test]
    fn it_changes_nothing_twice(from in worlds::table(), to in worlds::table()) {
        let plan = from.diff(&to);
        let mut targets = BTreeSet::new();
        for change in &plan.changes {
            let destination = match change {
                Change::AddDestination(_, destination) | Change::EditDestination(_, destination) => {
                    Some(destination.key)
                }
                Change::DeleteDestination(_, key) => Some(*key),
                _ => None,
            };
            prop_assert!(targets.insert((*change.service(), destination)), "again: {change}");
        }
        // Nothing that is equal on both sides is touched.
        for (service, destination) in targets {
            match destination {
                None => prop_assert_ne!(from.service(&service), to.service(&service)),
                Some(key) => prop_assert_ne!(
                    from.destination(&service, &key),
                    to.destination(&service, &key)
                ),
            }
        }
    }

    #[test]
    fn it_leaves_foreign_services_alone(from in worlds::table(), to in worlds::table()) {
        let mut table = from.clone();
        for change in &from.diff_owned(&to, is_tcp).changes {
            prop_assert!(table.apply(change));
        }
        for service in from.services().filter(|service| !is_tcp(&service.key)) {
            if to.service(&service.key).is_none() {
                prop_assert_eq!(table.service(&service.key), Some(service));
                prop_assert!(table.destinations(&service.key).eq(from.destinations(&service.key)));
            }
        }
        for service in to.services() {
            prop_assert_eq!(table.service(&service.key), Some(service));
            prop_assert!(table.destinations(&service.key).eq(to.destinations(&service.key)));
        }
    }
}

fn web() -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [1, 2, 3, 1].into(),
        port: 80,
    }
}

#[test]
fn the_order_is_add_change_delete_and_services_last() {
    let other = ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [1, 2, 3, 0].into(),
        port: 80,
    };
    let server =
        |last, weight| Destination::new([10, 0, 0, last].into(), 80, Forwarding::Direct, weight);
    let mut from = Table::new();
    from.insert_service(Service::new(other, "rr"));
    from.insert_service(Service::new(web(), "rr"));
    from.insert_destination(&web(), server(1, 1));
    from.insert_destination(&web(), server(2, 1));
    from.insert_destination(&web(), server(4, 0));
    let mut to = Table::new();
    to.insert_service(Service::new(web(), "wlc"));
    to.insert_destination(&web(), server(2, 0));
    to.insert_destination(&web(), server(3, 1));
    to.insert_destination(&web(), server(4, 5));
    assert_eq!(
        from.diff(&to).changes,
        [
            Change::EditService(Service::new(web(), "wlc")),
            Change::AddDestination(web(), server(3, 1)),
            Change::EditDestination(web(), server(4, 5)),
            Change::EditDestination(web(), server(2, 0)),
            Change::DeleteDestination(web(), server(1, 1).key),
            Change::DeleteService(other),
        ]
    );
}

#[test]
fn direct_and_tunnel_take_the_port_of_the_service() {
    for (forwarding, port) in [
        (Forwarding::Direct, 80),
        (Forwarding::Tunnel, 80),
        (Forwarding::Masquerade, 8080),
        (Forwarding::Local, 8080),
    ] {
        let mut table = Table::new();
        table.insert_service(Service::new(web(), "rr"));
        table.insert_destination(
            &web(),
            Destination::new([10, 0, 0, 1].into(), 8080, forwarding, 1),
        );
        let found: Vec<u16> = table
            .destinations(&web())
            .map(|found| found.key.port)
            .collect();
        assert_eq!(found, [port], "{forwarding:?}");
    }
}

#[test]
fn a_persistence_flag_beside_a_timeout_makes_no_difference() {
    let mut plain = Table::new();
    plain.insert_service(Service {
        persistence: 60,
        ..Service::new(web(), "rr")
    });
    let mut flagged = Table::new();
    flagged.insert_service(Service {
        persistence: 60,
        flags: ServiceFlags::PERSISTENT,
        ..Service::new(web(), "rr")
    });
    assert!(plain.diff(&flagged).is_empty());
}

#[test]
fn a_table_after_a_change_is_what_would_be_read_back() {
    let mut table = Table::new();
    let service = Service {
        persistence: 60,
        ..Service::new(web(), "rr")
    };
    table.insert_service(Service::new(web(), "rr"));
    assert!(table.apply(&Change::EditService(Service {
        flags: ServiceFlags::PERSISTENT,
        ..service.clone()
    })));
    assert_eq!(table.service(&web()), Some(&service));
    let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Masquerade, 1);
    let tunnel = Tunnel::Gre {
        checksum: TunnelChecksum::None,
    };
    let asked = Destination {
        tunnel,
        ..server.clone()
    };
    assert!(table.apply(&Change::AddDestination(web(), asked)));
    assert_eq!(table.destination(&web(), &server.key), Some(&server));
}

#[test]
fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Direct, 1);
    let mut table = Table::new();
    for change in [
        Change::EditService(Service::new(web(), "rr")),
        Change::DeleteService(web()),
        Change::AddDestination(web(), server.clone()),
        Change::EditDestination(web(), server.clone()),
        Change::DeleteDestination(web(), server.key),
    ] {
        assert!(!table.apply(&change), "{change}");
    }
    assert!(table.is_empty());
    assert!(!table.insert_destination(&web(), server.clone()));
    table.insert_service(Service::new(web(), "rr"));
    assert!(!table.apply(&Change::AddService(Service::new(web(), "wlc"))));
    table.insert_destination(&web(), server.clone());
    assert!(!table.apply(&Change::AddDestination(web(), server)));
}
