//! The request that makes a change: as a message, and as bytes without one.
//!
//! A table has tens of thousands of changes, and making a message of each would cost more than
//! the rest of their encoding. So the attributes are put down as they come. Both forms take them
//! from the same place, in the same order.

use super::attribute::{DEST, SERVICE};
use super::nested::{put, put_nested};
use super::{Attribute, Command, DestinationAttribute, Message, ServiceAttribute};
use crate::{Change, Destination, DestinationKey, Service, ServiceKey};

/// What a request says of a service.
enum OfService<'a> {
    Name(&'a ServiceKey),
    All(&'a Service),
}

/// What a request says of a destination.
enum OfDestination<'a> {
    Name(&'a DestinationKey),
    All(&'a Destination),
}

/// Command and content of the request that makes a change. One on a destination names its service.
#[inline]
fn request(change: &Change) -> (Command, OfService<'_>, Option<OfDestination<'_>>) {
    use OfDestination as D;
    use OfService as S;
    match change {
        Change::AddService(service) => (Command::NewService, S::All(service), None),
        Change::EditService(service) => (Command::SetService, S::All(service), None),
        Change::DeleteService(key) => (Command::DelService, S::Name(key), None),
        Change::AddDestination(key, server) => {
            (Command::NewDest, S::Name(key), Some(D::All(server)))
        }
        Change::EditDestination(key, server) => {
            (Command::SetDest, S::Name(key), Some(D::All(server)))
        }
        Change::DeleteDestination(key, server) => {
            (Command::DelDest, S::Name(key), Some(D::Name(server)))
        }
    }
}

/// The command that makes a change.
pub(crate) fn command(change: &Change) -> Command {
    request(change).0
}

/// Appends the attributes of the request that makes a change.
pub(crate) fn append(buffer: &mut Vec<u8>, change: &Change) {
    let (_, service, destination) = request(change);
    put_nested(buffer, SERVICE, |buffer| {
        let put = |attribute| put(buffer, &attribute);
        match service {
            OfService::Name(key) => ServiceAttribute::each_of_key(key, put),
            OfService::All(service) => ServiceAttribute::each_of_service(service, put),
        }
    });
    if let Some(destination) = destination {
        put_nested(buffer, DEST, |buffer| {
            let put = |attribute| put(buffer, &attribute);
            match destination {
                OfDestination::Name(key) => DestinationAttribute::each_of_key(key, put),
                OfDestination::All(server) => {
                    DestinationAttribute::each_of_destination(server, put);
                }
            }
        });
    }
}

impl From<&Change> for Message {
    fn from(change: &Change) -> Self {
        let (command, service, destination) = request(change);
        let service = match service {
            OfService::Name(key) => ServiceAttribute::of_key(key),
            OfService::All(service) => ServiceAttribute::of_service(service),
        };
        let destination = destination.map(|destination| match destination {
            OfDestination::Name(key) => DestinationAttribute::of_key(key),
            OfDestination::All(server) => DestinationAttribute::of_destination(server),
        });
        let attributes = [Attribute::Service(service)].into_iter();
        let attributes = attributes.chain(destination.map(Attribute::Destination));
        Self {
            command,
            attributes: attributes.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use netlink_packet_core::Emitable;
    use proptest::prelude::*;

    use super::*;
    use crate::{Family, Forwarding, Netmask, Protocol, ServiceFlags, Tunnel, TunnelChecksum};

    fn any_service_key() -> impl Strategy<Value = ServiceKey> {
        let protocol = prop_oneof![
            Just(Protocol::Tcp),
            Just(Protocol::Udp),
            Just(Protocol::Sctp),
            Just(Protocol::Other(50)),
        ];
        let family = prop_oneof![Just(Family::V4), Just(Family::V6)];
        prop_oneof![
            (protocol, any::<IpAddr>(), any::<u16>()).prop_map(|(protocol, address, port)| {
                ServiceKey::Address {
                    protocol,
                    address,
                    port,
                }
            }),
            (family, any::<u32>()).prop_map(|(family, mark)| ServiceKey::Fwmark { family, mark }),
        ]
    }

    fn any_service() -> impl Strategy<Value = Service> {
        let netmask = prop_oneof![
            any::<[u8; 4]>().prop_map(|mask| Netmask::V4(mask.into())),
            any::<u8>().prop_map(Netmask::V6),
        ];
        let name = || "[a-z]{1,15}";
        (
            any_service_key(),
            name(),
            any::<u32>().prop_map(ServiceFlags::from_bits),
            prop_oneof![Just(0), any::<u32>()],
            netmask,
            proptest::option::of(name()),
        )
            .prop_map(
                |(key, scheduler, flags, persistence, netmask, pe_name)| Service {
                    key,
                    scheduler,
                    flags,
                    persistence,
                    netmask,
                    pe_name,
                },
            )
    }

    fn any_destination() -> impl Strategy<Value = Destination> {
        let forwarding = prop_oneof![
            Just(Forwarding::Masquerade),
            Just(Forwarding::Direct),
            Just(Forwarding::Tunnel),
            Just(Forwarding::Local),
            Just(Forwarding::Bypass),
            Just(Forwarding::Other(7)),
        ];
        let checksum = prop_oneof![Just(TunnelChecksum::None), Just(TunnelChecksum::Remote)];
        let tunnel = (0..4, any::<u16>(), checksum).prop_map(|(kind, port, checksum)| match kind {
            0 => Tunnel::Ipip,
            1 => Tunnel::Gue { port, checksum },
            2 => Tunnel::Gre { checksum },
            _ => Tunnel::Other {
                kind: 9,
                port,
                flags: 3,
            },
        });
        (
            any::<(IpAddr, u16)>(),
            forwarding,
            any::<(u32, u32, u32)>(),
            tunnel,
        )
            .prop_map(|((address, port), forwarding, numbers, tunnel)| {
                let (weight, upper_threshold, lower_threshold) = numbers;
                Destination {
                    upper_threshold,
                    lower_threshold,
                    tunnel,
                    ..Destination::new(address, port, forwarding, weight)
                }
            })
    }

    fn any_change() -> impl Strategy<Value = Change> {
        let on_destination = || (any_service_key(), any_destination());
        prop_oneof![
            any_service().prop_map(Change::AddService),
            any_service().prop_map(Change::EditService),
            any_service_key().prop_map(Change::DeleteService),
            on_destination().prop_map(|(key, server)| Change::AddDestination(key, server)),
            on_destination().prop_map(|(key, server)| Change::EditDestination(key, server)),
            on_destination().prop_map(|(key, server)| Change::DeleteDestination(key, server.key)),
        ]
    }

    proptest! {
        /// The bytes of the messages are held against those of other encoders elsewhere.
        #[test]
        fn the_bytes_are_those_of_the_message(change in any_change(), before in 0..5_usize) {
            let message = Message::from(&change);
            let mut expected = vec![0xff; before + message.buffer_len()];
            message.emit(&mut expected[before..]);
            let mut bytes = vec![0xff; before];
            append(&mut bytes, &change);
            prop_assert_eq!(bytes, expected);
            prop_assert_eq!(command(&change), message.command);
        }
    }
}
