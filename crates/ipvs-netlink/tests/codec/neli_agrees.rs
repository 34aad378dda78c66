//! The same requests, encoded by another netlink library: the bytes must be the same.

use std::io::Cursor;
use std::net::IpAddr;

use ipvs_netlink::message::{Attribute, Command, DaemonAttribute, Message, ServiceAttribute};
use ipvs_netlink::{
    Change, Daemon, DaemonState, Destination, Forwarding, Netmask, Service, ServiceKey, Tunnel,
};
use neli::ToBytes;
use neli::consts::nl::NlmF;
use neli::genl::{AttrTypeBuilder, GenlmsghdrBuilder, Nlattr, NlattrBuilder};
use neli::nl::{NlPayload, NlmsghdrBuilder};
use neli::types::{Buffer, GenlBuffer};

use crate::{FAMILY, SEQUENCE, marked, masqueraded, message, phone, request_bytes, tunnelled, web};

type NeliAttribute = Nlattr<u16, Buffer>;

fn plain(kind: u16, value: impl ToBytes + neli::Size) -> NeliAttribute {
    let kind = AttrTypeBuilder::default().nla_type(kind).build().unwrap();
    NlattrBuilder::default()
        .nla_type(kind)
        .nla_payload(value)
        .build()
        .unwrap()
}

fn nested(kind: u16, attributes: Vec<NeliAttribute>) -> NeliAttribute {
    let kind = AttrTypeBuilder::default()
        .nla_type(kind)
        .nla_nested(true)
        .build()
        .unwrap();
    let empty = NlattrBuilder::default()
        .nla_type(kind)
        .nla_payload(Vec::<u8>::new())
        .build()
        .unwrap();
    attributes
        .into_iter()
        .fold(empty, |outer, inner| outer.nest(&inner).unwrap())
}

fn bytes(command: u8, attributes: Vec<NeliAttribute>) -> Vec<u8> {
    let payload = GenlmsghdrBuilder::default()
        .cmd(command)
        .version(1)
        .attrs(attributes.into_iter().collect::<GenlBuffer<u16, Buffer>>())
        .build()
        .unwrap();
    let frame = NlmsghdrBuilder::default()
        .nl_type(FAMILY)
        .nl_flags(NlmF::REQUEST | NlmF::ACK)
        .nl_seq(SEQUENCE)
        .nl_pid(0)
        .nl_payload(NlPayload::Payload(payload))
        .build()
        .unwrap();
    let mut buffer = Cursor::new(Vec::new());
    frame.to_bytes(&mut buffer).unwrap();
    buffer.into_inner()
}

fn union(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => [&address.octets()[..], &[0; 12]].concat(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn family(address: IpAddr) -> u16 {
    if address.is_ipv4() { 2 } else { 10 }
}

fn key(key: &ServiceKey) -> Vec<NeliAttribute> {
    match *key {
        ServiceKey::Address {
            protocol,
            address,
            port,
        } => vec![
            plain(1, family(address)),
            plain(2, protocol.number()),
            plain(3, union(address)),
            plain(4, port.to_be()),
        ],
        ServiceKey::Fwmark { family, mark } => {
            vec![plain(1, family.number()), plain(5, mark)]
        }
    }
}

fn service(service: &Service) -> NeliAttribute {
    let mut attributes = key(&service.key);
    attributes.push(plain(6, service.scheduler.as_str()));
    attributes.extend(service.pe_name.as_deref().map(|name| plain(11, name)));
    let flags = service.flags.bits() | u32::from(service.persistence > 0);
    attributes.push(plain(7, [flags.to_ne_bytes(), [0xff; 4]].concat()));
    attributes.push(plain(8, service.persistence));
    attributes.push(match service.netmask {
        Netmask::V4(mask) => plain(9, u32::from(mask).to_be()),
        Netmask::V6(prefix) => plain(9, u32::from(prefix)),
    });
    nested(1, attributes)
}

fn destination_key(destination: &Destination) -> Vec<NeliAttribute> {
    vec![
        plain(11, family(destination.key.address)),
        plain(1, union(destination.key.address)),
        plain(2, destination.key.port.to_be()),
    ]
}

fn destination(destination: &Destination) -> NeliAttribute {
    let mut attributes = destination_key(destination);
    attributes.extend([
        plain(3, destination.forwarding.number()),
        plain(4, destination.weight),
        plain(5, destination.upper_threshold),
        plain(6, destination.lower_threshold),
    ]);
    if destination.forwarding == Forwarding::Tunnel {
        let (kind, port, flags) = match destination.tunnel {
            Tunnel::Ipip => (0_u8, 0_u16, 0_u16),
            Tunnel::Gue { port, checksum } => (1, port, checksum.bits()),
            Tunnel::Gre { checksum } => (2, 0, checksum.bits()),
            Tunnel::Other { kind, port, flags } => (kind, port, flags),
            other => panic!("{other:?}"),
        };
        attributes.extend([plain(13, kind), plain(14, port.to_be()), plain(15, flags)]);
    }
    nested(2, attributes)
}

fn agree(message: &Message, attributes: Vec<NeliAttribute>) {
    assert_eq!(
        request_bytes(message),
        bytes(message.command as u8, attributes),
        "{message:#?}"
    );
}

#[test]
fn on_services() {
    for value in [web(), phone(), marked()] {
        agree(
            &(&Change::AddService(value.clone())).into(),
            vec![service(&value)],
        );
        agree(
            &(&Change::EditService(value.clone())).into(),
            vec![service(&value)],
        );
        agree(
            &(&Change::DeleteService(value.key)).into(),
            vec![nested(1, key(&value.key))],
        );
        let name = Attribute::Service(ServiceAttribute::of_key(&value.key));
        for command in [Command::GetService, Command::GetDest, Command::Zero] {
            agree(
                &message(command, name.clone()),
                vec![nested(1, key(&value.key))],
            );
        }
    }
}

#[test]
fn on_destinations() {
    let direct = Destination {
        forwarding: Forwarding::Direct,
        ..masqueraded()
    };
    let ipip = Destination {
        tunnel: Tunnel::Ipip,
        ..tunnelled()
    };
    for value in [masqueraded(), tunnelled(), direct, ipip] {
        for owner in [web().key, marked().key] {
            let both = vec![nested(1, key(&owner)), destination(&value)];
            agree(
                &(&Change::AddDestination(owner, value.clone())).into(),
                both.clone(),
            );
            agree(
                &(&Change::EditDestination(owner, value.clone())).into(),
                both,
            );
            agree(
                &(&Change::DeleteDestination(owner, value.key)).into(),
                vec![nested(1, key(&owner)), nested(2, destination_key(&value))],
            );
        }
    }
}

#[test]
fn on_daemons_and_timeouts() {
    let daemon = Daemon {
        max_length: Some(1400),
        group: Some([224, 0, 0, 99].into()),
        port: Some(9000),
        ttl: Some(3),
        ..Daemon::new(DaemonState::Master, "eth0", 77)
    };
    agree(
        &message(
            Command::NewDaemon,
            Attribute::Daemon(DaemonAttribute::of_daemon(&daemon)),
        ),
        vec![nested(
            3,
            vec![
                plain(1, 1_u32),
                plain(2, "eth0"),
                plain(3, 77_u32),
                plain(4, 1400_u16),
                plain(5, vec![224_u8, 0, 0, 99]),
                plain(7, 9000_u16),
                plain(8, 3_u8),
            ],
        )],
    );
    let stop = Attribute::Daemon(DaemonAttribute::of_state(DaemonState::Backup));
    agree(
        &message(Command::DelDaemon, stop),
        vec![nested(3, vec![plain(1, 2_u32)])],
    );
    let timeouts = vec![Attribute::TimeoutTcp(900), Attribute::TimeoutUdp(300)];
    agree(
        &Message {
            command: Command::SetConfig,
            attributes: timeouts,
        },
        vec![plain(4, 900_u32), plain(6, 300_u32)],
    );
}

#[test]
fn on_bare_requests() {
    for command in [
        Command::GetService,
        Command::GetInfo,
        Command::GetConfig,
        Command::GetDaemon,
        Command::Zero,
        Command::Flush,
    ] {
        agree(
            &Message {
                command,
                attributes: Vec::new(),
            },
            Vec::new(),
        );
    }
}
