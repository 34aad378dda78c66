//! Every request, as bytes written by hand from `linux/ip_vs.h`: value to bytes, bytes to value.

use ipvs_netlink::message::{
    Attribute, Command, DaemonAttribute, DestinationAttribute, Message, ServiceAttribute,
};
use ipvs_netlink::{Change, Daemon, DaemonState};

use crate::{hex, marked, masqueraded, message, parse, phone, request_bytes, tunnelled, web};

/// `-t 192.168.26.1:80` as IPVS_CMD_ATTR_SERVICE.
const WEB_KEY: &str = "
    0x0030 0x8001                   # IPVS_CMD_ATTR_SERVICE, nested
    0x0006 0x0001  0x0002  00 00    # AF_INET
    0x0006 0x0002  0x0006  00 00    # TCP
    0x0014 0x0003  c0 a8 1a 01 00 00 00 00 00 00 00 00 00 00 00 00
    0x0006 0x0004  00 50  00 00     # port 80, big-endian
    ";

/// Checks one message both ways. The text is what follows the netlink header but the last four
/// bytes of the generic header: version and command are checked here.
fn check(message: &Message, attributes: &str) {
    let attributes = hex::bytes(attributes);
    let length = 20 + attributes.len();
    let mut expected = hex::bytes("0x001c 0x0005  0x00000007  0x00000000");
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
    0x0054 0x8001
    0x0006 0x0001  0x0002  00 00
    0x0006 0x0002  0x0006  00 00
    0x0014 0x0003  c0 a8 1a 01 00 00 00 00 00 00 00 00 00 00 00 00
    0x0006 0x0004  00 50  00 00
    0x0008 0x0006  \"wlc\"  00
    0x000c 0x0007  0x00000001 0xffffffff    # persistent
    0x0008 0x0008  0x0000012c               # 300 s
    0x0008 0x0009  ff ff ff 00              # mask, big-endian
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
        0x005c 0x8001
        0x0006 0x0001  0x000a  00 00            # AF_INET6
        0x0006 0x0002  0x0011  00 00            # UDP
        0x0014 0x0003  fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 99
        0x0006 0x0004  13 c4  00 00             # port 5060
        0x0007 0x0006  \"rr\"  00 00
        0x0008 0x000b  \"sip\"  00
        0x000c 0x0007  0x00000004 0xffffffff    # one packet
        0x0008 0x0008  0x00000000
        0x0008 0x0009  0x00000080               # prefix 128, host order
        ",
    );
}

#[test]
fn a_service_of_a_firewall_mark_is_added() {
    change(
        &Change::AddService(marked()),
        "
        0x0038 0x8001
        0x0006 0x0001  0x000a  00 00
        0x0008 0x0005  0x00000050               # mark 80, host order
        0x0007 0x0006  \"sh\"  00 00
        0x000c 0x0007  0x00000019 0xffffffff    # persistent, scheduler flags 1 and 2
        0x0008 0x0008  0x0000003c
        0x0008 0x0009  0x00000040               # prefix 64
        ",
    );
}

#[test]
fn a_service_is_deleted_by_its_key_alone() {
    change(&Change::DeleteService(web().key), WEB_KEY);
    change(
        &Change::DeleteService(marked().key),
        "
        0x0014 0x8001
        0x0006 0x0001  0x000a  00 00
        0x0008 0x0005  0x00000050
        ",
    );
}

#[test]
fn a_destination_is_added_and_changed() {
    let expected = WEB_KEY.to_owned()
        + "
        0x0048 0x8002                   # IPVS_CMD_ATTR_DEST, nested
        0x0006 0x000b  0x0002  00 00    # AF_INET
        0x0014 0x0001  0a 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00
        0x0006 0x0002  1f 90  00 00     # port 8080, big-endian
        0x0008 0x0003  0x00000000       # masquerade
        0x0008 0x0004  0x00000002       # weight 2, host order
        0x0008 0x0005  0x00000064
        0x0008 0x0006  0x00000032
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
        0x0014 0x8001
        0x0006 0x0001  0x000a  00 00
        0x0008 0x0005  0x00000050
        0x0060 0x8002
        0x0006 0x000b  0x000a  00 00
        0x0014 0x0001  fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
        0x0006 0x0002  00 50  00 00
        0x0008 0x0003  0x00000002       # tunnel
        0x0008 0x0004  0x00000001
        0x0008 0x0005  0x00000000
        0x0008 0x0006  0x00000000
        0x0005 0x000d  01  00 00 00     # GUE
        0x0006 0x000e  17 c0  00 00     # port 6080, big-endian
        0x0006 0x000f  0x0001  00 00    # checksum, host order
        ",
    );
}

#[test]
fn a_destination_is_deleted_by_its_key_alone() {
    change(
        &Change::DeleteDestination(web().key, masqueraded().key),
        &(WEB_KEY.to_owned()
            + "
            0x0028 0x8002
            0x0006 0x000b  0x0002  00 00
            0x0014 0x0001  0a 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00
            0x0006 0x0002  1f 90  00 00
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
        0x0020 0x8003                # IPVS_CMD_ATTR_DAEMON, nested
        0x0008 0x0001  0x00000001    # master
        0x0009 0x0002  \"eth0\"  00 00 00 00
        0x0008 0x0003  0x0000004d    # 77
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
        0x004c 0x8003
        0x0008 0x0001  0x00000002       # backup
        0x0009 0x0002  \"eth0\"  00 00 00 00
        0x0008 0x0003  0x00000000
        0x0006 0x0004  0x0578  00 00    # 1400
        0x0014 0x0006  ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 51
        0x0006 0x0007  0x2328  00 00    # port 9000, host order
        0x0005 0x0008  03  00 00 00
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
        0x0028 0x8003
        0x0008 0x0001  0x00000001
        0x0009 0x0002  \"eth0\"  00 00 00 00
        0x0008 0x0003  0x0000004d
        0x0008 0x0005  e0 00 00 63
        ",
    );
    let stop = Attribute::Daemon(DaemonAttribute::of_state(DaemonState::Backup));
    check(
        &message(Command::DelDaemon, stop),
        "0x000c 0x8003  0x0008 0x0001  0x00000002",
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
        0x0008 0x0004  0x00000384
        0x0008 0x0005  0x00000000
        0x0008 0x0006  0x0000012c
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
