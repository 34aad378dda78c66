//! Any bytes, taken for the kernel's: decoding them must not panic, and what was understood must
//! survive being written and read again.
#![no_main]

use ipvs_netlink::message::{
    Attribute, Command, DaemonAttribute, DestinationAttribute, Message, ServiceAttribute,
};
use ipvs_netlink::{Change, Daemon, Family, ServiceEntry, ServiceKey, Table, fuzz};
use libfuzzer_sys::fuzz_target;
use netlink_packet_core::Emitable;
use netlink_packet_generic::{GenlFamily, GenlHeader};

fuzz_target!(|bytes: &[u8]| {
    for payload in fuzz::payloads(bytes) {
        examine_payload(payload);
    }
    // The same bytes as one message, so that the fuzzer need not get a frame right first.
    examine_payload(bytes);
});

/// Looks into what follows a netlink header.
fn examine_payload(payload: &[u8]) {
    if let Some(message) = fuzz::message(payload) {
        examine(&message);
        both_ways(payload, &message, Family::V4);
        both_ways(payload, &message, Family::V6);
    }
}

/// Destinations are the same when they are read without a message.
fn both_ways(bytes: &[u8], message: &Message, family: Family) {
    let found = fuzz::configured(bytes, family);
    if message.command != Command::NewDest {
        return;
    }
    let described = |attribute: &Attribute| match attribute {
        Attribute::Destination(list) => Some(DestinationAttribute::entry(list, family)),
        _ => None,
    };
    let entries: Result<Vec<_>, _> = message.attributes.iter().filter_map(described).collect();
    let Ok(entries) = entries else {
        return;
    };
    let expected: Vec<_> = entries.into_iter().map(|entry| entry.destination).collect();
    assert_eq!(found, Some(expected));
}

/// Writes a message and reads it again.
fn again(message: &Message) -> Option<Message> {
    let header = GenlHeader {
        cmd: message.command(),
        version: message.version(),
    };
    let mut bytes = vec![0; header.buffer_len() + message.buffer_len()];
    header.emit(&mut bytes);
    message.emit(&mut bytes[header.buffer_len()..]);
    fuzz::message(&bytes)
}

fn examine(message: &Message) {
    // The first time may change the number of an unknown attribute: netlink-packet-core writes one
    // of the flags for nesting and byte order, which exclude each other, where both were read.
    let once = again(message).expect("what was understood can be read again");
    assert_eq!(once.attributes.len(), message.attributes.len());
    assert_eq!(again(&once).as_ref(), Some(&once));
    let message = &once;
    for attribute in &message.attributes {
        match attribute {
            Attribute::Service(list) => service(list),
            Attribute::Destination(list) => {
                destination(list, Family::V4);
                destination(list, Family::V6);
            }
            Attribute::Daemon(list) => daemon(list),
            _ => {}
        }
    }
}

/// A service that was understood is the same after a round trip as a request to add it.
fn service(list: &[ServiceAttribute]) {
    let Ok(entry) = ServiceEntry::try_from(list) else {
        return;
    };
    let mut table = Table::new();
    table.insert_service(entry.service.clone());
    assert_eq!(table.to_string().lines().count(), 1);
    let plan = Table::new().diff(&table);
    assert_eq!(plan.to_string().lines().count(), 1);
    let mut made = Table::new();
    assert!(plan.changes.iter().all(|change| made.apply(change)));
    assert_eq!(made, table);
    let request = Message::from(&Change::AddService(entry.service.clone()));
    let found = again(&request).expect("our own request can be read");
    let [Attribute::Service(list)] = found.attributes.as_slice() else {
        panic!("{found:?}");
    };
    let again = ServiceEntry::try_from(list.as_slice()).expect("our own service can be read");
    assert_eq!(again.service, entry.service);
}

/// The same for a destination.
fn destination(list: &[DestinationAttribute], family: Family) {
    let Ok(entry) = DestinationAttribute::entry(list, family) else {
        return;
    };
    let _ = entry.destination.to_string();
    let key = ServiceKey::Fwmark { family, mark: 1 };
    let request = Message::from(&Change::AddDestination(key, entry.destination.clone()));
    let found = again(&request).expect("our own request can be read");
    let [_, Attribute::Destination(list)] = found.attributes.as_slice() else {
        panic!("{found:?}");
    };
    let again = DestinationAttribute::entry(list, family).expect("our own destination can be read");
    assert_eq!(again.destination, entry.destination);
}

/// The same for a synchronization daemon.
fn daemon(list: &[DaemonAttribute]) {
    let Ok(daemon) = Daemon::try_from(list) else {
        return;
    };
    let request = Message {
        command: Command::NewDaemon,
        attributes: vec![Attribute::Daemon(DaemonAttribute::of_daemon(&daemon))],
    };
    let found = again(&request).expect("our own request can be read");
    let [Attribute::Daemon(list)] = found.attributes.as_slice() else {
        panic!("{found:?}");
    };
    let again = Daemon::try_from(list.as_slice()).expect("our own daemon can be read");
    assert_eq!(again, daemon);
}
