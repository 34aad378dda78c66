//! Prints the kernel's IPVS table as `ipvsadm -Sn` does.
//!
//! `ipvs-dump --stats` adds a comment line with connections and counters under each entry.

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use ipvs_netlink::{Client, Stats, Table};

fn main() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let result = match std::env::args().nth(1).as_deref() {
        None => print_table(&mut out),
        Some("--stats") => print_stats(&mut out),
        Some(_) => {
            eprintln!("usage: ipvs-dump [--stats]");
            return ExitCode::from(2);
        }
    };
    match result.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("ipvs-dump: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

/// The table in the saved form.
fn print_table(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    write!(out, "{}", Table::read(&mut Client::open()?)?)?;
    Ok(())
}

/// The table entry by entry, with what the kernel counts.
fn print_stats(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut client = Client::open()?;
    let info = client.info()?;
    writeln!(
        out,
        "# IPVS {}, {} buckets",
        info.version, info.connection_table_size
    )?;
    for service in client.services()? {
        writeln!(out, "-A {}", service.service)?;
        print_counters(out, &service.stats)?;
        for entry in client.destinations(&service.service.key)? {
            writeln!(out, "-a {} {}", service.service.key, entry.destination)?;
            writeln!(
                out,
                "#  active {} inactive {} persistent {}",
                entry.active_connections, entry.inactive_connections, entry.persistent_connections
            )?;
            print_counters(out, &entry.stats)?;
        }
    }
    Ok(())
}

/// One line of counters.
fn print_counters(out: &mut impl Write, stats: &Stats) -> io::Result<()> {
    writeln!(
        out,
        "#  connections {} packets {}/{} bytes {}/{}",
        stats.connections, stats.in_packets, stats.out_packets, stats.in_bytes, stats.out_bytes
    )
}
