//! `load` and what it says: the files that people really have, and the ones that are none.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lvs_cf::{
    Config, FixedResolver, Floating, Kind, Network, Protocol, RealServer, Resolve, Scheduler,
    ServiceKind, Spanned, Unresolved, VirtualServer, check, load, parse,
};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn corpus(name: &str) -> PathBuf {
    repository("crates/lvs-cf/tests/corpus").join(name)
}

fn config(path: &Path) -> Config {
    let loaded = load(path, &FixedResolver::new()).unwrap_or_else(|e| panic!("{}", e.report("t")));
    assert_eq!(loaded.report("t"), "", "warnings in {}", path.display());
    loaded.config
}

fn report(path: &Path) -> String {
    match load(path, &FixedResolver::new()) {
        Ok(loaded) => panic!("{} loads: {:?}", path.display(), loaded.config),
        Err(error) => error.report("pulse"),
    }
}

#[test]
fn the_howtos_cluster() {
    let config = config(&corpus("howto-9.2.cf"));
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    assert_eq!(*config.primary, address("1.2.3.2"));
    assert_eq!(config.backup.map(|b| *b), Some(address("1.2.3.3")));
    assert!(*config.backup_active && config.backup_active.is_default());
    assert_eq!(*config.heartbeat_port, 1050);
    assert_eq!(
        (*config.keepalive, *config.deadtime),
        (Duration::from_secs(2), Duration::from_secs(10))
    );
    assert_eq!(*config.network, Network::Nat);
    let router = config.nat_router.unwrap();
    assert_eq!(router.address, address("192.168.1.254"));
    let device = router.device.clone().unwrap();
    assert_eq!(
        (device.interface.as_str(), device.label.as_deref()),
        ("eth1", Some("eth1:1"))
    );
    let [vs1] = config.virtual_servers.as_slice() else {
        panic!("one virtual server")
    };
    assert_eq!(
        (vs1.name.as_str(), *vs1.active, *vs1.port),
        ("vs1", true, 80)
    );
    assert_eq!(vs1.address.address, address("1.2.3.1"));
    assert_eq!(vs1.address.device, None);
    assert_eq!(*vs1.scheduler, Scheduler::Wlc);
    let servers: Vec<_> = vs1
        .active_servers()
        .map(|s| (&**s.name, s.address.to_string(), *s.weight))
        .collect();
    assert_eq!(
        servers,
        [
            ("rs1", "192.168.1.3".to_owned(), 2000),
            ("rs2", "192.168.1.4".to_owned(), 1000),
            ("rs3", "192.168.1.5".to_owned(), 1000),
        ]
    );
}

#[test]
fn line_ends_do_not_matter() {
    assert_eq!(
        config(&corpus("howto-9.2-crlf.cf")),
        config(&corpus("howto-9.2.cf"))
    );
    assert_eq!(
        config(&corpus("howto-9.2-cr.cf")),
        config(&corpus("howto-9.2.cf"))
    );
}

#[test]
fn the_example_is_the_howtos_cluster_with_a_device() {
    let mut example = config(&repository("etc/lvs.cf.example"));
    let howto = config(&corpus("howto-9.2.cf"));
    let device = example.virtual_servers[0].address.value.device.take();
    assert_eq!(device.unwrap().to_string(), "eth0:1");
    assert_eq!(example, howto);
}

/// What `text` means and how many warnings there are.
fn meaning(text: &str, resolver: &dyn Resolve) -> (Config, usize) {
    let loaded = parse(Path::new("x.cf"), text.into(), resolver);
    let loaded = loaded.unwrap_or_else(|invalid| panic!("{:#?}", invalid.diagnostics));
    (loaded.config, loaded.warning_count)
}

#[test]
fn what_a_file_does_not_say_has_its_default() {
    let text = "primary = 10.1.0.1\n\
                virtual four {\naddress = 10.1.0.80\nserver a {\naddress = 10.2.0.11\n}\n}\n\
                virtual six {\naddress = 2001:db8::80\n}\n\
                failover db {\naddress = 10.1.0.90\n}\n";
    let (config, warnings) = meaning(text, &FixedResolver::new());
    assert_eq!(warnings, 0);
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    let seconds = Duration::from_secs;
    // The language's own table of defaults, in its order.
    let expected = Config {
        serial_no: plain(0),
        service: plain(ServiceKind::Lvs),
        primary: plain(address("10.1.0.1")),
        primary_private: None,
        primary_shared: None,
        backup_shared: None,
        backup: None,
        backup_active: plain(false),
        backup_private: None,
        heartbeat: plain(true),
        heartbeat_port: plain(539),
        keepalive: plain(seconds(2)),
        deadtime: plain(seconds(5)),
        rsh_command: plain("rsh".to_owned()),
        network: plain(Network::Nat),
        nat_router: None,
        reservation_conflict_action: None,
        debug_level: plain("NONE".to_owned()),
        monitor_links: plain(0),
        hard_shutdown: plain(true),
        ipvsadm: plain("/sbin/ipvsadm".to_owned()),
        syncdaemon: plain(false),
        syncd_iface: plain("eth0".to_owned()),
        syncd_id: plain(0),
        tcp_timeout: plain(0),
        tcpfin_timeout: plain(0),
        udp_timeout: plain(0),
        active_cmd: None,
        inactive_cmd: None,
        sync: plain(false),
        virtual_servers: vec![
            VirtualServer {
                servers: vec![RealServer {
                    name: plain("a".into()),
                    address: plain(address("10.2.0.11")),
                    active: plain(false),
                    port: None,
                    weight: plain(1),
                }],
                ..default_block("four", "10.1.0.80", 32)
            },
            default_block("six", "2001:db8::80", 128),
        ],
        failover_services: vec![default_block("db", "10.1.0.90", 32)],
    };
    assert_eq!(config, expected);
}

/// A value without a place. Values compare by what they are, not by where they stand.
fn plain<T>(value: T) -> Spanned<T> {
    Spanned::default_value(value)
}

/// A block that says its address only.
fn default_block(name: &str, address: &str, pmask: u8) -> VirtualServer {
    VirtualServer {
        name: plain(name.to_owned()),
        active: plain(false),
        address: plain(Floating {
            address: address.parse().expect("an address"),
            device: None,
            prefix: None,
        }),
        port: plain(80),
        protocol: plain(Protocol::Tcp),
        fwmark: plain(0),
        scheduler: plain(Scheduler::Wlc),
        persistent: plain(0),
        pmask: plain(pmask),
        timeout: plain(Duration::from_secs(10)),
        reentry: plain(Duration::from_secs(180)),
        // The monitor's own, which is 2.
        interval: None,
        load_monitor: plain("uptime".to_owned()),
        send: None,
        expect: None,
        use_regex: plain(false),
        send_program: None,
        quiesce_server: plain(false),
        sorry_server: None,
        client_monitor: plain("/usr/sbin/nanny".to_owned()),
        start_cmd: None,
        stop_cmd: None,
        master: None,
        dirs: None,
        servers: Vec::new(),
    }
}

#[test]
fn ports_are_looked_up_under_the_protocol_of_their_block() {
    let resolver = FixedResolver::new()
        .with_service("name", Protocol::Udp, 53)
        .with_service("name", Protocol::Tcp, 42);
    let block = |protocol: &str| {
        format!(
            "primary = 10.1.0.1\nnetwork = direct\nvirtual a {{\naddress = 10.1.0.80\n\
             port = name\nserver b {{\naddress = 10.2.0.11\nport = name\n}}\n{protocol}\n}}\n"
        )
    };
    for (protocol, port) in [
        ("protocol = udp", 53),
        ("protocol = udp\nprotocol = tcp", 42),
        ("protocol = sctp", 42),
        ("", 42),
    ] {
        let (config, _) = meaning(&block(protocol), &resolver);
        let service = &config.virtual_servers[0];
        let ports = (*service.port, service.port_of(&service.servers[0]));
        assert_eq!(ports, (port, port), "{protocol}");
    }
}

#[test]
fn the_language_is_more_than_this_version_does() {
    let text =
        "primary = 10.1.0.1\nservice = fos\nfailover db {\nactive = 1\naddress = 10.1.0.90\n}\n";
    let resolver = FixedResolver::new();
    assert_eq!(meaning(text, &resolver).0.failover_services.len(), 1);
    let refused = check(Path::new("x.cf"), text.into(), &resolver).unwrap_err();
    let kinds: Vec<_> = refused
        .diagnostics
        .iter()
        .map(|d| (d.line, d.kind))
        .collect();
    assert_eq!(kinds, [(2, Kind::Unsupported), (3, Kind::Unsupported)]);
}

#[test]
fn a_check_without_network_holds_nothing_against_a_name() {
    let text = "primary = lvs1.example\nbackup = 2001:db8::2\nnetwork = direct\n\
                virtual a {\nactive = 1\naddress = www.example\nvip_nmask = 64\n\
                server b {\naddress = 2001:db8::11\nactive = 1\n}\n\
                server c {\naddress = web2.example\nactive = 1\n}\n}\n";
    let (config, warnings) = meaning(text, &Unresolved::new());
    assert_eq!(warnings, 0);
    assert!(Unresolved::is_stand_in(*config.primary));
    let unknown = parse(Path::new("x.cf"), text.into(), &FixedResolver::new()).unwrap_err();
    let places: Vec<_> = unknown
        .diagnostics
        .iter()
        .map(|d| (d.line, d.kind))
        .collect();
    let bad = Kind::InvalidHost;
    assert_eq!(places, [(1, bad), (6, bad), (13, bad)]);
}

#[test]
fn every_value_knows_its_place() {
    let loaded = load(&corpus("howto-9.2.cf"), &FixedResolver::new()).unwrap();
    let text = loaded.document.to_bytes();
    let said = |span: Option<lvs_cf::Span>| &text[span.unwrap().range()];
    let vs1 = &loaded.config.virtual_servers[0];
    assert_eq!(said(loaded.config.keepalive.span), b"2");
    assert_eq!(
        said(loaded.config.nat_router.as_ref().unwrap().span),
        b"192.168.1.254 eth1:1"
    );
    assert_eq!(said(vs1.name.span), b"vs1");
    assert_eq!(said(vs1.servers[2].weight.span), b"1000");
    assert_eq!(
        loaded
            .document
            .position(vs1.servers[2].weight.span.unwrap().start),
        (33, 12)
    );
    assert_eq!(vs1.persistent.span, None);
}

#[test]
fn files_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    assert_eq!(
        report(path),
        format!("pulse: cannot read {}: Is a directory\n", path.display())
    );
    let missing = path.join("lvs.cf");
    assert_eq!(
        report(&missing),
        format!(
            "pulse: cannot read {}: No such file or directory\n",
            missing.display()
        )
    );
}

#[test]
fn an_endless_file_is_refused() {
    let report = report(Path::new("/dev/zero"));
    assert!(
        report.starts_with(
            "pulse: error parsing /dev/zero at line 1: not a text file: longer than 64 MiB"
        ),
        "{report}"
    );
}

#[test]
fn the_first_line_is_the_one_scripts_match() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lvs.cf");
    fs::write(
        &path,
        "primary = 1.2.3.2\n\nscheduler = wlc\nnetwork = nta\n",
    )
    .unwrap();
    let shown = path.display();
    let expected = format!(
        "\
pulse: error parsing {shown} at line 3: unknown command: \"scheduler\"
 --> {shown}:3:1
  |
3 | scheduler = wlc
  | ^^^^^^^^^ expected a directive allowed outside the blocks
  |
  = help: `scheduler` belongs in a virtual block: move it, or check for a misplaced `}}`
error: invalid argument: \"nta\"
 --> {shown}:4:11
  |
4 | network = nta
  |           ^^^ expected one of nat, direct, tunnel
  |
  = help: did you mean `nat`?
"
    );
    assert_eq!(report(&path), expected);
}

#[test]
fn a_virtual_server_may_be_called_server() {
    for (header, warnings) in [
        ("virtual server {", 1),
        ("virtual server server {", 0),
        ("virtual \"server\" {", 0),
    ] {
        let text = format!("primary = 10.1.0.1\n{header}\naddress = 10.1.0.80\n}}\n");
        let (config, found) = meaning(&text, &FixedResolver::new());
        assert_eq!(config.virtual_servers[0].name.as_str(), "server");
        assert_eq!(found, warnings, "{header}");
    }
}

#[test]
fn a_corrected_deadtime_stays_a_time() {
    let longest = Duration::from_secs(2_147_483_647);
    for keepalive in ["1073741823", "1073741824", "2147483647"] {
        let text = format!("primary = 10.1.0.1\nkeepalive = {keepalive}\n");
        let (config, warnings) = meaning(&text, &FixedResolver::new());
        assert_eq!(warnings, 1);
        assert!(*config.deadtime > *config.keepalive, "{keepalive}");
        assert!(*config.deadtime <= longest, "{keepalive}");
    }
}

#[test]
fn names_are_shown_without_what_a_terminal_obeys() {
    let block = "virtual \"a\u{1b}\" {\naddress = 10.1.0.80\nactive = 1\nserver \"b\u{1b}\" {\n\
                 address = 10.2.0.11\nactive = 1\n}\nserver \"b\u{1b}\" {\naddress = 10.2.0.11\n\
                 active = 1\n}\nsorry_server = 10.2.0.11\n}\n";
    for kind in ["lvs", "fos"] {
        let failover = block.replace("virtual", "failover");
        let text = format!("primary = 10.1.0.1\nservice = {kind}\n{block}{block}{failover}");
        let found = parse(Path::new("x.cf"), text.into(), &FixedResolver::new()).unwrap_err();
        for d in found.diagnostics {
            assert!(!d.reason.contains(char::is_control), "{d:?}");
        }
    }
}

#[test]
fn advice_shows_words_as_reasons_do() {
    let long = "9".repeat(1000);
    for word in ["1.2.3.4/", "1.2.3.4:", "2001:db8::1/", "x", "“", "/", "1,"] {
        for behind in ["\u{1b}[2J", &long, " \u{1b}", "\u{85}"] {
            let word = format!("{word}{behind}");
            let text = format!(
                "primary = {word}\nkeepalive = {word}\nnat_nmask = {word}\nheartbeat_port = {word}\n\
                 network = {word}\nheartbeat = {word}\nsyncd_id = {word} {word}\n{word} {word}\n\
                 heartbeat {word}\nactive_cmd = {word} {word}\nrsh_command = {word}\n"
            );
            let found = parse(Path::new("x.cf"), text.into(), &FixedResolver::new()).unwrap_err();
            assert!(found.errors > 5);
            for d in found.diagnostics {
                for said in [Some(d.reason), d.expected, d.help].into_iter().flatten() {
                    assert!(!said.contains(char::is_control), "{said:?}");
                    assert!(said.len() < 300, "{said:?}");
                }
            }
        }
    }
}
