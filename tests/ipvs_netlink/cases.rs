//! Services and destinations of every sort, against what ipvsadm writes and reads.

use std::net::IpAddr;

use ipvs_netlink::{
    Client, Destination, Family, Forwarding, Netmask, Protocol, Service, ServiceFlags, ServiceKey,
    Table, Tunnel, TunnelChecksum,
};

use super::tools::{Outcome, equal, ipvsadm, same_text};

/// A service named by its address.
pub(super) fn address(protocol: Protocol, address: &str, port: u16) -> Outcome<ServiceKey> {
    Ok(ServiceKey::Address {
        protocol,
        address: address.parse()?,
        port,
    })
}

/// A table with every sort of service and destination, as a value and as `ipvsadm -Sn` has it.
fn everything() -> Outcome<(Table, &'static str)> {
    let mut table = Table::new();
    let web = address(Protocol::Tcp, "1.2.3.1", 80)?;
    table.insert_service(Service::new(web, "wlc"));
    let server = |last: u8| IpAddr::from([10, 0, 0, last]);
    let tunnel = |last, tunnel| Destination {
        tunnel,
        ..Destination::new(server(last), 80, Forwarding::Tunnel, u32::from(last))
    };
    let (none, sum, remote) = (
        TunnelChecksum::None,
        TunnelChecksum::Checksum,
        TunnelChecksum::Remote,
    );
    for destination in [
        // Direct forwarding takes the service's port, whatever is asked.
        Destination::new(server(1), 8080, Forwarding::Direct, 0),
        Destination::new(server(2), 8080, Forwarding::Masquerade, 2_147_483_647),
        tunnel(3, Tunnel::Ipip),
        tunnel(
            4,
            Tunnel::Gue {
                port: 6080,
                checksum: none,
            },
        ),
        tunnel(
            5,
            Tunnel::Gue {
                port: 6080,
                checksum: sum,
            },
        ),
        tunnel(
            6,
            Tunnel::Gue {
                port: 6080,
                checksum: remote,
            },
        ),
        tunnel(7, Tunnel::Gre { checksum: none }),
        tunnel(8, Tunnel::Gre { checksum: sum }),
        Destination::new([127, 0, 0, 1].into(), 80, Forwarding::Direct, 1),
    ] {
        table.insert_destination(&web, destination);
    }

    let all_ports = address(Protocol::Tcp, "1.2.3.1", 0)?;
    table.insert_service(Service {
        persistence: 100,
        ..Service::new(all_ports, "wrr")
    });
    table.insert_service(Service {
        persistence: 60,
        netmask: Netmask::V4([255, 0, 255, 0].into()),
        ..Service::new(address(Protocol::Tcp, "1.2.3.2", 97)?, "rr")
    });
    table.insert_service(Service::new(address(Protocol::Tcp, "1.2.3.2", 98)?, "none"));
    let flagged = |port, scheduler, flags| -> Outcome<Service> {
        let key = address(Protocol::Udp, "1.2.3.1", port)?;
        Ok(Service {
            flags,
            ..Service::new(key, scheduler)
        })
    };
    let (fallback, port) = (ServiceFlags::HASH_FALLBACK, ServiceFlags::HASH_PORT);
    table.insert_service(flagged(
        53,
        "sh",
        fallback | port | ServiceFlags::ONE_PACKET,
    )?);
    table.insert_service(flagged(54, "mh", fallback | port)?);
    table.insert_service(flagged(
        55,
        "rr",
        fallback | port | ServiceFlags::SCHEDULER_3,
    )?);
    table.insert_service(Service {
        persistence: 60,
        netmask: Netmask::V4([255, 255, 255, 0].into()),
        pe_name: Some("sip".to_owned()),
        ..flagged(5060, "rr", ServiceFlags::ONE_PACKET)?
    });
    let sctp = address(Protocol::Sctp, "1.2.3.1", 99)?;
    table.insert_service(Service {
        persistence: 7,
        ..Service::new(sctp, "wrr")
    });

    let six = address(Protocol::Tcp, "fd00::99", 443)?;
    table.insert_service(Service::new(six, "wrr"));
    table.insert_destination(
        &six,
        Destination::new("fd00::2".parse()?, 443, Forwarding::Direct, 1),
    );
    table.insert_destination(
        &six,
        Destination::new("fd00::3".parse()?, 444, Forwarding::Masquerade, 1),
    );

    let mark = ServiceKey::Fwmark {
        family: Family::V4,
        mark: 80,
    };
    table.insert_service(Service {
        persistence: 360,
        ..Service::new(mark, "rr")
    });
    // Without a service port there is nothing to take: the port stays.
    table.insert_destination(
        &mark,
        Destination::new(server(1), 90, Forwarding::Direct, 1),
    );
    table.insert_destination(&mark, Destination::new(server(1), 0, Forwarding::Tunnel, 1));
    let mark6 = ServiceKey::Fwmark {
        family: Family::V6,
        mark: 80,
    };
    table.insert_service(Service {
        persistence: 60,
        netmask: Netmask::V6(64),
        ..Service::new(mark6, "rr")
    });
    table.insert_destination(
        &mark6,
        Destination::new("fd00::1".parse()?, 8080, Forwarding::Masquerade, 1),
    );
    // The C library has a form of its own for this address.
    let mark6 = ServiceKey::Fwmark {
        family: Family::V6,
        mark: 81,
    };
    table.insert_service(Service::new(mark6, "rr"));
    table.insert_destination(
        &mark6,
        Destination::new("::1.2.3.4".parse()?, 80, Forwarding::Masquerade, 1),
    );
    Ok((table, EVERYTHING))
}

const EVERYTHING: &str = "\
-A -t 1.2.3.1:0 -s wrr -p 100
-A -t 1.2.3.1:80 -s wlc
-a -t 1.2.3.1:80 -r 10.0.0.1:80 -g -w 0
-a -t 1.2.3.1:80 -r 10.0.0.2:8080 -m -w 2147483647
-a -t 1.2.3.1:80 -r 10.0.0.3:80 -i -w 3 --tun-type ipip
-a -t 1.2.3.1:80 -r 10.0.0.4:80 -i -w 4 --tun-type gue --tun-port 6080 --tun-nocsum
-a -t 1.2.3.1:80 -r 10.0.0.5:80 -i -w 5 --tun-type gue --tun-port 6080 --tun-csum
-a -t 1.2.3.1:80 -r 10.0.0.6:80 -i -w 6 --tun-type gue --tun-port 6080 --tun-remcsum
-a -t 1.2.3.1:80 -r 10.0.0.7:80 -i -w 7 --tun-type gre --tun-nocsum
-a -t 1.2.3.1:80 -r 10.0.0.8:80 -i -w 8 --tun-type gre --tun-csum
-a -t 1.2.3.1:80 -r 127.0.0.1:80 -g -w 1
-A -t 1.2.3.2:97 -s rr -p 60 -M 255.0.255.0
-A -t 1.2.3.2:98 -s none
-A -u 1.2.3.1:53 -s sh -o -b sh-fallback,sh-port
-A -u 1.2.3.1:54 -s mh -b mh-fallback,mh-port
-A -u 1.2.3.1:55 -s rr -b flag-1,flag-2,flag-3
-A -u 1.2.3.1:5060 -s rr -p 60 -M 255.255.255.0 --pe sip -o
-A --sctp-service 1.2.3.1:99 -s wrr -p 7
-A -t [fd00::99]:443 -s wrr
-a -t [fd00::99]:443 -r [fd00::2]:443 -g -w 1
-a -t [fd00::99]:443 -r [fd00::3]:444 -m -w 1
-A -f 80 -s rr -p 360
-a -f 80 -r 10.0.0.1:0 -i -w 1 --tun-type ipip
-a -f 80 -r 10.0.0.1:90 -g -w 1
-A -f 80 -6 -s rr -p 60 -M 64
-a -f 80 -6 -r [fd00::1]:8080 -m -w 1
-A -f 81 -6 -s rr
-a -f 81 -6 -r [::1.2.3.4]:80 -m -w 1
";

/// Adds, changes and deletes everything, one call each, and looks with ipvsadm every time.
pub(super) fn ipvsadm_reads_ours(client: &mut Client) -> Outcome {
    let (table, text) = everything()?;
    same_text("the table prints", &table.to_string(), text)?;
    for service in table.services() {
        client.add_service(service)?;
        for destination in table.destinations(&service.key) {
            client.add_destination(&service.key, destination)?;
        }
    }
    same_text("after adding", &ipvsadm(&["-Sn"], "")?, text)?;
    equal("read back", &Table::read(client)?, &table)?;

    let mut changed = Table::new();
    for service in table.services() {
        let service = Service {
            scheduler: "wrr".to_owned(),
            flags: ServiceFlags::empty(),
            persistence: service.persistence + 5,
            netmask: Netmask::host(service.key.family()),
            pe_name: None,
            ..service.clone()
        };
        client.edit_service(&service)?;
        equal(
            "one service",
            &client.service(&service.key)?.service,
            &service,
        )?;
        for destination in table.destinations(&service.key) {
            let destination = Destination {
                weight: 17,
                forwarding: Forwarding::Tunnel,
                tunnel: Tunnel::Gue {
                    port: 5555,
                    checksum: TunnelChecksum::Checksum,
                },
                ..destination.clone()
            };
            client.edit_destination(&service.key, &destination)?;
        }
        changed.insert_service(service);
    }
    for entry in client.services()? {
        let key = entry.service.key;
        for entry in client.destinations(&key)? {
            equal("changed weight", &entry.destination.weight, &17)?;
            equal(
                "changed method",
                &entry.destination.forwarding,
                &Forwarding::Tunnel,
            )?;
            changed.insert_destination(&key, entry.destination.clone());
        }
    }
    let found = Table::read(client)?;
    same_text(
        "after changing",
        &ipvsadm(&["-Sn"], "")?,
        &found.to_string(),
    )?;
    equal(
        "changed services",
        &found.services().collect(),
        &changed.services().collect::<Vec<_>>(),
    )?;

    for service in found.services() {
        for destination in found.destinations(&service.key) {
            client.delete_destination(&service.key, &destination.key)?;
        }
        equal(
            "destinations left",
            &client.destinations(&service.key)?.len(),
            &0,
        )?;
        client.delete_service(&service.key)?;
    }
    same_text("after deleting", &ipvsadm(&["-Sn"], "")?, "")
}

/// Has ipvsadm write everything, and reads it.
pub(super) fn we_read_ipvsadms(client: &mut Client) -> Outcome {
    let (table, text) = everything()?;
    ipvsadm(&["-R"], text)?;
    equal("read", &Table::read(client)?, &table)
}

/// Has ipvsadm run plans that fill, change and empty a table.
pub(super) fn ipvsadm_runs_plans(client: &mut Client) -> Outcome {
    let (table, text) = everything()?;
    let mut other = Table::new();
    for service in table.services() {
        other.insert_service(Service {
            scheduler: "rr".to_owned(),
            ..service.clone()
        });
        for destination in table.destinations(&service.key).skip(1) {
            other.insert_destination(
                &service.key,
                Destination {
                    weight: 9,
                    upper_threshold: 7,
                    lower_threshold: 3,
                    ..destination.clone()
                },
            );
        }
    }
    let mut present = Table::new();
    for wanted in [&table, &other, &Table::new()] {
        let plan = present.diff(wanted).to_string().replace("ipvsadm ", "");
        ipvsadm(&["-R"], &plan)?;
        present = Table::read(client)?;
        equal("after the plan", &present, wanted)?;
        if wanted == &table {
            same_text("as text", &ipvsadm(&["-Sn"], "")?, text)?;
        }
    }
    Ok(())
}

/// Thresholds, which `ipvsadm -S` leaves out: both ways by its list of them.
pub(super) fn thresholds(client: &mut Client) -> Outcome {
    let key = address(Protocol::Tcp, "1.2.3.1", 80)?;
    client.add_service(&Service::new(key, "wlc"))?;
    let limited = Destination {
        // The largest that Linux 6.1.192 takes; earlier ones took more.
        upper_threshold: 2_147_483_647,
        lower_threshold: 50,
        ..Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Masquerade, 1)
    };
    client.add_destination(&key, &limited)?;
    let add = "-a -t 1.2.3.1:80 -r 10.0.0.2:80 -m -x 200 -y 100\n";
    ipvsadm(&["-R"], add)?;

    let list = ipvsadm(&["-Ln", "--thresholds"], "")?;
    let row = |address: &str| -> Option<Vec<String>> {
        let line = list.lines().find(|line| line.contains(address))?;
        Some(
            line.split_whitespace()
                .skip(2)
                .take(2)
                .map(str::to_owned)
                .collect(),
        )
    };
    equal(
        "ours",
        &row("10.0.0.1:80"),
        &Some(vec!["2147483647".into(), "50".into()]),
    )?;
    equal(
        "ipvsadm's",
        &row("10.0.0.2:80"),
        &Some(vec!["200".into(), "100".into()]),
    )?;
    let table = Table::read(client)?;
    equal(
        "ours read",
        &table.destination(&key, &limited.key),
        &Some(&limited),
    )?;
    let theirs = table
        .destinations(&key)
        .nth(1)
        .map(|d| (d.upper_threshold, d.lower_threshold));
    equal("ipvsadm's read", &theirs, &Some((200, 100)))
}

/// What has no name, in this crate or in ipvsadm, hides nothing that has: the kernel takes it from
/// any netlink client, and a later kernel may have more.
pub(super) fn nameless(client: &mut Client) -> Outcome {
    let strange = address(Protocol::Other(50), "1.2.3.1", 80)?;
    let web = address(Protocol::Tcp, "1.2.3.1", 80)?;
    let mut table = Table::new();
    table.insert_service(Service {
        flags: ServiceFlags::PERSISTENT | ServiceFlags::from_bits(0x40),
        ..Service::new(web, "rr")
    });
    let flagged = |port| -> Outcome<Service> {
        Ok(Service {
            flags: ServiceFlags::SCHEDULER_3,
            netmask: Netmask::V4([255, 255, 0, 0].into()),
            ..Service::new(address(Protocol::Tcp, "1.2.3.1", port)?, "sh")
        })
    };
    table.insert_service(flagged(81)?);
    table.insert_service(Service::new(strange, "rr"));
    let other = Tunnel::Other {
        kind: 3,
        port: 9,
        flags: 0x8003,
    };
    let server = |last: u8, method| Destination::new([10, 0, 0, last].into(), 80, method, 1);
    let tunnel = Destination {
        tunnel: other,
        ..server(1, Forwarding::Tunnel)
    };
    for key in [&web, &strange] {
        table.insert_destination(key, tunnel.clone());
        table.insert_destination(key, server(2, Forwarding::Masquerade));
    }
    Table::new().diff(&table).apply(client).into_result()?;
    equal("read back", &Table::read(client)?, &table)?;
    same_text("printed", &ipvsadm(&["-Sn"], "")?, &table.to_string())?;

    // ipvsadm does not survive both flags.
    let both = Destination {
        tunnel: Tunnel::Gue {
            port: 6080,
            checksum: TunnelChecksum::Other(3),
        },
        ..server(4, Forwarding::Tunnel)
    };
    client.add_destination(&web, &both)?;
    table.insert_destination(&web, both);
    equal("with both flags", &Table::read(client)?, &table)?;

    let method = server(3, Forwarding::Other(6));
    client.add_destination(&web, &method)?;
    table.insert_destination(&web, method);
    equal("with a method", &Table::read(client)?, &table)
}

/// The forwarding methods that only a netlink client can set come back as they were set.
pub(super) fn local_and_bypass(client: &mut Client) -> Outcome {
    let key = address(Protocol::Tcp, "1.2.3.1", 80)?;
    client.add_service(&Service::new(key, "wlc"))?;
    for (last, method) in [(1, Forwarding::Local), (2, Forwarding::Bypass)] {
        let destination = Destination::new([10, 0, 0, last].into(), 80, method, 1);
        client.add_destination(&key, &destination)?;
        let table = Table::read(client)?;
        equal(
            "method",
            &table.destination(&key, &destination.key),
            &Some(&destination),
        )?;
    }
    // How ipvsadm prints the second one is an accident of its C library.
    let bypass = Destination::new([10, 0, 0, 2].into(), 80, Forwarding::Bypass, 1);
    client.delete_destination(&key, &bypass.key)?;
    same_text(
        "printed",
        &ipvsadm(&["-Sn"], "")?,
        &Table::read(client)?.to_string(),
    )
}
