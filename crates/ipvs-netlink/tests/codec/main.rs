//! The byte form of every message: written by hand from the kernel's header, captured from a
//! kernel, and encoded a second way by another library.
//!
//! Netlink is in the machine's byte order. The hand-written bytes follow it; the captures are of a
//! little-endian machine, and only read on one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
#[cfg(target_endian = "little")]
mod captures;
mod hex;
mod neli_agrees;
mod properties;
mod requests;

use std::net::IpAddr;

use ipvs_netlink::message::{Attribute, Command, Message};
use ipvs_netlink::{
    Destination, Family, Forwarding, Netmask, Protocol, Service, ServiceFlags, ServiceKey, Tunnel,
    TunnelChecksum,
};
use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    ParseableParametrized,
};
use netlink_packet_generic::{GenlHeader, GenlMessage};

/// Number the family has in these tests.
const FAMILY: u16 = 0x1c;

/// Number the requests have.
const SEQUENCE: u32 = 7;

/// The bytes of a message as a request that wants an acknowledgement.
fn request_bytes(message: &Message) -> Vec<u8> {
    let mut message = GenlMessage::from_payload(message.clone());
    message.set_resolved_family_id(FAMILY);
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_ACK;
    header.sequence_number = SEQUENCE;
    let mut frame = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
    frame.finalize();
    let mut bytes = vec![0xff; frame.buffer_len()];
    frame.serialize(&mut bytes);
    bytes
}

/// The message in what follows a netlink header.
fn parse(bytes: &[u8]) -> Message {
    let header = GenlHeader::parse(bytes).unwrap();
    Message::parse_with_param(&bytes[header.buffer_len()..], header).unwrap()
}

/// A message with one attribute.
fn message(command: Command, attribute: Attribute) -> Message {
    Message {
        command,
        attributes: vec![attribute],
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// `-t 192.168.26.1:80 -s wlc -p 300 -M 255.255.255.0`
fn web() -> Service {
    let key = ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: address("192.168.26.1"),
        port: 80,
    };
    Service {
        persistence: 300,
        netmask: Netmask::V4([255, 255, 255, 0].into()),
        ..Service::new(key, "wlc")
    }
}

/// `-u [fd00::99]:5060 -s rr --pe sip -o`
fn phone() -> Service {
    let key = ServiceKey::Address {
        protocol: Protocol::Udp,
        address: address("fd00::99"),
        port: 5060,
    };
    Service {
        pe_name: Some("sip".to_owned()),
        flags: ServiceFlags::ONE_PACKET,
        ..Service::new(key, "rr")
    }
}

/// `-f 80 -6 -s sh -p 60 -M 64 -b sh-fallback,sh-port`
fn marked() -> Service {
    let key = ServiceKey::Fwmark {
        family: Family::V6,
        mark: 80,
    };
    Service {
        persistence: 60,
        netmask: Netmask::V6(64),
        flags: ServiceFlags::HASH_FALLBACK | ServiceFlags::HASH_PORT,
        ..Service::new(key, "sh")
    }
}

/// `-r 10.0.0.1:8080 -m -w 2 -x 100 -y 50`
fn masqueraded() -> Destination {
    Destination {
        upper_threshold: 100,
        lower_threshold: 50,
        ..Destination::new(address("10.0.0.1"), 8080, Forwarding::Masquerade, 2)
    }
}

/// `-r [fd00::1]:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum`
fn tunnelled() -> Destination {
    Destination {
        tunnel: Tunnel::Gue {
            port: 6080,
            checksum: TunnelChecksum::Checksum,
        },
        ..Destination::new(address("fd00::1"), 80, Forwarding::Tunnel, 1)
    }
}
