//! What holds for any message and any bytes.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipvs_netlink::message::{
    Attribute, Command, Counter, DaemonAttribute, DestinationAttribute, InfoAttribute, Message,
    ServiceAttribute, StatsAttribute,
};
use ipvs_netlink::{Daemon, Family, ServiceEntry};
use netlink_packet_core::{DefaultNla, Emitable, ParseableParametrized};
use netlink_packet_generic::GenlHeader;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// An attribute with a number the crate does not know in any set.
fn stranger() -> impl Strategy<Value = DefaultNla> {
    (20_u16..0x2000, vec(any::<u8>(), 0..40)).prop_map(|(kind, value)| DefaultNla::new(kind, value))
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9_-]{0,15}"
}

fn counters() -> impl Strategy<Value = Vec<StatsAttribute>> {
    let counter = select(Counter::ALL);
    let attribute = prop_oneof![
        (counter.clone(), any::<u32>()).prop_map(|(c, value)| StatsAttribute::Narrow(c, value)),
        (counter, any::<u64>()).prop_map(|(c, value)| StatsAttribute::Wide(c, value)),
        stranger().prop_map(StatsAttribute::Other),
    ];
    vec(attribute, 0..12)
}

fn service() -> impl Strategy<Value = ServiceAttribute> {
    use ServiceAttribute as A;
    prop_oneof![
        any::<u16>().prop_map(A::Family),
        any::<u16>().prop_map(A::Protocol),
        any::<[u8; 16]>().prop_map(A::Address),
        any::<u16>().prop_map(A::Port),
        any::<u32>().prop_map(A::Fwmark),
        name().prop_map(A::SchedulerName),
        any::<(u32, u32)>().prop_map(|(flags, mask)| A::Flags { flags, mask }),
        any::<u32>().prop_map(A::Timeout),
        any::<[u8; 4]>().prop_map(A::Netmask),
        counters().prop_map(A::Stats),
        name().prop_map(A::PeName),
        counters().prop_map(A::Stats64),
        stranger().prop_map(A::Other),
    ]
}

fn destination() -> impl Strategy<Value = DestinationAttribute> {
    use DestinationAttribute as A;
    let counted = prop_oneof![
        any::<u32>().prop_map(A::ForwardingMethod),
        any::<u32>().prop_map(A::Weight),
        any::<u32>().prop_map(A::UpperThreshold),
        any::<u32>().prop_map(A::LowerThreshold),
        any::<u32>().prop_map(A::ActiveConnections),
        any::<u32>().prop_map(A::InactiveConnections),
        any::<u32>().prop_map(A::PersistentConnections),
    ];
    prop_oneof![
        any::<[u8; 16]>().prop_map(A::Address),
        any::<u16>().prop_map(A::Port),
        counted,
        counters().prop_map(A::Stats),
        any::<u16>().prop_map(A::Family),
        counters().prop_map(A::Stats64),
        any::<u8>().prop_map(A::TunnelType),
        any::<u16>().prop_map(A::TunnelPort),
        any::<u16>().prop_map(A::TunnelFlags),
        stranger().prop_map(A::Other),
    ]
}

fn daemon() -> impl Strategy<Value = DaemonAttribute> {
    use DaemonAttribute as A;
    prop_oneof![
        any::<u32>().prop_map(A::State),
        name().prop_map(A::Interface),
        any::<u32>().prop_map(A::SyncId),
        any::<u16>().prop_map(A::MaxLength),
        any::<[u8; 4]>().prop_map(|octets| A::Group(Ipv4Addr::from(octets))),
        any::<[u8; 16]>().prop_map(|octets| A::Group6(Ipv6Addr::from(octets))),
        any::<u16>().prop_map(A::Port),
        any::<u8>().prop_map(A::Ttl),
        stranger().prop_map(A::Other),
    ]
}

fn any_message() -> impl Strategy<Value = Message> {
    let attribute = prop_oneof![
        vec(service(), 0..14).prop_map(Attribute::Service),
        vec(destination(), 0..16).prop_map(Attribute::Destination),
        vec(daemon(), 0..9).prop_map(Attribute::Daemon),
        any::<u32>().prop_map(Attribute::TimeoutTcp),
        any::<u32>().prop_map(Attribute::TimeoutTcpFin),
        any::<u32>().prop_map(Attribute::TimeoutUdp),
        stranger().prop_map(Attribute::Other),
    ];
    let info = prop_oneof![
        any::<u32>().prop_map(|value| Attribute::Info(InfoAttribute::Version(value))),
        any::<u32>().prop_map(|value| Attribute::Info(InfoAttribute::ConnectionTableSize(value))),
        stranger().prop_map(Attribute::Other),
    ];
    let commands: Vec<Command> = Command::ALL
        .iter()
        .copied()
        .filter(|command| *command != Command::SetInfo)
        .collect();
    prop_oneof![
        9 => (select(commands), vec(attribute, 0..4)),
        1 => (Just(Command::SetInfo), vec(info, 0..4)),
    ]
    .prop_map(|(command, attributes)| Message {
        command,
        attributes,
    })
}

fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = vec![0xff; message.buffer_len()];
    message.emit(&mut bytes);
    bytes
}

/// Reads bytes as far as they can be read: down to the typed values.
fn decode(command: u8, bytes: &[u8]) -> Option<Message> {
    let header = GenlHeader {
        cmd: command,
        version: 1,
    };
    let message = Message::parse_with_param(bytes, header).ok()?;
    for attribute in &message.attributes {
        match attribute {
            Attribute::Service(list) => drop(ServiceEntry::try_from(list.as_slice())),
            Attribute::Destination(list) => {
                drop(DestinationAttribute::entry(list, Family::V4));
                drop(DestinationAttribute::entry(list, Family::V6));
            }
            Attribute::Daemon(list) => drop(Daemon::try_from(list.as_slice())),
            _ => {}
        }
    }
    Some(message)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(message in any_message()) {
        let bytes = encode(&message);
        prop_assert_eq!(bytes.len() % 4, 0);
        prop_assert_eq!(decode(message.command as u8, &bytes), Some(message));
    }

    #[test]
    fn no_bytes_make_it_panic(command in any::<u8>(), bytes in vec(any::<u8>(), 0..300)) {
        decode(command, &bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(
        message in any_message(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encode(&message);
        for (place, value) in damage {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = value;
            }
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        decode(message.command as u8, &bytes);
    }
}
