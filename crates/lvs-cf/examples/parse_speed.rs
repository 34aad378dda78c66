//! Parses and checks files of many real servers and prints the time and memory it takes:
//! `cargo run --release -p lvs-cf --example parse_speed [SERVERS]...`, 10,000 and 100,000 by
//! default.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Instant;

use lvs_cf::{FixedResolver, parse};

/// A file with ten real servers for each virtual server.
fn file(servers: usize) -> String {
    let mut text = String::from("primary = 10.0.0.1\nnetwork = direct\n");
    for number in 0..servers {
        let (a, b, c) = (number >> 16, (number >> 8) & 255, number & 255);
        if number % 10 == 0 {
            let end = if number == 0 { "" } else { "}\n" };
            let _ = write!(
                text,
                "{end}virtual vs{number} {{\n\tactive = 1\n\taddress = 11.{a}.{b}.{c} eth0:1\n\
                 \tport = 80\n\tscheduler = wlc\n\ttimeout = 6\n\treentry = 15\n"
            );
        }
        let _ = write!(
            text,
            "\tserver rs{number} {{\n\t\taddress = 12.{a}.{b}.{c}\n\t\tactive = 1\n\
             \t\tweight = 1\n\t}}\n"
        );
    }
    text + "}\n"
}

/// The most memory this process ever had, in KiB.
fn peak_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.map_or("unknown".to_owned(), |l| l.trim().to_owned())
}

fn main() {
    let mut sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000];
    }
    for servers in sizes {
        let source = file(servers).into_bytes();
        let bytes = source.len();
        let start = Instant::now();
        let result = parse(Path::new("bench.cf"), source, &FixedResolver::new());
        let took = start.elapsed();
        match result {
            Ok(loaded) => {
                let found: usize = loaded
                    .config
                    .virtual_servers
                    .iter()
                    .map(|v| v.servers.len())
                    .sum();
                println!(
                    "{found} real servers, {bytes} bytes: {took:?}, peak {}",
                    peak_memory()
                );
            }
            Err(invalid) => println!("{invalid}"),
        }
    }
}
