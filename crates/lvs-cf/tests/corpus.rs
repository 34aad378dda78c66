//! The corpus: each `corpus/NAME.cf` has its golden `corpus/NAME.out`, the report and, if the file
//! loads, what it means. `BLESS=1 cargo test -p lvs-cf --test corpus` writes the golden files.

use std::fmt::Write;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use lvs_cf::{Config, FixedResolver, Kind, LoadError, parse};

fn resolver() -> FixedResolver {
    let host = |last| IpAddr::from([10, 9, 8, last]);
    FixedResolver::new()
        .with_host("lvs1.example", host(1))
        .with_host("lvs2.example", host(2))
}

/// The whole outcome as text.
fn outcome(name: &str, source: Vec<u8>) -> String {
    match parse(Path::new(name), source, &resolver()) {
        Ok(loaded) => format!("{}{}", loaded.report("lvsd"), show(&loaded.config)),
        Err(invalid) => LoadError::from(invalid).report("lvsd"),
    }
}

/// What a configuration means, one value a line; `=` from the file, `~` by default.
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
    one!(2, config, serial_no primary);
    maybe!(2, config, backup primary_private backup_private nat_router);
    one!(2, config, backup_active heartbeat_port keepalive deadtime rsh_command network);
    one!(2, config, hard_shutdown ipvsadm);
    for service in &config.virtual_servers {
        line(2, format!("virtual {}", service.name));
        one!(4, service, active address port protocol scheduler persistent pmask timeout reentry);
        maybe!(4, service, interval);
        one!(4, service, load_monitor client_monitor);
        for server in &service.servers {
            line(4, format!("server {}", server.name));
            one!(6, server, active address weight);
            maybe!(6, server, port);
        }
    }
    out
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
