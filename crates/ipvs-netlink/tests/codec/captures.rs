//! Answers captured from a kernel.

use ipvs_netlink::message::{Attribute, DestinationAttribute, InfoAttribute, Message};
use ipvs_netlink::{
    Daemon, DaemonState, Destination, DestinationEntry, Family, Forwarding, Netmask, Protocol,
    Service, ServiceEntry, ServiceFlags, ServiceKey, Stats, Tunnel, TunnelChecksum,
};
use netlink_packet_core::NetlinkBuffer;

use crate::{address, hex, marked, masqueraded, parse, web};

const LINUX_6_1: &str = include_str!("../data/linux-6.1.hex");

/// Blocks of bytes, parted by empty lines.
fn blocks(text: &str) -> Vec<Vec<u8>> {
    text.split("\n\n")
        .map(hex::bytes)
        .filter(|block| !block.is_empty())
        .collect()
}

/// The messages of the family in the answer with this sequence number.
fn answers(sequence: u32) -> Vec<Message> {
    let mut messages = Vec::new();
    for datagram in blocks(LINUX_6_1) {
        let mut rest = datagram.as_slice();
        while !rest.is_empty() {
            let frame = NetlinkBuffer::new_checked(rest).unwrap();
            let length = frame.length() as usize;
            if frame.message_type() == crate::FAMILY && frame.sequence_number() == sequence {
                messages.push(parse(&rest[16..length]));
            }
            rest = &rest[length.next_multiple_of(4).min(rest.len())..];
        }
    }
    messages
}

fn services() -> Vec<ServiceEntry> {
    answers(5)
        .iter()
        .flat_map(|message| &message.attributes)
        .map(|attribute| match attribute {
            Attribute::Service(attributes) => attributes.as_slice().try_into().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn destinations(sequence: u32, family: Family) -> Vec<DestinationEntry> {
    answers(sequence)
        .iter()
        .flat_map(|message| &message.attributes)
        .map(|attribute| match attribute {
            Attribute::Destination(list) => DestinationAttribute::entry(list, family).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// What three connections had moved when the capture was made; ipvsadm said the same.
fn traffic() -> Stats {
    let mut stats = Stats::default();
    stats.connections = 3;
    stats.in_packets = 12;
    stats.out_packets = 9;
    stats.in_bytes = 3948;
    stats.out_bytes = 492;
    stats.in_packet_rate = 1;
    stats.out_packet_rate = 1;
    stats.in_byte_rate = 469;
    stats.out_byte_rate = 51;
    stats
}

#[test]
fn services_are_read() {
    let phone = ServiceKey::Address {
        protocol: Protocol::Udp,
        address: address("192.168.26.1"),
        port: 5060,
    };
    let local = ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: address("127.0.0.9"),
        port: 80,
    };
    let expected = [
        Service {
            persistence: 60,
            flags: ServiceFlags::ONE_PACKET,
            pe_name: Some("sip".to_owned()),
            ..Service::new(phone, "rr")
        },
        web(),
        Service::new(local, "rr"),
        marked(),
    ];
    let found = services();
    assert_eq!(
        found.iter().map(|entry| &entry.service).collect::<Vec<_>>(),
        expected.each_ref()
    );
    assert_eq!(found[2].stats, traffic());
    assert_eq!(found[0].stats, Stats::default());
    assert_eq!(found[3].service.netmask, Netmask::V6(64));
}

#[test]
fn destinations_are_read() {
    assert_eq!(answers(6), []);
    let found = destinations(7, Family::V4);
    let gue = Destination {
        tunnel: Tunnel::Gue {
            port: 6080,
            checksum: TunnelChecksum::Checksum,
        },
        ..Destination::new(address("10.0.0.2"), 80, Forwarding::Tunnel, 1)
    };
    let expected = [gue, masqueraded()];
    let found: Vec<_> = found.iter().map(|entry| &entry.destination).collect();
    assert_eq!(found, expected.each_ref());

    let busy = &destinations(8, Family::V4)[0];
    assert_eq!(busy.active_connections, 3);
    assert_eq!(busy.stats, traffic());
    assert_eq!(busy.destination.key.to_string(), "127.0.0.1:81");

    // The kernel says the family itself, so a wrong guess does no harm.
    let six = &destinations(9, Family::V4)[0];
    assert_eq!(six.destination.key.to_string(), "[fd00::1]:8080");
}

#[test]
fn the_rest_is_read() {
    let version = Attribute::Info(InfoAttribute::Version(0x01_0201));
    let size = Attribute::Info(InfoAttribute::ConnectionTableSize(4096));
    assert_eq!(answers(2)[0].attributes, [version, size]);
    assert_eq!(
        answers(3)[0].attributes,
        [
            Attribute::TimeoutTcp(900),
            Attribute::TimeoutTcpFin(120),
            Attribute::TimeoutUdp(300)
        ]
    );
    let message = &answers(4)[0];
    let [Attribute::Daemon(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let expected = Daemon {
        max_length: Some(1472),
        group: Some(address("224.0.0.81")),
        port: Some(8848),
        ttl: Some(1),
        ..Daemon::new(DaemonState::Master, "lo", 77)
    };
    assert_eq!(Daemon::try_from(attributes.as_slice()).unwrap(), expected);
}
