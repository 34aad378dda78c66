//! Prints the kernel's IPVS table as `ipvsadm -Sn` does.
//!
//! `ipvs-dump --stats` adds a comment line with connections and counters under each entry.

use std::error::Error;
use std::process::ExitCode;

use ipvs_netlink::{Client, Stats, Table};

fn main() -> ExitCode {
    let result = match std::env::args().nth(1).as_deref() {
        None => print_table(),
        Some("--stats") => print_stats(),
        Some(_) => {
            eprintln!("usage: ipvs-dump [--stats]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ipvs-dump: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The table in the saved form.
fn print_table() -> Result<(), Box<dyn Error>> {
    print!("{}", Table::read(&mut Client::open()?)?);
    Ok(())
}

/// The table entry by entry, with what the kernel counts.
fn print_stats() -> Result<(), Box<dyn Error>> {
    let mut client = Client::open()?;
    let info = client.info()?;
    println!(
        "# IPVS {}, {} buckets",
        info.version, info.connection_table_size
    );
    for service in client.services()? {
        println!("-A {}", service.service);
        print_counters(&service.stats);
        for entry in client.destinations(&service.service.key)? {
            println!("-a {} {}", service.service.key, entry.destination);
            println!(
                "#  active {} inactive {} persistent {}",
                entry.active_connections, entry.inactive_connections, entry.persistent_connections
            );
            print_counters(&entry.stats);
        }
    }
    Ok(())
}

/// One line of counters.
fn print_counters(stats: &Stats) {
    println!(
        "#  connections {} packets {}/{} bytes {}/{}",
        stats.connections, stats.in_packets, stats.out_packets, stats.in_bytes, stats.out_bytes
    );
}
