//! What configurations ask for, by hand and at random.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::fixture::{config, ip, server, service};
use ipvs_netlink::{Destination, Forwarding, Netmask, Protocol, Service};
use lvs_cf::Network;

const VIP: &str = "1.2.3.1";

fn key(address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: ip(address),
        port,
    }
}

fn present(service: Service, destinations: &[Destination]) -> Table {
    let mut table = Table::new();
    let key = service.key;
    table.insert_service(service);
    for destination in destinations {
        table.insert_destination(&key, destination.clone());
    }
    table
}

fn masquerade(address: &str, port: u16, weight: u32) -> Destination {
    Destination::new(ip(address), port, Forwarding::Masquerade, weight)
}

/// The plan to get from `present` to what the file wants, as ipvsadm commands.
fn plan(config: &Config, present: &Table) -> String {
    present
        .diff(&wanted(config, present, false).table)
        .to_string()
}

#[test]
fn an_empty_table_gets_services_and_no_destination() {
    let mut ftp = service("ftp", VIP, vec![server("rs1", "10.0.0.1")]);
    ftp.port.value = 21;
    ftp.persistent.value = 600;
    ftp.pmask.value = 24;
    ftp.scheduler.value = lvs_cf::Scheduler::Wrr;
    let http = service(
        "http",
        VIP,
        vec![server("rs1", "10.0.0.1"), server("rs2", "10.0.0.2")],
    );
    let config = config(vec![ftp, http]);
    let wanted = wanted(&config, &Table::new(), false);
    assert_eq!(
        Table::new().diff(&wanted.table).to_string(),
        "ipvsadm -A -t 1.2.3.1:21 -s wrr -p 600 -M 255.255.255.0\n\
         ipvsadm -A -t 1.2.3.1:80 -s wlc\n"
    );
    let monitors: Vec<_> = wanted
        .monitors
        .iter()
        .map(|m| (m.label.as_str(), m.service, m.adopted))
        .collect();
    assert_eq!(
        monitors,
        [
            ("ftp/rs1", 0, false),
            ("http/rs1", 1, false),
            ("http/rs2", 1, false)
        ]
    );
    let services: Vec<_> = wanted
        .services
        .iter()
        .map(|s| (s.name.as_str(), s.port))
        .collect();
    assert_eq!(services, [("ftp", 21), ("http", 80)]);
    assert_eq!(wanted.left_aside, []);
}

#[test]
fn the_table_is_brought_to_the_file_by_difference() {
    let config = config(vec![service(
        "http",
        VIP,
        vec![server("rs1", "10.0.0.1"), server("rs2", "10.0.0.2")],
    )]);
    let mut table = present(
        Service::new(key(VIP, 80), "rr"),
        &[
            masquerade("10.0.0.1", 80, 7),
            masquerade("10.0.0.9", 80, 1),
            Destination::new(ip("10.0.0.2"), 80, Forwarding::Tunnel, 0),
        ],
    );
    table.insert_service(Service::new(key("1.2.3.9", 80), "rr"));
    assert_eq!(
        plan(&config, &table),
        "ipvsadm -E -t 1.2.3.1:80 -s wlc\n\
         ipvsadm -e -t 1.2.3.1:80 -r 10.0.0.2:80 -m -w 0\n\
         ipvsadm -d -t 1.2.3.1:80 -r 10.0.0.9:80\n\
         ipvsadm -D -t 1.2.3.9:80\n"
    );
    let adopted: Vec<bool> = wanted(&config, &table, false)
        .monitors
        .iter()
        .map(|m| m.adopted)
        .collect();
    assert_eq!(adopted, [true, false], "weight 0 gets no connections");
}

#[test]
fn a_table_that_is_as_wanted_is_left_alone() {
    let config = config(vec![service("http", VIP, vec![server("rs1", "10.0.0.1")])]);
    let table = present(
        Service::new(key(VIP, 80), "wlc"),
        &[masquerade("10.0.0.1", 80, 32)],
    );
    assert_eq!(plan(&config, &table), "");
}

/// Fault 1 of 0.8.6: the table had one port, the removal named the other.
#[test]
fn direct_and_tunnel_keep_the_virtual_port_in_the_table() {
    for (network, forwarding) in [
        (Network::Direct, Forwarding::Direct),
        (Network::Tunnel, Forwarding::Tunnel),
    ] {
        let mut real = server("rs1", "10.0.0.1");
        real.port = Some(lvs_cf::Spanned::default_value(8080));
        let mut config = config(vec![service("http", VIP, vec![real])]);
        config.network.value = network;
        let there = Destination::new(ip("10.0.0.1"), 80, forwarding, 5);
        let table = present(Service::new(key(VIP, 80), "wlc"), &[there]);
        assert_eq!(plan(&config, &table), "");
        let wanted = wanted(&config, &table, false);
        assert_eq!(wanted.monitors[0].destination.port, 80);
        let line = wanted.monitors[0].command_line.to_string();
        assert!(line.contains(" -p 80 -r 8080 "), "{line}");
    }
}

#[test]
fn what_is_not_active_is_not_run_and_leaves_the_table() {
    let mut off = service("off", "1.2.3.2", vec![server("rs1", "10.0.0.1")]);
    off.active.value = false;
    let mut out = server("rs2", "10.0.0.2");
    out.active.value = false;
    let config = config(vec![
        off,
        service("http", VIP, vec![server("rs1", "10.0.0.1"), out]),
    ]);
    let mut table = present(
        Service::new(key(VIP, 80), "wlc"),
        &[masquerade("10.0.0.2", 80, 1)],
    );
    table.insert_service(Service::new(key("1.2.3.2", 80), "wlc"));
    assert_eq!(
        plan(&config, &table),
        "ipvsadm -d -t 1.2.3.1:80 -r 10.0.0.2:80\nipvsadm -D -t 1.2.3.2:80\n"
    );
    let wanted = wanted(&config, &table, false);
    assert_eq!(wanted.monitors.len(), 1);
    assert_eq!(wanted.monitors[0].label, "http/rs1");
    assert_eq!(wanted.monitors[0].service, 0);
}

#[test]
fn what_stands_twice_runs_once_and_is_named() {
    let mut second = server("rs2", "10.0.0.1");
    second.port = Some(lvs_cf::Spanned::default_value(8080));
    let pool = vec![server("rs1", "10.0.0.1"), second, server("rs3", "10.0.0.1")];
    let blocks = vec![service("http", VIP, pool), service("again", VIP, vec![])];
    let mut config = config(blocks);
    let again = LeftAside::Service {
        name: "again".into(),
        first: "http".into(),
    };
    let twice = |label: &str| LeftAside::RealServer {
        label: label.into(),
        first: "http/rs1".into(),
    };
    let nat = wanted(&config, &Table::new(), false);
    assert_eq!(nat.left_aside, [twice("http/rs3"), again.clone()]);
    assert_eq!(nat.monitors.len(), 2);
    // Without address translation the two ports are one destination.
    config.network.value = Network::Direct;
    let direct = wanted(&config, &Table::new(), false);
    assert_eq!(
        direct.left_aside,
        [twice("http/rs2"), twice("http/rs3"), again]
    );
    assert_eq!(direct.monitors.len(), 1);
}

#[test]
fn affinity_of_the_other_family_has_a_prefix_for_a_mask() {
    let mut block = service("http", "2001:db8::1", vec![]);
    block.persistent.value = 60;
    block.pmask.value = 64;
    let wanted = wanted(&config(vec![block]), &Table::new(), false);
    let masks: Vec<Netmask> = wanted.table.services().map(|s| s.netmask).collect();
    assert_eq!(masks, [Netmask::V6(64)]);
}

#[test]
fn a_firewall_mark_takes_the_place_of_address_and_port() {
    let mut real = server("rs1", "10.0.0.1");
    real.port = Some(lvs_cf::Spanned::default_value(8080));
    let mut block = service("web", VIP, vec![real]);
    block.fwmark.value = 80;
    let config = config(vec![block, service("http", VIP, vec![])]);
    assert_eq!(
        plan(&config, &Table::new()),
        "ipvsadm -A -t 1.2.3.1:80 -s wlc\nipvsadm -A -f 80 -s wlc\n"
    );
    let wanted = wanted(&config, &Table::new(), false);
    assert_eq!(wanted.left_aside, []);
    assert_eq!(
        wanted.monitors[0].destination,
        masquerade("10.0.0.1", 8080, 1).key
    );
}

#[test]
fn a_udp_service_is_one_beside_the_tcp_service_of_its_port() {
    let mut block = service("dns", VIP, vec![]);
    block.protocol.value = lvs_cf::Protocol::Udp;
    let config = config(vec![block, service("http", VIP, vec![])]);
    assert_eq!(
        plan(&config, &Table::new()),
        "ipvsadm -A -t 1.2.3.1:80 -s wlc\nipvsadm -A -u 1.2.3.1:80 -s wlc\n"
    );
}

#[test]
fn a_quiesced_server_stays_in_the_table_with_weight_0() {
    let mut block = service("http", VIP, vec![server("rs1", "10.0.0.1")]);
    let quiesced = |block: &VirtualServer| {
        let wanted = wanted(&config(vec![block.clone()]), &Table::new(), false);
        wanted.monitors[0].quiesced.clone()
    };
    assert_eq!(quiesced(&block), None);
    block.quiesce_server.value = true;
    assert_eq!(quiesced(&block), Some(masquerade("10.0.0.1", 80, 0)));
}

#[test]
fn timeouts_are_set_only_where_the_file_sets_one() {
    let mut config = config(vec![]);
    assert_eq!(wanted(&config, &Table::new(), false).timeouts, None);
    config.udp_timeout.value = 30;
    let expected = Timeouts {
        tcp: 0,
        tcp_fin: 0,
        udp: 30,
    };
    assert_eq!(
        wanted(&config, &Table::new(), false).timeouts,
        Some(expected)
    );
}

/// A small world, so that files and tables meet often.
fn arbitrary_table() -> impl Strategy<Value = Table> {
    let destination = (
        1u8..6,
        prop_oneof![Just(80u16), Just(8080)],
        0u32..3,
        0usize..3,
    )
        .prop_map(|(host, port, weight, forwarding)| {
            let forwarding = [
                Forwarding::Masquerade,
                Forwarding::Direct,
                Forwarding::Tunnel,
            ][forwarding];
            Destination::new(IpAddr::from([10, 0, 0, host]), port, forwarding, weight)
        });
    let row = (
        1u8..4,
        any::<bool>(),
        proptest::collection::vec(destination, 0..5),
    );
    proptest::collection::vec(row, 0..4).prop_map(|rows| {
        let mut table = Table::new();
        for (host, is_wlc, destinations) in rows {
            let key = key(&format!("1.2.3.{host}"), 80);
            table.insert_service(Service::new(key, if is_wlc { "wlc" } else { "rr" }));
            for destination in destinations {
                table.insert_destination(&key, destination);
            }
        }
        table
    })
}

fn arbitrary_config() -> impl Strategy<Value = Config> {
    let real = (1u8..6, any::<bool>(), any::<bool>()).prop_map(|(host, active, other_port)| {
        let mut real = server(&format!("rs{host}"), &format!("10.0.0.{host}"));
        real.active.value = active;
        real.port = other_port.then(|| lvs_cf::Spanned::default_value(8080));
        real
    });
    let block = (1u8..4, any::<bool>(), proptest::collection::vec(real, 0..5)).prop_map(
        |(host, active, servers)| {
            let mut block = service(&format!("vs{host}"), &format!("1.2.3.{host}"), servers);
            block.active.value = active;
            block
        },
    );
    (proptest::collection::vec(block, 0..4), 0usize..3).prop_map(|(blocks, network)| {
        let mut config = config(blocks);
        config.network.value = [Network::Nat, Network::Direct, Network::Tunnel][network];
        config
    })
}

proptest! {
    #[test]
    fn a_start_does_what_it_promises(config in arbitrary_config(), present in arbitrary_table()) {
        let asked = wanted(&config, &present, false);
        // The services are those of the active blocks, exactly.
        let in_table: Vec<_> = asked.table.services().map(|s| s.key).collect();
        let mut active: Vec<_> = config
            .active_virtual_servers()
            .map(|v| key(&v.address.address.to_string(), 80))
            .collect();
        active.sort_unstable();
        active.dedup();
        prop_assert_eq!(&in_table, &active);
        // A destination stays, weight and all, if and only if a monitor looks after it.
        for key in &in_table {
            let watched: Vec<_> = asked
                .monitors
                .iter()
                .filter(|m| asked.services[m.service].key == *key)
                .map(|m| m.destination)
                .collect();
            for there in present.destinations(key) {
                let kept = asked.table.destination(key, &there.key);
                prop_assert_eq!(kept.is_some(), watched.contains(&there.key));
                prop_assert!(kept.is_none_or(|kept| kept.weight == there.weight));
            }
            for kept in asked.table.destinations(key) {
                prop_assert!(present.destination(key, &kept.key).is_some(), "none is added");
            }
            // No two monitors fight over a destination.
            let mut distinct = watched.clone();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), watched.len());
        }
        // A second start finds nothing to do.
        let again = wanted(&config, &asked.table, false);
        prop_assert!(asked.table.diff(&again.table).is_empty());
    }
}
