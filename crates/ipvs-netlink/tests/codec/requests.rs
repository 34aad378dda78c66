//! Every request, as bytes written by hand from `linux/ip_vs.h`: value to bytes, bytes to value.

use ipvs_netlink::message::{
    Attribute, Command, DaemonAttribute, DestinationAttribute, Message, ServiceAttribute,
};
use ipvs_netlink::{Change, Daemon, DaemonState};

use crate::{hex, marked, masqueraded, message, parse, phone, request_bytes, tunnelled, web};

/// `-t 192.168.26.1:80` as IPVS_CMD_ATTR_SERVICE.
const WEB_KEY: &str = "
    30 00  01 80                    # IPVS_CMD_ATTR_SERVICE, nested
    06 00  01 00  02 00  00 00      # AF_INET
    06 00  02 00  06 00  00 00      # TCP
    14 00  03 00  c0 a8 1a 01  00 00 00 00 00 00 00 00 00 00 00 00
    06 00  04 00  00 50  00 00      # port 80, big-endian
    ";

/// Checks one message both ways. The text is what follows the netlink header but the last four
/// bytes of the generic header: version and command are checked here.
fn check(message: &Message, attributes: &str) {
    let attributes = hex::bytes(attributes);
    let length = 20 + attributes.len();
    let mut expected = hex::bytes("1c 00  05 00  07 00 00 00  00 00 00 00");
    expected.splice(0..0, u32::try_from(length).unwrap().to_ne_bytes());
    expected.extend([message.command as u8, 1, 0, 0]);
    expected.extend(attributes);
    assert_eq!(request_bytes(message), expected, "{message:#?}");
    assert_eq!(parse(&expected[16..]), *message);
}

fn change(change: &Change, attributes: &str) {
    check(&Message::from(change), attributes);
}

const WEB: &str = "
    54 00  01 80
    06 00  01 00  02 00  00 00
    06 00  02 00  06 00  00 00
    14 00  03 00  c0 a8 1a 01  00 00 00 00 00 00 00 00 00 00 00 00
    06 00  04 00  00 50  00 00
    08 00  06 00  \"wlc\"  00
    0c 00  07 00  01 00 00 00  ff ff ff ff    # persistent
    08 00  08 00  2c 01 00 00                 # 300 s
    08 00  09 00  ff ff ff 00                 # mask, big-endian
    ";

#[test]
fn a_service_of_ipv4_is_added_and_changed() {
    change(&Change::AddService(web()), WEB);
    change(&Change::EditService(web()), WEB);
    assert_eq!(Message::from(&Change::AddService(web())).command as u8, 1);
    assert_eq!(Message::from(&Change::EditService(web())).command as u8, 2);
}

#[test]
fn a_service_of_ipv6_with_a_persistence_engine_is_added() {
    change(
        &Change::AddService(phone()),
        "
        5c 00  01 80
        06 00  01 00  0a 00  00 00      # AF_INET6
        06 00  02 00  11 00  00 00      # UDP
        14 00  03 00  fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 99
        06 00  04 00  13 c4  00 00      # port 5060
        07 00  06 00  \"rr\"  00  00
        08 00  0b 00  \"sip\"  00
        0c 00  07 00  04 00 00 00  ff ff ff ff    # one packet
        08 00  08 00  00 00 00 00
        08 00  09 00  80 00 00 00                 # prefix 128, host order
        ",
    );
}

#[test]
fn a_service_of_a_firewall_mark_is_added() {
    change(
        &Change::AddService(marked()),
        "
        38 00  01 80
        06 00  01 00  0a 00  00 00
        08 00  05 00  50 00 00 00                 # mark 80, host order
        07 00  06 00  \"sh\"  00  00
        0c 00  07 00  19 00 00 00  ff ff ff ff    # persistent, scheduler flags 1 and 2
        08 00  08 00  3c 00 00 00
        08 00  09 00  40 00 00 00                 # prefix 64
        ",
    );
}

#[test]
fn a_service_is_deleted_by_its_key_alone() {
    change(&Change::DeleteService(web().key), WEB_KEY);
    change(
        &Change::DeleteService(marked().key),
        "
        14 00  01 80
        06 00  01 00  0a 00  00 00
        08 00  05 00  50 00 00 00
        ",
    );
}

#[test]
fn a_destination_is_added_and_changed() {
    let expected = WEB_KEY.to_owned()
        + "
        48 00  02 80                    # IPVS_CMD_ATTR_DEST, nested
        06 00  0b 00  02 00  00 00      # AF_INET
        14 00  01 00  0a 00 00 01  00 00 00 00 00 00 00 00 00 00 00 00
        06 00  02 00  1f 90  00 00      # port 8080, big-endian
        08 00  03 00  00 00 00 00       # masquerade
        08 00  04 00  02 00 00 00       # weight 2, host order
        08 00  05 00  64 00 00 00
        08 00  06 00  32 00 00 00
        ";
    change(&Change::AddDestination(web().key, masqueraded()), &expected);
    change(
        &Change::EditDestination(web().key, masqueraded()),
        &expected,
    );
    let command = |change| Message::from(&change).command as u8;
    assert_eq!(command(Change::AddDestination(web().key, masqueraded())), 5);
    assert_eq!(
        command(Change::EditDestination(web().key, masqueraded())),
        6
    );
}

#[test]
fn a_destination_behind_a_tunnel_is_added() {
    change(
        &Change::AddDestination(marked().key, tunnelled()),
        "
        14 00  01 80
        06 00  01 00  0a 00  00 00
        08 00  05 00  50 00 00 00
        60 00  02 80
        06 00  0b 00  0a 00  00 00
        14 00  01 00  fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
        06 00  02 00  00 50  00 00
        08 00  03 00  02 00 00 00       # tunnel
        08 00  04 00  01 00 00 00
        08 00  05 00  00 00 00 00
        08 00  06 00  00 00 00 00
        05 00  0d 00  01  00 00 00      # GUE
        06 00  0e 00  17 c0  00 00      # port 6080, big-endian
        06 00  0f 00  01 00  00 00      # checksum, host order
        ",
    );
}

#[test]
fn a_destination_is_deleted_by_its_key_alone() {
    change(
        &Change::DeleteDestination(web().key, masqueraded().key),
        &(WEB_KEY.to_owned()
            + "
            28 00  02 80
            06 00  0b 00  02 00  00 00
            14 00  01 00  0a 00 00 01  00 00 00 00 00 00 00 00 00 00 00 00
            06 00  02 00  1f 90  00 00
            "),
    );
}

#[test]
fn lists_and_single_services_are_asked_for() {
    let key = Attribute::Service(ServiceAttribute::of_key(&web().key));
    let text = WEB_KEY;
    check(&message(Command::GetService, key.clone()), text);
    check(&message(Command::GetDest, key.clone()), text);
    check(&message(Command::Zero, key), text);
}

#[test]
fn requests_without_attributes_are_bare() {
    for (command, number) in [
        (Command::GetService, 4),
        (Command::GetDaemon, 11),
        (Command::GetConfig, 13),
        (Command::GetInfo, 15),
        (Command::Zero, 16),
        (Command::Flush, 17),
    ] {
        assert_eq!(command as u8, number);
        check(
            &Message {
                command,
                attributes: Vec::new(),
            },
            "",
        );
    }
}

#[test]
fn a_daemon_is_started_and_stopped() {
    let plain = Daemon::new(DaemonState::Master, "eth0", 77);
    check(
        &message(
            Command::NewDaemon,
            Attribute::Daemon(DaemonAttribute::of_daemon(&plain)),
        ),
        "
        20 00  03 80                    # IPVS_CMD_ATTR_DAEMON, nested
        08 00  01 00  01 00 00 00       # master
        09 00  02 00  \"eth0\"  00  00 00 00
        08 00  03 00  4d 00 00 00       # 77
        ",
    );
    let six = Daemon {
        max_length: Some(1400),
        group: Some("ff02::51".parse().unwrap()),
        port: Some(9000),
        ttl: Some(3),
        ..Daemon::new(DaemonState::Backup, "eth0", 0)
    };
    check(
        &message(
            Command::NewDaemon,
            Attribute::Daemon(DaemonAttribute::of_daemon(&six)),
        ),
        "
        4c 00  03 80
        08 00  01 00  02 00 00 00       # backup
        09 00  02 00  \"eth0\"  00  00 00 00
        08 00  03 00  00 00 00 00
        06 00  04 00  78 05  00 00      # 1400
        14 00  06 00  ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 51
        06 00  07 00  28 23  00 00      # port 9000, host order
        05 00  08 00  03  00 00 00
        ",
    );
    let four = Daemon {
        group: Some([224, 0, 0, 99].into()),
        ..plain
    };
    let message4 = message(
        Command::NewDaemon,
        Attribute::Daemon(DaemonAttribute::of_daemon(&four)),
    );
    check(
        &message4,
        "
        28 00  03 80
        08 00  01 00  01 00 00 00
        09 00  02 00  \"eth0\"  00  00 00 00
        08 00  03 00  4d 00 00 00
        08 00  05 00  e0 00 00 63
        ",
    );
    let stop = Attribute::Daemon(DaemonAttribute::of_state(DaemonState::Backup));
    check(
        &message(Command::DelDaemon, stop),
        "0c 00  03 80  08 00  01 00  02 00 00 00",
    );
}

#[test]
fn timeouts_are_set() {
    check(
        &Message {
            command: Command::SetConfig,
            attributes: vec![
                Attribute::TimeoutTcp(900),
                Attribute::TimeoutTcpFin(0),
                Attribute::TimeoutUdp(300),
            ],
        },
        "
        08 00  04 00  84 03 00 00
        08 00  05 00  00 00 00 00
        08 00  06 00  2c 01 00 00
        ",
    );
}

#[test]
fn every_forwarding_method_and_tunnel_has_its_number() {
    use ipvs_netlink::{Forwarding, Tunnel, TunnelChecksum};
    let attributes = |forwarding, tunnel| {
        let mut destination = tunnelled();
        destination.forwarding = forwarding;
        destination.tunnel = tunnel;
        DestinationAttribute::of_destination(&destination)
    };
    for (forwarding, number) in [
        (Forwarding::Masquerade, 0),
        (Forwarding::Local, 1),
        (Forwarding::Tunnel, 2),
        (Forwarding::Direct, 3),
        (Forwarding::Bypass, 4),
        (Forwarding::Other(5), 5),
        (Forwarding::Other(7), 7),
    ] {
        assert_eq!(Forwarding::from_flags(number | 0xffff_fff8), forwarding);
        let list = attributes(forwarding, Tunnel::Ipip);
        assert!(list.contains(&DestinationAttribute::ForwardingMethod(number)));
        let has_tunnel = list.contains(&DestinationAttribute::TunnelType(0));
        assert_eq!(has_tunnel, forwarding == Forwarding::Tunnel);
    }
    let remote = TunnelChecksum::Remote;
    for (tunnel, expected) in [
        (Tunnel::Ipip, (0, 0, 0)),
        (
            Tunnel::Gue {
                port: 9,
                checksum: remote,
            },
            (1, 9, 2),
        ),
        (
            Tunnel::Gre {
                checksum: TunnelChecksum::None,
            },
            (2, 0, 0),
        ),
        (
            Tunnel::Other {
                kind: 3,
                port: 9,
                flags: 0x8003,
            },
            (3, 9, 0x8003),
        ),
    ] {
        let list = attributes(Forwarding::Tunnel, tunnel);
        let (kind, port, flags) = expected;
        assert_eq!(
            list[list.len() - 3..],
            [
                DestinationAttribute::TunnelType(kind),
                DestinationAttribute::TunnelPort(port),
                DestinationAttribute::TunnelFlags(flags),
            ]
        );
    }
}
