//! What tables, plans and errors look like.

use ipvs_netlink::{
    Attempt, Change, Destination, Error, Family, Forwarding, Netmask, Plan, Protocol, Service,
    ServiceFlags, ServiceKey, Table, Tunnel, TunnelChecksum,
};
use nix::errno::Errno;

fn key(protocol: Protocol, address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address {
        protocol,
        address: address.parse().unwrap(),
        port,
    }
}

#[test]
fn keys_are_printed_as_ipvsadm_takes_them_and_sorted_as_it_prints_them() {
    let sorted = [
        (key(Protocol::Tcp, "1.2.3.1", 0), "-t 1.2.3.1:0"),
        (key(Protocol::Tcp, "1.2.3.1", 80), "-t 1.2.3.1:80"),
        (key(Protocol::Tcp, "1.2.3.2", 9), "-t 1.2.3.2:9"),
        (key(Protocol::Udp, "1.2.3.1", 53), "-u 1.2.3.1:53"),
        (key(Protocol::Udp, "1.2.3.1", 5060), "-u 1.2.3.1:5060"),
        (
            key(Protocol::Sctp, "1.2.3.1", 99),
            "--sctp-service 1.2.3.1:99",
        ),
        (key(Protocol::Tcp, "::1", 80), "-t [::1]:80"),
        (
            ServiceKey::Fwmark {
                family: Family::V4,
                mark: 80,
            },
            "-f 80",
        ),
        (
            ServiceKey::Fwmark {
                family: Family::V6,
                mark: 80,
            },
            "-f 80 -6",
        ),
        (
            ServiceKey::Fwmark {
                family: Family::V4,
                mark: 81,
            },
            "-f 81",
        ),
    ];
    for (key, text) in &sorted {
        assert_eq!(key.to_string(), *text);
    }
    assert!(sorted.is_sorted_by_key(|(key, _)| *key));
}

#[test]
fn keys_that_are_not_equal_do_not_sort_as_equal() {
    let named = key(Protocol::Tcp, "1.2.3.1", 80);
    let numbered = key(Protocol::Other(6), "1.2.3.1", 80);
    assert_ne!(named, numbered);
    assert!(named < numbered && numbered < key(Protocol::Other(7), "1.2.3.1", 80));
}

#[test]
fn ipv6_addresses_are_printed_in_the_form_of_the_c_library() {
    for (address, text) in [
        ("::", "[::]:80"),
        ("::1", "[::1]:80"),
        ("::ffff", "[::ffff]:80"),
        ("::1:0", "[::0.1.0.0]:80"),
        ("::102:304", "[::1.2.3.4]:80"),
        ("::ffff:102:304", "[::ffff:1.2.3.4]:80"),
        ("::1:102:304", "[::1:102:304]:80"),
        ("::ffff:0:102:304", "[::ffff:0:102:304]:80"),
        ("2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:80"),
        ("2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:80"),
    ] {
        let service = key(Protocol::Tcp, address, 80);
        assert_eq!(service.to_string(), format!("-t {text}"));
        let server = Destination::new(address.parse().unwrap(), 80, Forwarding::Direct, 1);
        assert_eq!(server.key.to_string(), text);
    }
}

#[test]
fn a_plan_is_a_list_of_commands() {
    let web = key(Protocol::Tcp, "1.2.3.1", 80);
    let mut table = Table::new();
    table.insert_service(Service {
        flags: ServiceFlags::SCHEDULER_1 | ServiceFlags::SCHEDULER_3,
        ..Service::new(web, "wlc")
    });
    table.insert_destination(
        &web,
        Destination {
            upper_threshold: 100,
            lower_threshold: 50,
            ..Destination::new([10, 0, 0, 1].into(), 8080, Forwarding::Masquerade, 3)
        },
    );
    table.insert_destination(
        &web,
        Destination {
            tunnel: Tunnel::Gre {
                checksum: TunnelChecksum::None,
            },
            ..Destination::new([10, 0, 0, 2].into(), 8080, Forwarding::Tunnel, 1)
        },
    );
    assert_eq!(
        Table::new().diff(&table).to_string(),
        "ipvsadm -A -t 1.2.3.1:80 -s wlc -b flag-1,flag-3\n\
         ipvsadm -a -t 1.2.3.1:80 -r 10.0.0.1:8080 -m -w 3 -x 100 -y 50\n\
         ipvsadm -a -t 1.2.3.1:80 -r 10.0.0.2:80 -i -w 1 --tun-type gre --tun-nocsum\n"
    );
    assert_eq!(
        table.diff(&Table::new()).to_string(),
        "ipvsadm -D -t 1.2.3.1:80\n"
    );
    let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Direct, 1);
    for (change, text) in [
        (
            Change::EditService(Service::new(web, "rr")),
            "-E -t 1.2.3.1:80 -s rr",
        ),
        (
            Change::EditDestination(web, server.clone()),
            "-e -t 1.2.3.1:80 -r 10.0.0.1:80 -g -w 1",
        ),
        (
            Change::DeleteDestination(web, server.key),
            "-d -t 1.2.3.1:80 -r 10.0.0.1:80",
        ),
    ] {
        assert_eq!(change.to_string(), text);
    }
    // Thresholds are not in the saved form, as in ipvsadm's.
    assert_eq!(
        table.to_string(),
        "-A -t 1.2.3.1:80 -s wlc -b flag-1,flag-3\n\
         -a -t 1.2.3.1:80 -r 10.0.0.1:8080 -m -w 3\n\
         -a -t 1.2.3.1:80 -r 10.0.0.2:80 -i -w 1 --tun-type gre --tun-nocsum\n"
    );
}

#[test]
fn a_command_says_what_the_saved_form_leaves_out() {
    let mut table = Table::new();
    table.insert_service(Service {
        netmask: Netmask::V4([255, 255, 0, 0].into()),
        flags: ServiceFlags::SCHEDULER_3,
        ..Service::new(key(Protocol::Tcp, "1.2.3.1", 80), "sh")
    });
    table.insert_service(Service {
        flags: ServiceFlags::SCHEDULER_1 | ServiceFlags::SCHEDULER_3,
        ..Service::new(key(Protocol::Tcp, "1.2.3.1", 81), "mh")
    });
    assert_eq!(
        table.to_string(),
        "-A -t 1.2.3.1:80 -s sh -b \n\
         -A -t 1.2.3.1:81 -s mh -b mh-fallback\n"
    );
    assert_eq!(
        Table::new().diff(&table).to_string(),
        "ipvsadm -A -t 1.2.3.1:80 -s sh -M 255.255.0.0 -b flag-3\n\
         ipvsadm -A -t 1.2.3.1:81 -s mh -b mh-fallback,flag-3\n"
    );
}

#[test]
fn a_plan_does_not_pretend_that_ipvsadm_can_do_everything() {
    let web = key(Protocol::Tcp, "1.2.3.1", 80);
    let strange = key(Protocol::Other(50), "1.2.3.1", 80);
    let service = Service::new(web, "rr");
    let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Direct, 1);
    let tunnel = |tunnel| Destination {
        forwarding: Forwarding::Tunnel,
        tunnel,
        ..server.clone()
    };
    let cannot = [
        Change::AddService(Service {
            flags: ServiceFlags::ONE_PACKET,
            ..service.clone()
        }),
        Change::AddService(Service {
            flags: ServiceFlags::PERSISTENT,
            ..service.clone()
        }),
        Change::EditService(Service {
            flags: ServiceFlags::from_bits(0x40),
            ..service.clone()
        }),
        Change::AddService(Service {
            persistence: 2_678_401,
            ..service.clone()
        }),
        Change::AddService(Service::new(key(Protocol::Tcp, "1.2.3.1", 0), "rr")),
        Change::AddService(Service::new(strange, "rr")),
        Change::DeleteService(strange),
        Change::AddDestination(strange, server.clone()),
        Change::DeleteDestination(strange, server.key),
        Change::AddDestination(
            web,
            Destination {
                forwarding: Forwarding::Local,
                ..server.clone()
            },
        ),
        Change::EditDestination(
            web,
            Destination {
                upper_threshold: 1 << 31,
                ..server.clone()
            },
        ),
        Change::AddDestination(
            web,
            tunnel(Tunnel::Gre {
                checksum: TunnelChecksum::Remote,
            }),
        ),
        Change::AddDestination(
            web,
            tunnel(Tunnel::Gue {
                port: 6080,
                checksum: TunnelChecksum::Other(3),
            }),
        ),
        Change::AddDestination(
            web,
            tunnel(Tunnel::Other {
                kind: 3,
                port: 0,
                flags: 0,
            }),
        ),
    ];
    let can = [
        Change::AddService(Service {
            flags: ServiceFlags::ONE_PACKET,
            ..Service::new(key(Protocol::Udp, "1.2.3.1", 53), "rr")
        }),
        Change::AddService(Service {
            flags: ServiceFlags::ONE_PACKET,
            ..Service::new(
                ServiceKey::Fwmark {
                    family: Family::V4,
                    mark: 1,
                },
                "rr",
            )
        }),
        Change::AddService(Service {
            flags: ServiceFlags::PERSISTENT,
            persistence: 2_678_400,
            ..service
        }),
        Change::DeleteService(web),
        Change::AddDestination(web, tunnel(Tunnel::Ipip)),
    ];
    let text = |change: &Change| {
        let changes = vec![change.clone()];
        Plan { changes }.to_string()
    };
    for change in &cannot {
        assert_eq!(text(change), format!("# ipvsadm cannot: {change}\n"));
    }
    for change in &can {
        assert_eq!(text(change), format!("ipvsadm {change}\n"));
    }
}

#[test]
fn a_name_is_one_word_for_the_shell() {
    let web = key(Protocol::Tcp, "1.2.3.1", 80);
    for (name, word) in [
        ("wlc", "wlc"),
        ("a_b-c.d+1", "a_b-c.d+1"),
        ("x; reboot", "'x; reboot'"),
        ("it's", r"'it'\''s'"),
        ("", "''"),
        ("x\nreboot", "'x\u{fffd}reboot'"),
    ] {
        let service = Service {
            pe_name: Some(name.to_owned()),
            ..Service::new(web, name)
        };
        let expected = format!("-t 1.2.3.1:80 -s {word} --pe {word}");
        assert_eq!(service.to_string(), expected);
    }
}

#[test]
fn what_ipvsadm_has_no_words_for_is_printed_as_it_does() {
    let mut table = Table::new();
    let strange = key(Protocol::Other(50), "1.2.3.1", 80);
    table.insert_service(Service {
        flags: ServiceFlags::PERSISTENT,
        ..Service::new(strange, "rr")
    });
    let server = Destination {
        tunnel: Tunnel::Other {
            kind: 3,
            port: 9,
            flags: 1,
        },
        ..Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Tunnel, 1)
    };
    table.insert_destination(&strange, server);
    assert_eq!(
        table.to_string(),
        "-A --xxx-service 1.2.3.1:80 -s rr -p 0\n\
         -a --xxx-service 1.2.3.1:80 -r 10.0.0.1:80 -i -w 1\n"
    );
}

#[test]
fn errors_say_what_was_tried_on_what() {
    let web = key(Protocol::Tcp, "1.2.3.1", 80);
    let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Direct, 1).key;
    for (error, text) in [
        (
            Error::NoIpvs,
            "IPVS is not available in this kernel: \
             no netlink family IPVS; module ip_vs is not loaded",
        ),
        (
            Error::Permission {
                attempt: Attempt::Flush,
            },
            "cannot clear the table: permission denied (CAP_NET_ADMIN is needed)",
        ),
        (
            Error::Kernel {
                attempt: Attempt::EditDestination(web, server),
                errno: Errno::ERANGE as i32,
                text: Some("too much".to_owned()),
            },
            "cannot change destination 10.0.0.1:80 of -t 1.2.3.1:80: \
             Math result not representable: too much",
        ),
        (
            Error::Kernel {
                attempt: Attempt::SetTimeouts,
                errno: 524,
                text: None,
            },
            "cannot set timeouts: error 524",
        ),
        (
            Error::Truncated {
                attempt: Attempt::Info,
                length: 10,
                room: 5,
            },
            "cannot read IPVS version: answer of 10 bytes truncated to 5",
        ),
        (
            Error::Interrupted {
                attempt: Attempt::ListDestinations(web),
                tries: 10,
            },
            "cannot list destinations of -t 1.2.3.1:80: the table kept changing in 10 readings",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
