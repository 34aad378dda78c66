//! The corpus: each `corpus/NAME.cf` has its golden `corpus/NAME.out`, the report and, if the file
//! loads, what it means. `BLESS=1 cargo test -p lvs-cf --test corpus` writes the golden files.

use std::fmt::Write;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use lvs_cf::{Config, FixedResolver, Floating, Kind, LoadError, check, parse};

fn resolver() -> FixedResolver {
    let host = |last| IpAddr::from([10, 9, 8, last]);
    FixedResolver::new()
        .with_host("lvs1.example", host(1))
        .with_host("lvs2.example", host(2))
}

/// The whole outcome as text: what the language says to the file, and if this version's daemons do
/// not do all of it, what they say.
fn outcome(name: &str, source: Vec<u8>) -> String {
    let path = Path::new(name);
    let refused = match check(path, source.clone(), &resolver()) {
        Ok(_) => String::new(),
        Err(invalid) => LoadError::from(invalid).report("lvsd"),
    };
    match parse(path, source, &resolver()) {
        Ok(loaded) if refused.is_empty() => {
            format!("{}{}", loaded.report("lvsd"), show(&loaded.config))
        }
        Ok(loaded) => format!(
            "{}{}refused by this version:\n{refused}",
            loaded.report("lvsd"),
            show(&loaded.config)
        ),
        Err(invalid) => LoadError::from(invalid).report("lvsd"),
    }
}

/// What a configuration means, one value a line; `=` from the file, `~` by default. Of what few
/// files say there is no line without them saying it.
fn show(config: &Config) -> String {
    let mut out = String::from("loads:\n");
    let mut line = |depth: usize, text: String| {
        let _ = writeln!(out, "{:depth$}{text}", "");
    };
    macro_rules! one {
        ($depth:expr, $value:expr, $($name:ident)+) => {$(
            let value = &$value.$name;
            let sign = if value.is_default() { '~' } else { '=' };
            line($depth, format!("{} {sign} {:?}", stringify!($name), value.value));
        )+};
    }
    macro_rules! maybe {
        ($depth:expr, $value:expr, $($name:ident)+) => {$(
            if let Some(value) = &$value.$name {
                line($depth, format!("{} = {:?}", stringify!($name), value.value));
            }
        )+};
    }
    macro_rules! given {
        ($depth:expr, $value:expr, $($name:ident)+) => {$(
            if !$value.$name.is_default() {
                one!($depth, $value, $name);
            }
        )+};
    }
    one!(2, config, serial_no primary);
    given!(2, config, service);
    maybe!(2, config, backup primary_private backup_private);
    if let Some(router) = &config.nat_router {
        line(2, format!("nat_router = {}", floating(router)));
    }
    maybe!(2, config, primary_shared backup_shared reservation_conflict_action);
    one!(2, config, backup_active heartbeat_port keepalive deadtime rsh_command network);
    one!(2, config, hard_shutdown ipvsadm);
    given!(2, config, heartbeat debug_level monitor_links syncdaemon syncd_iface syncd_id);
    given!(2, config, tcp_timeout tcpfin_timeout udp_timeout sync);
    maybe!(2, config, active_cmd inactive_cmd);
    let servers = config.virtual_servers.iter().map(|s| ("virtual", s));
    let failovers = config.failover_services.iter().map(|s| ("failover", s));
    for (kind, service) in servers.chain(failovers) {
        line(2, format!("{kind} {}", service.name));
        one!(4, service, active);
        line(4, format!("address = {}", floating(&service.address)));
        one!(4, service, port protocol scheduler persistent pmask timeout reentry);
        given!(4, service, fwmark);
        maybe!(4, service, interval send expect);
        given!(4, service, use_regex);
        maybe!(4, service, send_program sorry_server);
        given!(4, service, quiesce_server);
        one!(4, service, load_monitor client_monitor);
        maybe!(4, service, start_cmd stop_cmd master dirs);
        for server in &service.servers {
            line(4, format!("server {}", server.name));
            one!(6, server, active address weight);
            maybe!(6, server, port);
        }
    }
    out
}

fn floating(floating: &Floating) -> String {
    let prefix = floating.prefix.map(|p| format!("/{p}")).unwrap_or_default();
    let device = floating.device.as_ref();
    let device = device.map(|d| format!(" {d} on {}", d.interface));
    format!("{}{prefix}{}", floating.address, device.unwrap_or_default())
}

#[test]
fn every_file_of_the_corpus_has_its_golden_outcome() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut inputs: Vec<PathBuf> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "cf"))
        .collect();
    inputs.sort();
    assert!(
        inputs.len() >= 20,
        "only {} files in {}",
        inputs.len(),
        directory.display()
    );
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for input in &inputs {
        let name = input.file_name().unwrap().to_str().unwrap();
        let outcome = outcome(name, fs::read(input).unwrap());
        let golden = input.with_extension("out");
        if bless {
            fs::write(&golden, &outcome).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != outcome {
            wrong.push(format!("--- {name}, got:\n{outcome}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_corpus_shows_every_reason() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let outcomes: String = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "out"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for kind in Kind::ALL {
        let reason = format!(": {}", kind.text());
        assert!(outcomes.contains(&reason), "no file shows {kind:?}");
    }
}
