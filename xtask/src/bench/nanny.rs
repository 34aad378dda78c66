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
/// Nannies that do more than connect or ask for a page: their memory is looked at as well.
const KINDS: [(&str, &[&str]); 5] = [
    (
        "matches an expression",
        &["--regex", "-s", "x", "-x", "^HTTP.* 200"],
    ),
    ("runs a program for each check", &["-e", "/bin/true"]),
    ("has the load by a program", &["-U", "sh -c uptime"]),
    ("has the load by rwhod's files", &["-U", "ruptime"]),
    ("has the load by rstat", &["-U", "rup"]),
];
/// By then the load has been asked for three times, see nanny(8).
const QUESTIONS: Duration = Duration::from_secs(50);
/// The size of a herd whose start is timed.
const STARTED: usize = 2000;
/// How long checks are counted.
const COUNTED: Duration = Duration::from_secs(3);
/// The paces of checks: one right after the other, and far enough apart for the processor to have
/// forgotten everything in between, as it is in earnest.
const PACES: [Pace; 2] = [
    Pace {
        words: "one after the other",
        interval: "0.000001",
        pause: Duration::ZERO,
        count: 20_000,
    },
    Pace {
        words: "one every 10 ms",
        interval: "10ms",
        pause: Duration::from_millis(10),
        count: 200,
    },
];
/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How close checks follow each other.
struct Pace {
    words: &'static str,
    /// For nanny.
    interval: &'static str,
    /// For the floor: the pause between two connections, and how many there are.
    pause: Duration,
    count: u64,
}

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
    results.kinds = memory_of_kinds(&nanny)?;
    std::io::stdout()
        .write_all(results.tables()?.as_bytes())
        .context("cannot print the tables")
}

/// What the rounds gave.
#[derive(Debug, Default)]
struct Results {
    /// By the index of [`SIZES`].
    memory: [Vec<Memory>; SIZES.len()],
    /// By the index of [`KINDS`], from one round.
    kinds: Vec<Memory>,
    /// By the index of [`PACES`].
    checks: [Checks; PACES.len()],
    start: Vec<Duration>,
    start_floor: Vec<Duration>,
}

/// The processor time of one check.
#[derive(Debug, Default)]
struct Checks {
    tcp: Vec<Duration>,
    http: Vec<Duration>,
    floor: Vec<Duration>,
}

impl Results {
    fn round(&mut self, nanny: &Path) -> Result<()> {
        for (pace, checks) in PACES.iter().zip(&mut self.checks) {
            checks.tcp.push(check_cost(nanny, Manner::Closes, pace)?);
            checks.floor.push(connect_cost(pace)?);
            checks.http.push(check_cost(nanny, Manner::Answers, pace)?);
        }
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
        text.push_str("\n| a nanny that | private dirty |\n| --- | ---: |\n");
        for ((kind, _), memory) in KINDS.iter().zip(&self.kinds) {
            writeln!(text, "| {kind} | {} KiB |", memory.dirty)?;
        }
        text.push_str("\n| | time | that of the floor | ratio |\n| --- | ---: | ---: | ---: |\n");
        let micros = |times: &[Duration]| median(times.iter().map(Duration::as_nanos));
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
        for (pace, checks) in PACES.iter().zip(&self.checks) {
            let floor = micros(&checks.floor)?;
            for (kind, times) in [("TCP", &checks.tcp), ("HTTP", &checks.http)] {
                let what = format!("processor, {kind} check, {}", pace.words);
                row(&what, micros(times)?, floor, 1000, "us")?;
            }
        }
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
fn check_cost(nanny: &Path, manner: Manner, pace: &Pace) -> Result<Duration> {
    let server = Server::up(manner)?;
    let mut herd = Herd::default();
    herd.start(nanny, &server, pace.interval, &[], 1)?;
    server.wait_for(100, LIMIT)?;
    let pid = herd.pids().next().context("nobody was started")?;
    let before = (server.accepted(), cpu_time(pid)?);
    std::thread::sleep(COUNTED);
    let after = (server.accepted(), cpu_time(pid)?);
    per(after.1 - before.1, after.0 - before.0)
}

/// The same for the bare system calls: a socket, its options, connect, close by reset.
fn connect_cost(pace: &Pace) -> Result<Duration> {
    let server = Server::up(Manner::Closes)?;
    let address = server.address().into();
    let connect = || -> Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_linger(Some(Duration::ZERO))?;
        Ok(socket.connect(&address)?)
    };
    let before = own_cpu_time()?;
    for _ in 0..pace.count {
        connect().context("cannot connect on loopback")?;
        if !pace.pause.is_zero() {
            std::thread::sleep(pace.pause);
        }
    }
    per(own_cpu_time()? - before, pace.count)
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
    herd.start(nanny, &server, "60", &[], STARTED)?;
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
    herd.start(nanny, &server, "0.5", &[], size)?;
    server.wait_for(5 * size as u64, LIMIT)?;
    herd.memory()
}

/// What one nanny of each kind costs in memory, after some checks and questions.
fn memory_of_kinds(nanny: &Path) -> Result<Vec<Memory>> {
    let server = Server::up(Manner::Answers)?;
    let mut herds = Vec::new();
    for (_, arguments) in KINDS {
        let mut herd = Herd::default();
        herd.start(nanny, &server, "2", arguments, 1)?;
        herds.push(herd);
    }
    std::thread::sleep(QUESTIONS);
    herds.iter().map(Herd::memory).collect()
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
            kinds: vec![memory(100), memory(104), memory(108)],
            checks: [1, 2].map(|pace| Checks {
                tcp: times([40 * pace, 30, 90]),
                http: times([50, 50, 50]),
                floor: times([20, 20, 20]),
            }),
            start: times([900_000, 1_000_000, 2_000_000]),
            start_floor: times([500_000, 500_000, 500_000]),
        };
        let text = results.tables().unwrap();
        for row in [
            "| 1 | 80 KiB | 50 KiB | 40 KiB |",
            "| 1000 | 240 KiB | 50 KiB | 40 KiB |",
            "| has the load by a program | 108 KiB |",
            "| processor, TCP check, one after the other | 40.0 us | 20.0 us | 2.00 |",
            "| processor, TCP check, one every 10 ms | 80.0 us | 20.0 us | 4.00 |",
            "| processor, HTTP check, one every 10 ms | 50.0 us | 20.0 us | 2.50 |",
            "| start of 2,000, each with its first check | 1000.0 ms | 500.0 ms | 2.00 |",
        ] {
            assert!(text.lines().any(|line| line == row), "{row} in {text}");
        }
        assert!(Results::default().tables().is_err());
    }
}
