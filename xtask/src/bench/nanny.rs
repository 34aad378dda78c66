//! `bench nanny`: what thousands of monitors cost this machine: memory, processor time for a check,
//! the time to start them all. They watch a server of this program, on loopback, with `--norun`.

mod herd;
mod server;

use crate::run::{cargo, run, target_dir};
use anyhow::{Context, Result, ensure};
use herd::{Herd, Memory, cpu_time, own_cpu_time};
use server::{Manner, Server};
use socket2::{Domain, Socket, Type};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How often everything is done; the middle of the results counts.
const ROUNDS: usize = 3;
/// The sizes of a herd whose memory is looked at.
const SIZES: [usize; 3] = [1, 100, 1000];
/// The size of a herd whose start is timed.
const STARTED: usize = 2000;
/// How long checks are counted.
const COUNTED: Duration = Duration::from_secs(3);
/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Builds nanny, plays the cases in turns, and prints the tables.
pub(crate) fn main() -> Result<()> {
    run(cargo().args(["build", "--release", "-p", "nanny"]))?;
    let nanny = target_dir()?.join("release").join("nanny");
    // The pages of a program just written count as dirty until they are on disk.
    run(&mut Command::new("sync"))?;
    let mut results = Results::default();
    for round in 1..=ROUNDS {
        eprintln!("xtask: round {round} of {ROUNDS}");
        results.round(&nanny)?;
    }
    std::io::stdout()
        .write_all(results.tables()?.as_bytes())
        .context("cannot print the tables")
}

/// What the rounds gave.
#[derive(Debug, Default)]
struct Results {
    /// By the index of [`SIZES`].
    memory: [Vec<Memory>; SIZES.len()],
    tcp: Vec<Duration>,
    tcp_floor: Vec<Duration>,
    http: Vec<Duration>,
    start: Vec<Duration>,
    start_floor: Vec<Duration>,
}

impl Results {
    fn round(&mut self, nanny: &Path) -> Result<()> {
        self.tcp.push(check_cost(nanny, Manner::Closes)?);
        self.tcp_floor.push(connect_cost()?);
        self.http.push(check_cost(nanny, Manner::Answers)?);
        self.start.push(start_of(nanny)?);
        self.start_floor.push(start_of_sleep()?);
        for (size, results) in SIZES.into_iter().zip(&mut self.memory) {
            results.push(memory_of(nanny, size)?);
        }
        Ok(())
    }

    /// The tables, as Markdown.
    fn tables(&self) -> Result<String> {
        let mut text = String::from(
            "\n| running | private dirty | proportional | page tables |\n| ---: | ---: | ---: | ---: |\n",
        );
        for (size, results) in SIZES.iter().zip(&self.memory) {
            let part = |part: fn(&Memory) -> u64| median(results.iter().map(part));
            let (dirty, proportional) = (part(|one| one.dirty)?, part(|one| one.proportional)?);
            let tables = part(|one| one.tables)?;
            writeln!(
                text,
                "| {size} | {dirty} KiB | {proportional} KiB | {tables} KiB |"
            )?;
        }
        text.push_str("\n| | time | that of the floor | ratio |\n| --- | ---: | ---: | ---: |\n");
        let micros = |times: &[Duration]| median(times.iter().map(Duration::as_nanos));
        let (tcp, floor) = (micros(&self.tcp)?, micros(&self.tcp_floor)?);
        let mut row = |what: &str, ours: u128, floor: u128, unit: u128, name: &str| {
            let shown = |nanos: u128| nanos as f64 / unit as f64;
            writeln!(
                text,
                "| {what} | {:.1} {name} | {:.1} {name} | {:.2} |",
                shown(ours),
                shown(floor),
                shown(ours) / shown(floor)
            )
        };
        row("processor, TCP check", tcp, floor, 1000, "us")?;
        row(
            "processor, HTTP check",
            micros(&self.http)?,
            floor,
            1000,
            "us",
        )?;
        let (start, floor) = (micros(&self.start)?, micros(&self.start_floor)?);
        row(
            "start of 2,000, each with its first check",
            start,
            floor,
            1_000_000,
            "ms",
        )?;
        Ok(text)
    }
}

fn median<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Result<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    let middle = values.get(values.len() / 2).copied();
    middle.context("there was no round")
}

/// The processor time of one check, kernel and program, over some thousands.
fn check_cost(nanny: &Path, manner: Manner) -> Result<Duration> {
    let server = Server::up(manner)?;
    let mut herd = Herd::default();
    herd.start(nanny, &server, "1ms", 1)?;
    server.wait_for(100, LIMIT)?;
    let pid = herd.pids().next().context("nobody was started")?;
    let before = (server.accepted(), cpu_time(pid)?);
    std::thread::sleep(COUNTED);
    let after = (server.accepted(), cpu_time(pid)?);
    per(after.1 - before.1, after.0 - before.0)
}

/// The same for the bare system calls: a socket, its options, connect, close by reset.
fn connect_cost() -> Result<Duration> {
    let server = Server::up(Manner::Closes)?;
    let address = server.address().into();
    let connect = || -> Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_linger(Some(Duration::ZERO))?;
        Ok(socket.connect(&address)?)
    };
    let count = 2000;
    let before = own_cpu_time()?;
    for _ in 0..count {
        connect().context("cannot connect on loopback")?;
        // At the pace of the checks: caches are as cold for both.
        std::thread::sleep(Duration::from_millis(1));
    }
    per(own_cpu_time()? - before, count)
}

fn per(time: Duration, count: u64) -> Result<Duration> {
    ensure!(count > 100, "only {count} checks were made");
    Ok(Duration::from_nanos(
        u64::try_from(time.as_nanos())? / count,
    ))
}

/// From the first start to the last first check.
fn start_of(nanny: &Path) -> Result<Duration> {
    let server = Server::up(Manner::Closes)?;
    let mut herd = Herd::default();
    let start = Instant::now();
    herd.start(nanny, &server, "60", STARTED)?;
    server.wait_for(STARTED as u64, LIMIT)?;
    Ok(start.elapsed())
}

/// From the first start to the last, of a program that is there everywhere and does nothing.
fn start_of_sleep() -> Result<Duration> {
    let sleep = ["/usr/bin/sleep", "/bin/sleep"].map(PathBuf::from);
    let sleep = sleep.iter().find(|path| path.exists());
    let sleep = sleep.context("there is no sleep(1)")?;
    let mut herd = Herd::default();
    let start = Instant::now();
    for _ in 0..STARTED {
        herd.spawn(Command::new(sleep).arg("600"))?;
    }
    // Started means here that it sleeps.
    herd.wait_until_asleep(LIMIT)?;
    Ok(start.elapsed())
}

/// What one of a herd costs in memory, on average, after some checks.
fn memory_of(nanny: &Path, size: usize) -> Result<Memory> {
    let server = Server::up(Manner::Closes)?;
    let mut herd = Herd::default();
    herd.start(nanny, &server, "0.5", size)?;
    server.wait_for(5 * size as u64, LIMIT)?;
    herd.memory()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_the_middle_of_the_rounds() {
        let memory = |dirty| Memory {
            dirty,
            proportional: 50,
            tables: 40,
        };
        let times = |values: [u64; 3]| values.map(Duration::from_micros).to_vec();
        let results = Results {
            memory: [1, 2, 3].map(|size| [80, 92, 70].map(|kib| memory(kib * size)).to_vec()),
            tcp: times([40, 30, 90]),
            tcp_floor: times([20, 20, 20]),
            http: times([50, 50, 50]),
            start: times([900_000, 1_000_000, 2_000_000]),
            start_floor: times([500_000, 500_000, 500_000]),
        };
        let text = results.tables().unwrap();
        for row in [
            "| 1 | 80 KiB | 50 KiB | 40 KiB |",
            "| 1000 | 240 KiB | 50 KiB | 40 KiB |",
            "| processor, TCP check | 40.0 us | 20.0 us | 2.00 |",
            "| start of 2,000, each with its first check | 1000.0 ms | 500.0 ms | 2.00 |",
        ] {
            assert!(text.lines().any(|line| line == row), "{row} in {text}");
        }
        assert!(Results::default().tables().is_err());
    }
}
