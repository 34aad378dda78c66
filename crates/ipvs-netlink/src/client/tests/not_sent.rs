//! What the kernel would refuse without saying why is refused here, and not sent.

use super::*;
use crate::{Family, Netmask, Tunnel, TunnelChecksum};

#[test]
fn what_the_kernel_would_refuse_without_a_word_is_not_sent() {
    let mut core = client(|_| {});
    let sends = core.exchange.link.sends;
    let all_ports = ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [1, 2, 3, 4].into(),
        port: 0,
    };
    let six_key = ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: "::1".parse().unwrap(),
        port: 80,
    };
    let six = Destination::new("::1".parse().unwrap(), 80, Forwarding::Direct, 1);
    let gue = Destination {
        forwarding: Forwarding::Tunnel,
        tunnel: Tunnel::Gue {
            port: 0,
            checksum: TunnelChecksum::None,
        },
        ..server(1)
    };
    let cases = [
        Change::AddService(Service::new(key(1), "")),
        Change::AddService(Service::new(key(1), "sixteen-bytes-xx")),
        Change::AddService(Service::new(key(1), "a\0b")),
        Change::AddService(Service {
            pe_name: Some(String::new()),
            ..service(1)
        }),
        Change::AddService(Service {
            netmask: Netmask::V6(64),
            ..service(1)
        }),
        Change::AddService(Service {
            persistence: 4_294_968,
            ..service(1)
        }),
        Change::AddService(Service::new(all_ports, "rr")),
        Change::AddService(Service {
            netmask: Netmask::V6(0),
            ..Service::new(six_key, "rr")
        }),
        Change::DeleteService(ServiceKey::Fwmark {
            family: Family::V4,
            mark: 0,
        }),
        Change::AddDestination(
            key(1),
            Destination {
                weight: 1 << 31,
                ..server(1)
            },
        ),
        Change::AddDestination(
            key(1),
            Destination {
                lower_threshold: 1,
                ..server(1)
            },
        ),
        Change::AddDestination(key(1), six),
        Change::AddDestination(key(1), gue),
    ];
    let cases: Vec<Change> = cases.into_iter().chain(taken_for_another()).collect();
    for result in core.batch(&cases) {
        assert!(matches!(result, Err(Error::Invalid { .. })), "{result:?}");
    }
    for change in &cases {
        assert!(
            matches!(core.change(change), Err(Error::Invalid { .. })),
            "{change}"
        );
    }
    assert_eq!(core.exchange.link.sends, sends);
}

/// Numbers that have a name, and those that the kernel cuts off to one that has.
fn taken_for_another() -> Vec<Change> {
    let method = |number| Destination {
        forwarding: Forwarding::Other(number),
        ..server(1)
    };
    let tunnel = Destination {
        forwarding: Forwarding::Tunnel,
        tunnel: Tunnel::Other {
            kind: 1,
            port: 6080,
            flags: 0,
        },
        ..server(1)
    };
    let flags = Destination {
        tunnel: Tunnel::Gre {
            checksum: TunnelChecksum::Other(1),
        },
        ..tunnel.clone()
    };
    let tcp = ServiceKey::Address {
        protocol: Protocol::Other(6),
        address: [1, 2, 3, 1].into(),
        port: 80,
    };
    vec![
        Change::AddDestination(key(1), method(4)),
        Change::EditDestination(key(1), method(10)),
        Change::AddDestination(key(1), tunnel),
        Change::AddDestination(key(1), flags),
        Change::AddService(Service::new(tcp, "rr")),
        Change::DeleteService(tcp),
        Change::DeleteDestination(tcp, server(1).key),
    ]
}

#[test]
fn a_daemon_that_the_kernel_would_refuse_without_a_word_is_not_sent() {
    let mut core = client(|_| {});
    let sends = core.exchange.link.sends;
    let daemon = |interface: &str, group: Option<&str>| Daemon {
        group: group.map(|group| group.parse().unwrap()),
        ..Daemon::new(DaemonState::Master, interface, 1)
    };
    for daemon in [
        daemon("", None),
        daemon("sixteen-bytes-xx", None),
        daemon("eth0", Some("10.0.0.1")),
        daemon("eth0", Some("fd00::1")),
        Daemon::new(DaemonState::Master, "eth0", 256),
    ] {
        let result = core.start_daemon(&daemon);
        assert!(matches!(result, Err(Error::Invalid { .. })), "{result:?}");
    }
    assert_eq!(core.exchange.link.sends, sends);
}

#[test]
fn a_mark_of_0_is_not_taken_for_an_address() {
    let mut core = client(|_| {});
    let sends = core.exchange.link.sends;
    let none = ServiceKey::Fwmark {
        family: Family::V6,
        mark: 0,
    };
    let results = [
        core.service(&none).map(drop),
        core.destinations(&none).map(drop),
        core.destination(&none, &server(1).key).map(drop),
        core.zero(Some(&none)),
    ];
    for result in results {
        assert!(matches!(result, Err(Error::Invalid { .. })), "{result:?}");
    }
    assert_eq!(core.exchange.link.sends, sends);
}
