//! Every answer, from bytes written by hand: what the kernel may send and captures do not have.

use ipvs_netlink::message::{
    Attribute, Command, Counter, DestinationAttribute, InfoAttribute, Message, ServiceAttribute,
    StatsAttribute,
};
use ipvs_netlink::{
    Daemon, DaemonState, DecodeError, Family, Netmask, Protocol, ServiceEntry, ServiceFlags,
    ServiceKey, Tunnel, TunnelChecksum,
};
use netlink_packet_core::{DefaultNla, Emitable, ParseableParametrized};
use netlink_packet_generic::GenlHeader;

use crate::{address, hex};

/// Reads what follows the generic header, and checks that it is written the same way again.
fn read(command: Command, text: &str) -> Message {
    let bytes = hex::bytes(text);
    let header = GenlHeader {
        cmd: command as u8,
        version: 1,
    };
    let message = Message::parse_with_param(&bytes, header).unwrap();
    let mut written = vec![0xff; message.buffer_len()];
    message.emit(&mut written);
    assert_eq!(written, bytes);
    message
}

fn service(message: &Message) -> Result<ServiceEntry, DecodeError> {
    match message.attributes.as_slice() {
        [Attribute::Service(attributes)] => attributes.as_slice().try_into(),
        other => panic!("not a service: {other:?}"),
    }
}

const OLD_SERVICE: &str = "
    0x00b0 0x8001
    0x0006 0x0001  0x0002  00 00
    0x0006 0x0002  0x0084  00 00            # SCTP
    0x0014 0x0003  c0 a8 1a 01 00 00 00 00 00 00 00 00 00 00 00 00
    0x0006 0x0004  00 50  00 00
    0x0008 0x0006  \"wlc\"  00
    0x000c 0x0007  0x00000003 0xffffffff    # persistent, hashed
    0x0008 0x0008  0x0000012c
    0x0008 0x0009  ff 00 ff 00              # a mask with a hole
    0x005c 0x800a                           # statistics, 32 bits
    0x0008 0x0001  0x00000001
    0x0008 0x0002  0x00000002
    0x0008 0x0003  0x00000003
    0x000c 0x0004  0x0000000100000004       # bytes are 64 bits
    0x000c 0x0005  0x0000000000000005
    0x0008 0x0006  0x00000006
    0x0008 0x0007  0x00000007
    0x0008 0x0008  0x00000008
    0x0008 0x0009  0x00000009
    0x0008 0x000a  0x0000000a
    ";

#[test]
fn a_service_of_an_old_kernel_has_narrow_statistics() {
    let entry = service(&read(Command::NewService, OLD_SERVICE)).unwrap();
    let key = ServiceKey::Address {
        protocol: Protocol::Sctp,
        address: address("192.168.26.1"),
        port: 80,
    };
    assert_eq!(entry.service.key, key);
    assert_eq!(entry.service.persistence, 300);
    assert_eq!(entry.service.flags, ServiceFlags::empty());
    assert_eq!(entry.service.netmask, Netmask::V4([255, 0, 255, 0].into()));
    assert_eq!(entry.stats.connections, 1);
    assert_eq!(entry.stats.out_packets, 3);
    assert_eq!(entry.stats.in_bytes, 0x1_0000_0004);
    assert_eq!(entry.stats.out_byte_rate, 10);
}

#[test]
fn wide_statistics_win_and_padding_and_strangers_are_kept() {
    let message = read(
        Command::NewService,
        "
        0x0074 0x8001
        0x0006 0x0001  0x000a  00 00
        0x0008 0x0005  0x00000050
        0x0007 0x0006  \"sh\"  00 00
        0x000c 0x0007  0x0000001a 0xffffffff       # hashed, scheduler flags 1 and 2
        0x0008 0x0008  0x0000012c                  # a timeout, but no persistence
        0x0008 0x0009  0x00000040
        0x000c 0x800a  0x0008 0x0001  0x00000001
        0x0024 0x800c
        0x000c 0x0001  0x7fffffffffffffff
        0x0004 0x000b                              # padding
        0x000c 0x0002  0x0000000000000002
        0x0004 0x00ff
        0x000b 0x4063  01 02 03 04 05 06 07  00    # attribute 99, with a flag of its own
        ",
    );
    let entry = service(&message).unwrap();
    assert_eq!(entry.stats.connections, 0x7fff_ffff_ffff_ffff);
    assert_eq!(entry.stats.in_packets, 2);
    assert_eq!(entry.service.persistence, 0);
    assert_eq!(
        entry.service.flags,
        ServiceFlags::HASH_FALLBACK | ServiceFlags::HASH_PORT
    );
    let [Attribute::Service(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let stranger = DefaultNla::new(0x4063, vec![1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(attributes.last(), Some(&ServiceAttribute::Other(stranger)));
}

#[test]
fn persistence_without_a_timeout_stays_a_flag() {
    let text = OLD_SERVICE.replace("0x0000012c", "0x00000000");
    let entry = service(&read(Command::NewService, &text)).unwrap();
    assert_eq!(entry.service.persistence, 0);
    assert_eq!(entry.service.flags, ServiceFlags::PERSISTENT);
}

#[test]
fn a_persistence_engine_without_a_name_is_none() {
    let mut attributes = ServiceAttribute::of_service(&crate::web());
    attributes.push(ServiceAttribute::PeName(String::new()));
    let entry = ServiceEntry::try_from(attributes.as_slice()).unwrap();
    assert_eq!(entry.service, crate::web());
}

#[test]
fn a_destination_of_an_old_kernel_has_the_family_of_its_service() {
    let message = read(
        Command::NewDest,
        "
        0x0058 0x8002
        0x0014 0x0001  fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
        0x0006 0x0002  00 50  00 00
        0x0008 0x0003  0x000001a3    # direct, and other connection flags
        0x0008 0x0004  0x00000001
        0x0008 0x0005  0x00000000
        0x0008 0x0006  0x00000000
        0x0008 0x0007  0x00000001
        0x0008 0x0008  0x00000002
        0x0008 0x0009  0x00000003
        ",
    );
    let [Attribute::Destination(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let entry = DestinationAttribute::entry(attributes, Family::V6).unwrap();
    assert_eq!(entry.destination.key.to_string(), "[fd00::1]:80");
    assert_eq!(
        entry.destination.forwarding,
        ipvs_netlink::Forwarding::Direct
    );
    assert_eq!(entry.active_connections, 1);
    assert_eq!(entry.inactive_connections, 2);
    assert_eq!(entry.persistent_connections, 3);
    let entry = DestinationAttribute::entry(attributes, Family::V4).unwrap();
    assert_eq!(entry.destination.key.to_string(), "253.0.0.0:80");
}

#[test]
fn a_kind_of_tunnel_without_a_tunnel_means_nothing() {
    let message = read(
        Command::NewDest,
        "
        0x0048 0x8002
        0x0014 0x0001  0a 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00
        0x0006 0x0002  00 50  00 00
        0x0008 0x0003  0x00000000      # masquerading
        0x0008 0x0004  0x00000001
        0x0005 0x000d  01  00 00 00    # GUE
        0x0006 0x000e  17 c0  00 00
        0x0006 0x000f  0x0001  00 00
        ",
    );
    let [Attribute::Destination(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let entry = DestinationAttribute::entry(attributes, Family::V4).unwrap();
    assert_eq!(
        entry.destination.forwarding,
        ipvs_netlink::Forwarding::Masquerade
    );
    assert_eq!(entry.destination.tunnel, Tunnel::Ipip);
}

#[test]
fn what_this_crate_has_no_name_for_is_kept() {
    let text = OLD_SERVICE.replace("0x0006 0x0002  0x0084", "0x0006 0x0002  0x0032");
    assert_ne!(text, OLD_SERVICE);
    let entry = service(&read(Command::NewService, &text)).unwrap();
    let ServiceKey::Address { protocol, .. } = entry.service.key else {
        panic!()
    };
    assert_eq!(protocol, Protocol::Other(50));
    for number in 0..300 {
        assert_eq!(Protocol::from_number(number).number(), number);
    }

    let message = read(
        Command::NewDest,
        "
        0x0048 0x8002
        0x0014 0x0001  0a 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00
        0x0006 0x0002  00 50  00 00
        0x0008 0x0003  0x00000002      # tunnel
        0x0008 0x0004  0x00000001
        0x0005 0x000d  03  00 00 00    # of a kind there is not
        0x0006 0x000e  17 c0  00 00
        0x0006 0x000f  0x8003  00 00
        ",
    );
    let [Attribute::Destination(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let entry = DestinationAttribute::entry(attributes, Family::V4).unwrap();
    let kept = Tunnel::Other {
        kind: 3,
        port: 6080,
        flags: 0x8003,
    };
    assert_eq!(entry.destination.tunnel, kept);
}

#[test]
fn flags_of_a_tunnel_that_have_no_name_together_are_kept() {
    let message = read(
        Command::NewDest,
        "
        0x0048 0x8002
        0x0014 0x0001  0a 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00
        0x0006 0x0002  00 50  00 00
        0x0008 0x0003  0x00000002       # tunnel
        0x0008 0x0004  0x00000001
        0x0005 0x000d  01  00 00 00     # GUE
        0x0006 0x000e  17 c0  00 00
        0x0006 0x000f  0x0003  00 00    # both sorts of checksum
        ",
    );
    let [Attribute::Destination(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let entry = DestinationAttribute::entry(attributes, Family::V4).unwrap();
    let again = DestinationAttribute::of_destination(&entry.destination);
    assert!(again.contains(&DestinationAttribute::TunnelFlags(3)));
    for bits in 0..300 {
        assert_eq!(TunnelChecksum::from_bits(bits).bits(), bits);
    }
}

#[test]
fn a_daemon_that_another_program_gave_a_high_sync_id_is_listed() {
    let message = read(
        Command::NewDaemon,
        "
        0x0020 0x8003
        0x0008 0x0001  0x00000001
        0x0009 0x0002  \"eth0\"  00 00 00 00
        0x0008 0x0003  0x0000012c
        ",
    );
    let [Attribute::Daemon(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let daemon = Daemon::try_from(attributes.as_slice()).unwrap();
    assert_eq!(daemon, Daemon::new(DaemonState::Master, "eth0", 300));
}

#[test]
fn a_daemon_of_an_old_kernel_has_three_attributes() {
    let message = read(
        Command::NewDaemon,
        "
        0x0020 0x8003
        0x0008 0x0001  0x00000002
        0x0009 0x0002  \"eth0\"  00 00 00 00
        0x0008 0x0003  0x000000ff
        ",
    );
    let [Attribute::Daemon(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let daemon = Daemon::try_from(attributes.as_slice()).unwrap();
    assert_eq!(daemon, Daemon::new(DaemonState::Backup, "eth0", 255));
}

#[test]
fn the_answer_to_get_info_numbers_its_own_attributes() {
    let text = "
        0x0008 0x0001  0x00010201
        0x0008 0x0002  0x00001000
        ";
    let message = read(Command::SetInfo, text);
    assert_eq!(
        message.attributes,
        [
            Attribute::Info(InfoAttribute::Version(0x01_0201)),
            Attribute::Info(InfoAttribute::ConnectionTableSize(4096)),
        ]
    );
}

#[test]
fn a_counter_of_another_width_is_no_counter() {
    let message = read(
        Command::NewService,
        "
        0x0014 0x8001
        0x0010 0x800a
        0x0006 0x0001  0x0001  00 00
        0x0004 0x0002
        ",
    );
    let [Attribute::Service(attributes)] = message.attributes.as_slice() else {
        panic!()
    };
    let [ServiceAttribute::Stats(counters)] = attributes.as_slice() else {
        panic!()
    };
    assert!(
        counters
            .iter()
            .all(|counter| matches!(counter, StatsAttribute::Other(_)))
    );
    let numbers: Vec<u16> = Counter::ALL.iter().map(|counter| *counter as u16).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
}

#[test]
fn malformed_answers_are_refused_with_the_place() {
    let header = GenlHeader {
        cmd: Command::NewService as u8,
        version: 1,
    };
    for (text, expected) in [
        ("0x0008 0x8001  0x0004 0x0001", "IPVS_SVC_ATTR_AF"),
        (
            "0x000c 0x8001  0x0008 0x0004  00 50 00 00",
            "IPVS_SVC_ATTR_PORT",
        ),
        (
            "0x000c 0x8001  0x0008 0x0003  c0 a8 1a 01",
            "IPVS_SVC_ATTR_ADDR",
        ),
        (
            "0x000c 0x8001  0x0008 0x0007  00 00 00 00",
            "IPVS_SVC_ATTR_FLAGS",
        ),
        ("0x00ff 0x8001  0x0008 0x0007", "NewService"),
        ("0x0008 0x8001  0x0002 0x0007", "IPVS_CMD_ATTR_SERVICE"),
        ("01", "NewService"),
    ] {
        let error = Message::parse_with_param(&hex::bytes(text), header)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let unknown = GenlHeader {
        cmd: 18,
        version: 1,
    };
    let error = Message::parse_with_param(&[], unknown)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "unknown IPVS command 18");
}

#[test]
fn an_answer_that_lacks_something_says_what() {
    for (text, expected) in [
        (
            "0x000c 0x8001  0x0008 0x0005  0x00000050",
            "no attribute IPVS_SVC_ATTR_AF",
        ),
        (
            "0x000c 0x8001  0x0006 0x0001  0x0002  00 00",
            "no attribute IPVS_SVC_ATTR_PROTOCOL",
        ),
        (
            "0x000c 0x8001  0x0006 0x0001  0x0003  00 00",
            "unknown address family 3",
        ),
    ] {
        let error = service(&read(Command::NewService, text)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
