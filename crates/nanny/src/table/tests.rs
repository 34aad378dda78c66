//! The table against the kernel of memory.

use std::num::NonZeroU32;

use super::memory::{Memory, settings};
use super::*;

fn table(method: Method) -> Table<Memory> {
    Table::with(Memory::with_service(), &settings(method))
}

/// The destinations as `ADDRESS:PORT METHOD WEIGHT`.
fn listed(table: &Table<Memory>) -> Vec<String> {
    let line = |d: &Destination| {
        format!(
            "{}:{} {:?} {}",
            d.key.address, d.key.port, d.forwarding, d.weight
        )
    };
    table.kernel.destinations.values().map(line).collect()
}

#[test]
fn the_port_of_direct_and_tunnel_is_the_virtual_one_on_every_change() {
    for (method, line) in [
        (Method::Masquerade, "10.0.0.2:8080 Masquerade"),
        (Method::Direct, "10.0.0.2:80 Direct"),
        (Method::Tunnel, "10.0.0.2:80 Tunnel"),
    ] {
        let mut table = table(method);
        assert_eq!(table.add(3).expect("added"), None);
        assert_eq!(listed(&table), [format!("{line} 3")]);
        table.set(6).expect("edited");
        assert_eq!(listed(&table), [format!("{line} 6")]);
        assert_eq!(table.find().expect("listed"), Some(6));
        table.remove().expect("removed");
        assert!(listed(&table).is_empty());
    }
}

#[test]
fn a_server_that_is_there_keeps_its_weight_and_thresholds() {
    let mut table = table(Method::Masquerade);
    table.add(50).expect("added");
    let key = table.destination.key;
    let there = table.kernel.destinations.get_mut(&key).expect("there");
    (there.upper_threshold, there.lower_threshold) = (9, 4);
    table.destination.upper_threshold = 0;
    assert_eq!(table.add(3).expect("taken over"), Some(50));
    table.set(100).expect("edited");
    let there = &table.kernel.destinations[&key];
    assert_eq!(
        (there.weight, there.upper_threshold, there.lower_threshold),
        (100, 9, 4)
    );
}

#[test]
fn a_server_that_is_there_gets_the_right_method() {
    let mut table = table(Method::Direct);
    table.destination.forwarding = Forwarding::Tunnel;
    table.add(50).expect("added");
    table.destination.forwarding = Forwarding::Direct;
    assert_eq!(table.find().expect("found"), Some(50));
    assert_eq!(listed(&table), ["10.0.0.2:80 Direct 50"]);
}

#[test]
fn what_is_gone_is_gone_and_what_somebody_took_out_comes_back() {
    let mut table = table(Method::Masquerade);
    table.remove().expect("not there");
    assert_eq!(table.find().expect("not there"), None);
    table.set(7).expect("put back");
    assert_eq!(listed(&table), ["10.0.0.2:8080 Masquerade 7"]);
    table.put_back(9).expect("there");
    assert_eq!(listed(&table), ["10.0.0.2:8080 Masquerade 7"]);
    table.remove().expect("removed");
    table.put_back(9).expect("put back");
    assert_eq!(listed(&table), ["10.0.0.2:8080 Masquerade 9"]);
}

#[test]
fn a_missing_service_is_told_apart() {
    let mut table = table(Method::Masquerade);
    table.kernel.has_service = false;
    assert!(is_no_service(&table.add(1).expect_err("no service")));
    assert!(is_no_service(&table.set(1).expect_err("no service")));
    assert!(is_no_service(&table.put_back(1).expect_err("no service")));
    table.remove().expect("gone with its service");
}

#[test]
fn the_service_is_known_by_its_protocol_or_by_its_mark() {
    let asked = |change: fn(&mut Settings)| {
        let mut settings = settings(Method::Direct);
        change(&mut settings);
        let table = Table::with(Memory::with_service(), &settings);
        (
            table.service.to_string(),
            table.destination.key.port,
            table.service.family(),
        )
    };
    let tcp = asked(|_| {});
    let udp = asked(|settings| settings.udp = true);
    let mark = |settings: &mut Settings| settings.mark = NonZeroU32::new(80);
    assert_eq!((tcp.1, udp.1), (80, 80));
    assert_ne!(tcp.0, udp.0);
    // A service with a mark has no port of its own: the real server's stays, whatever the method.
    assert_eq!(asked(mark).1, 8080);
    assert_eq!(asked(mark).2, Family::V4);
    let six = asked(|settings| {
        settings.mark = NonZeroU32::new(80);
        settings.service = "[2001:db8::1]:80".parse().expect("an address");
        settings.server = "[2001:db8::2]:8080".parse().expect("an address");
    });
    assert_eq!((six.1, six.2), (8080, Family::V6));
}

#[test]
fn a_quiesced_server_stays_with_weight_0() {
    let mut table = table(Method::Masquerade);
    assert!(!table.quiesce().expect("not there"));
    table.add(50).expect("added");
    assert!(table.quiesce().expect("there"));
    assert_eq!(listed(&table), ["10.0.0.2:8080 Masquerade 0"]);
    table.kernel.has_service = false;
    assert!(!table.quiesce().expect("gone with its service"));
}
