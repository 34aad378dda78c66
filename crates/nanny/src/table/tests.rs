//! The destination in the fake table.

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
fn direct_and_tunnel_use_virtual_port() {
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
fn preexisting_destination_keeps_weight_and_thresholds() {
    let mut table = table(Method::Masquerade);
    table.add(50).expect("added");
    let key = table.destination.key;
    let entry = table.kernel.destinations.get_mut(&key).expect("present");
    (entry.upper_threshold, entry.lower_threshold) = (9, 4);
    table.destination.upper_threshold = 0;
    assert_eq!(table.add(3).expect("adopted"), Some(50));
    table.set(100).expect("edited");
    let entry = &table.kernel.destinations[&key];
    assert_eq!(
        (entry.weight, entry.upper_threshold, entry.lower_threshold),
        (100, 9, 4)
    );
}

#[test]
fn preexisting_destination_gets_configured_method() {
    let mut table = table(Method::Direct);
    table.destination.forwarding = Forwarding::Tunnel;
    table.add(50).expect("added");
    table.destination.forwarding = Forwarding::Direct;
    assert_eq!(table.find().expect("found"), Some(50));
    assert_eq!(listed(&table), ["10.0.0.2:80 Direct 50"]);
}

#[test]
fn missing_destination_is_tolerated_or_restored() {
    let mut table = table(Method::Masquerade);
    table.remove().expect("absent");
    assert_eq!(table.find().expect("absent"), None);
    table.set(7).expect("put back");
    assert_eq!(listed(&table), ["10.0.0.2:8080 Masquerade 7"]);
    table.restore(9).expect("present");
    assert_eq!(listed(&table), ["10.0.0.2:8080 Masquerade 7"]);
    table.remove().expect("removed");
    table.restore(9).expect("put back");
    assert_eq!(listed(&table), ["10.0.0.2:8080 Masquerade 9"]);
}

#[test]
fn reports_missing_service() {
    let mut table = table(Method::Masquerade);
    table.kernel.has_service = false;
    assert!(is_no_service(&table.add(1).expect_err("no service")));
    assert!(is_no_service(&table.set(1).expect_err("no service")));
    assert!(is_no_service(&table.restore(1).expect_err("no service")));
    table.remove().expect("deleted with its service");
}

#[test]
fn service_key_uses_protocol_or_mark() {
    let key_of = |change: fn(&mut Settings)| {
        let mut settings = settings(Method::Direct);
        change(&mut settings);
        let table = Table::with(Memory::with_service(), &settings);
        (
            table.service.to_string(),
            table.destination.key.port,
            table.service.family(),
        )
    };
    let tcp = key_of(|_| {});
    let udp = key_of(|settings| settings.udp = true);
    let mark = |settings: &mut Settings| settings.mark = NonZeroU32::new(80);
    assert_eq!((tcp.1, udp.1), (80, 80));
    assert_ne!(tcp.0, udp.0);
    // A firewall-mark service has no port: the real server's port stays with any method.
    assert_eq!(key_of(mark).1, 8080);
    assert_eq!(key_of(mark).2, Family::V4);
    let six = key_of(|settings| {
        settings.mark = NonZeroU32::new(80);
        settings.service = "[2001:db8::1]:80".parse().expect("an address");
        settings.server = "[2001:db8::2]:8080".parse().expect("an address");
    });
    assert_eq!((six.1, six.2), (8080, Family::V6));
}

#[test]
fn quiesced_destination_has_weight_0() {
    let mut table = table(Method::Masquerade);
    assert!(!table.quiesce().expect("absent"));
    table.add(50).expect("added");
    assert!(table.quiesce().expect("present"));
    assert_eq!(listed(&table), ["10.0.0.2:8080 Masquerade 0"]);
    table.kernel.has_service = false;
    assert!(!table.quiesce().expect("deleted with its service"));
}
