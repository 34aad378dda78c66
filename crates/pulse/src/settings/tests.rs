//! Settings from real files, for both routers of the HOWTO's cluster.

use std::io::Write;

use super::*;

const FIVE_NODES: &str = "
primary = 1.2.3.2
backup = 1.2.3.3
keepalive = 2
deadtime = 10
heartbeat_port = 1050
network = nat
nat_router = 192.168.1.254 eth1:1
virtual server vs1 {
 address = 1.2.3.1
 active = 1
 server rs1 {
  address = 192.168.1.3
  active = 1
 }
}
virtual vs2 {
 address = 1.2.3.1 eth9:9
 port = 443
 active = 1
 server rs1 {
  address = 192.168.1.3
  active = 1
 }
}
virtual vs3 {
 address = 1.2.3.77 eth2
 vip_nmask = 255.255.255.252
 active = 1
 server rs1 {
  address = 192.168.1.3
  active = 1
 }
}
virtual idle {
 address = 1.2.3.99 eth0:4
 server rs1 {
  address = 192.168.1.3
  active = 1
 }
}
";

fn config(text: &str) -> Config {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    let loaded = lvs_cf::load(file.path(), &lvs_cf::FixedResolver::new());
    loaded
        .unwrap_or_else(|error| panic!("{}", error.report("test")))
        .config
}

fn own(address: [u8; 4], interface: &str) -> OwnAddress {
    OwnAddress {
        interface: interface.into(),
        address: address.into(),
    }
}

fn settings(text: &str, own: &[OwnAddress]) -> Result<Settings, Error> {
    Settings::new(&config(text), own, Path::new("/etc/lvs.cf"))
}

#[test]
fn the_two_routers_of_the_howto_find_their_roles() {
    let primary = [own([192, 168, 1, 1], "eth1"), own([1, 2, 3, 2], "eth0")];
    let settings_of = |own: &[OwnAddress]| settings(FIVE_NODES, own).expect("settings");
    let settings = settings_of(&primary);
    assert_eq!(settings.rules.role, Role::Primary);
    assert!(settings.rules.has_partner);
    assert_eq!(settings.port, 1050);
    let link = Link {
        own: [1, 2, 3, 2].into(),
        partner: [1, 2, 3, 3].into(),
    };
    assert_eq!(settings.links, [link]);

    let settings = settings_of(&[own([1, 2, 3, 3], "bond0")]);
    assert_eq!(settings.rules.role, Role::Backup);
    let link = Link {
        own: [1, 2, 3, 3].into(),
        partner: [1, 2, 3, 2].into(),
    };
    assert_eq!(settings.links, [link]);
    assert_eq!(
        settings.floating[1].interface, "bond0",
        "no device: that of the own address"
    );
}

#[test]
fn floating_addresses_are_the_nat_router_then_each_active_vip_once() {
    let settings = settings(FIVE_NODES, &[own([1, 2, 3, 2], "eth0")]).expect("settings");
    let floating = |address: [u8; 4], interface: &str, label: Option<&str>, prefix| Floating {
        address: address.into(),
        interface: interface.into(),
        label: label.map(Into::into),
        prefix,
    };
    assert_eq!(
        settings.floating,
        [
            floating([192, 168, 1, 254], "eth1", Some("eth1:1"), None),
            floating([1, 2, 3, 1], "eth0", None, None),
            floating([1, 2, 3, 77], "eth2", None, Some(30)),
        ]
    );
    let keys: Vec<String> = settings.services.iter().map(ToString::to_string).collect();
    assert_eq!(keys, ["-t 1.2.3.1:80", "-t 1.2.3.1:443", "-t 1.2.3.77:80"]);
}

#[test]
fn what_is_cleared_of_a_firewall_mark_is_its_service() {
    let text = FIVE_NODES.replacen("active = 1", "active = 1\n fwmark = 7", 1);
    let settings = settings(&text, &[own([1, 2, 3, 2], "eth0")]).expect("settings");
    let keys: Vec<String> = settings.services.iter().map(ToString::to_string).collect();
    assert!(keys.contains(&"-f 7".to_owned()), "{keys:?}");
    assert_eq!(settings.floating[1].address, Ipv4Addr::new(1, 2, 3, 1));
}

#[test]
fn the_nat_router_is_for_nat() {
    let text = FIVE_NODES.replace("network = nat", "network = direct");
    let settings = settings(&text, &[own([1, 2, 3, 2], "eth0")]).expect("settings");
    assert_eq!(settings.floating.len(), 2);
}

#[test]
fn a_private_link_is_the_second() {
    let text = format!("primary_private = 192.168.1.1\nbackup_private = 192.168.1.2\n{FIVE_NODES}");
    let settings = settings(&text, &[own([1, 2, 3, 3], "eth0")]).expect("settings");
    let private = Link {
        own: [192, 168, 1, 2].into(),
        partner: [192, 168, 1, 1].into(),
    };
    assert_eq!(settings.links.len(), 2);
    assert_eq!(settings.links[1], private);
}

#[test]
fn a_router_without_partner_has_no_link_and_no_lease() {
    let text = format!("backup_active = 0\n{FIVE_NODES}");
    let alone = settings(&text, &[own([1, 2, 3, 2], "eth0")]).expect("settings");
    assert!(!alone.rules.has_partner && alone.links.is_empty() && alone.lease.is_none());
    let refusal = settings(&text, &[own([1, 2, 3, 3], "eth0")]).expect_err("the backup");
    assert!(matches!(refusal, Error::BackupInactive { .. }), "{refusal}");
}

#[test]
fn a_host_in_neither_place_is_refused() {
    let refusal = settings(FIVE_NODES, &[own([1, 2, 3, 4], "eth0")]).expect_err("a stranger");
    assert_eq!(
        refusal.to_string(),
        "this host carries neither the primary's address 1.2.3.2 nor the backup's 1.2.3.3"
    );
}

#[test]
fn a_file_without_an_active_block_is_refused() {
    let text = "primary = 1.2.3.2\nvirtual vs1 {\n address = 1.2.3.1\n}\n";
    let refusal = settings(text, &[own([1, 2, 3, 2], "eth0")]).expect_err("nothing to do");
    assert_eq!(
        refusal.to_string(),
        "no active lvs services defined in /etc/lvs.cf"
    );
}

#[test]
fn leases_outlast_deadtime_by_one_to_two_seconds() {
    for (keepalive, deadtime, seconds, renewal) in [
        (1000, 3000, 4, 1000),
        (2000, 10_000, 11, 2000),
        (20, 60, 2, 20),
        (1000, 3001, 5, 1000),
        (30_000, 60_000, 61, 15_250),
        (5000, 7000, 8, 2000),
    ] {
        let ms = Duration::from_millis;
        let lease = Lease::new(ms(keepalive), ms(deadtime));
        assert_eq!(
            lease,
            Lease {
                seconds,
                renewal: ms(renewal)
            },
            "{keepalive} {deadtime}"
        );
    }
    assert_eq!(
        Lease::new(Duration::MAX, Duration::MAX).seconds,
        u32::MAX - 1
    );
}
