//! `load` and what it says: the files that people really have, and the ones that are none.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lvs_cf::{Config, DEFAULT_PATHS, FixedResolver, Network, Scheduler, default_path, load};

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
  | ^^^^^^^^^ expected a directive that stands outside the blocks
  |
  = help: `scheduler` stands in a virtual block: is a `}}` wrong?
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
fn the_default_file_is_one_of_two() {
    assert!(DEFAULT_PATHS.contains(&default_path().to_str().unwrap()));
}
