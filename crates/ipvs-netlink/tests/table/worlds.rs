//! Random tables from a small world, so that two of them have much in common.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipvs_netlink::{
    Destination, Family, Forwarding, Netmask, Protocol, Service, ServiceFlags, ServiceKey, Table,
    Tunnel, TunnelChecksum,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0..3_u8).prop_map(|last| Ipv4Addr::new(10, 0, 0, last).into()),
        (0..3_u16).prop_map(|last| Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last).into()),
    ]
}

fn key() -> impl Strategy<Value = ServiceKey> {
    let protocol = select(vec![
        Protocol::Tcp,
        Protocol::Udp,
        Protocol::Sctp,
        Protocol::Other(50),
    ]);
    let address = select(vec![
        IpAddr::from([1, 2, 3, 1]),
        IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, 99]),
    ]);
    let port = select(vec![0_u16, 80]);
    let family = select(vec![Family::V4, Family::V6]);
    prop_oneof![
        3 => (protocol, address, port).prop_map(|(protocol, address, port)| {
            ServiceKey::Address { protocol, address, port }
        }),
        1 => (family, 1..3_u32).prop_map(|(family, mark)| ServiceKey::Fwmark { family, mark }),
    ]
}

fn service() -> impl Strategy<Value = Service> {
    let scheduler = select(vec!["rr", "wlc", "sh"]);
    let flags = (0..64_u32).prop_map(ServiceFlags::from_bits);
    let pe_name = select(vec![None, Some("sip".to_owned())]);
    (
        key(),
        scheduler,
        flags,
        select(vec![0, 60]),
        any::<bool>(),
        pe_name,
    )
        .prop_map(|(key, scheduler, flags, persistence, is_wide, pe_name)| {
            let netmask = match key.family() {
                family if !is_wide => Netmask::host(family),
                Family::V4 => Netmask::V4([255, 255, 0, 0].into()),
                Family::V6 => Netmask::V6(64),
            };
            Service {
                flags,
                persistence,
                netmask,
                pe_name,
                ..Service::new(key, scheduler)
            }
        })
}

fn destination() -> impl Strategy<Value = Destination> {
    let forwarding = select(vec![
        Forwarding::Masquerade,
        Forwarding::Local,
        Forwarding::Tunnel,
        Forwarding::Direct,
        Forwarding::Bypass,
    ]);
    let checksum = TunnelChecksum::Checksum;
    let tunnel = select(vec![
        Tunnel::Ipip,
        Tunnel::Gue {
            port: 6080,
            checksum,
        },
        Tunnel::Gre { checksum },
    ]);
    let thresholds = select(vec![(0, 0), (100, 50)]);
    (
        address(),
        select(vec![80, 8080]),
        forwarding,
        0..3_u32,
        thresholds,
        tunnel,
    )
        .prop_map(
            |(address, port, forwarding, weight, (upper_threshold, lower_threshold), tunnel)| {
                Destination {
                    upper_threshold,
                    lower_threshold,
                    tunnel,
                    ..Destination::new(address, port, forwarding, weight)
                }
            },
        )
}

/// A table of up to eight services with up to eight destinations each.
pub(crate) fn table() -> impl Strategy<Value = Table> {
    vec((service(), vec(destination(), 0..8)), 0..8).prop_map(|rows| {
        let mut table = Table::new();
        for (service, destinations) in rows {
            let key = service.key;
            table.insert_service(service);
            for destination in destinations {
                assert!(table.insert_destination(&key, destination));
            }
        }
        table
    })
}
