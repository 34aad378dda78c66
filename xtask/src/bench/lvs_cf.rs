//! `bench lvs-cf`: files of many real servers, checked by `lvs-cf check` and, as keepalived has them,
//! by `keepalived -t`: time, processor time and memory of a fresh process each.

use crate::run::{cargo, run, target_dir};
use crate::setup::{Program, unpack};
use anyhow::{Context, Result, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What `bench` is called with to run one command and say what it took. Of the processes that a
/// process has waited for, the kernel tells the largest only, so each has a parent of its own.
pub(super) const MEASURE: &str = "--measure";

/// How many real servers, ten to a virtual server.
const SIZES: [usize; 2] = [10_000, 100_000];
/// How often everything is done, in turns; the middle of the results counts.
const ROUNDS: usize = 5;

/// The peer, from Debian.
const KEEPALIVED: Program = Program {
    path: "usr/sbin/keepalived",
    package: "keepalived",
};

/// Builds lvs-cf, gets keepalived, and prints the table.
pub(super) fn main() -> Result<()> {
    run(cargo().args(["build", "--release", "-p", "lvs-cf"]))?;
    let root = unpack("keepalived", &[KEEPALIVED])?;
    let ours = target_dir()?.join("release").join("lvs-cf");
    let here = PathBuf::from("/").join(KEEPALIVED.path);
    let theirs = match root.join(KEEPALIVED.path) {
        unpacked if unpacked.exists() => unpacked,
        _ => here,
    };
    eprintln!("xtask: {}", version(&theirs, &root)?);
    let files = target_dir()?.join("bench-lvs-cf");
    std::fs::create_dir_all(&files).with_context(|| format!("cannot make {}", files.display()))?;
    let mut results = Vec::new();
    for size in SIZES {
        let (lvs_cf, keepalived) = (files.join("lvs.cf"), files.join("keepalived.conf"));
        write(&lvs_cf, &Dialect::LvsCf.file(size))?;
        write(&keepalived, &Dialect::Keepalived.file(size))?;
        let ours = [ours.as_os_str(), "check".as_ref(), lvs_cf.as_ref()];
        let theirs = [
            theirs.as_os_str(),
            "-t".as_ref(),
            "-f".as_ref(),
            keepalived.as_ref(),
        ];
        let mut sides = [Vec::new(), Vec::new()];
        for round in 1..=ROUNDS {
            eprintln!("xtask: {size} real servers, round {round} of {ROUNDS}");
            sides[0].push(measured(&ours, &root)?);
            sides[1].push(measured(&theirs, &root)?);
        }
        results.push((size, sides));
    }
    std::fs::remove_dir_all(&files)
        .with_context(|| format!("cannot remove {}", files.display()))?;
    std::io::stdout()
        .write_all(table(&results)?.as_bytes())
        .context("cannot print the table")
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// What the two languages call the same things.
#[derive(Debug, Clone, Copy)]
enum Dialect {
    LvsCf,
    Keepalived,
}

impl Dialect {
    /// A file with so many real servers.
    fn file(self, servers: usize) -> String {
        let mut text = String::from(match self {
            Dialect::LvsCf => "primary = 10.0.0.1\nnetwork = direct\n",
            Dialect::Keepalived => "",
        });
        for number in 0..servers {
            let address = [number >> 16, (number >> 8) & 255, number & 255];
            let address = address.map(|part| part.to_string()).join(".");
            if number.is_multiple_of(10) {
                let end = if number == 0 { "" } else { "}\n" };
                text.push_str(end);
                text.push_str(&self.virtual_server(number, &address));
            }
            text.push_str(&self.real_server(number, &address));
        }
        text + "}\n"
    }

    fn virtual_server(self, number: usize, address: &str) -> String {
        match self {
            Dialect::LvsCf => format!(
                "virtual vs{number} {{\n\tactive = 1\n\taddress = 11.{address} eth0:1\n\tport = 80\n\
                 \tscheduler = wlc\n\ttimeout = 6\n\tinterval = 2\n"
            ),
            Dialect::Keepalived => format!(
                "virtual_server 11.{address} 80 {{\n\tlb_algo wlc\n\tlb_kind DR\n\tprotocol TCP\n\
                 \tdelay_loop 2\n"
            ),
        }
    }

    fn real_server(self, number: usize, address: &str) -> String {
        match self {
            Dialect::LvsCf => format!(
                "\tserver rs{number} {{\n\t\taddress = 12.{address}\n\t\tactive = 1\n\
                 \t\tweight = 1\n\t}}\n"
            ),
            Dialect::Keepalived => format!(
                "\treal_server 12.{address} 80 {{\n\t\tweight 1\n\t\tTCP_CHECK {{\n\
                 \t\t\tconnect_timeout 6\n\t\t}}\n\t}}\n"
            ),
        }
    }
}

/// What a process took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    seconds: f64,
    processor: f64,
    kib: u64,
}

/// The libraries that were unpacked beside a program.
fn libraries(root: &Path) -> OsString {
    let directories = [
        "usr/lib/x86_64-linux-gnu",
        "lib/x86_64-linux-gnu",
        "usr/lib/aarch64-linux-gnu",
    ];
    let paths = directories.map(|directory| root.join(directory));
    std::env::join_paths(paths).unwrap_or_default()
}

/// The peer's version, as it says it.
fn version(program: &Path, root: &Path) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .env("LD_LIBRARY_PATH", libraries(root))
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let first = text.lines().next().map(str::to_owned);
    first.context("keepalived does not say its version")
}

/// Runs a command through a process of its own, which says what it took.
fn measured(command: &[&OsStr], root: &Path) -> Result<Cost> {
    let this = std::env::current_exe().context("cannot find this program's file")?;
    let output = Command::new(this)
        .args(["bench", MEASURE])
        .args(command)
        .env("LD_LIBRARY_PATH", libraries(root))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run this program again")?;
    ensure!(output.status.success(), "{command:?} could not be measured");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace();
    let mut next = || {
        words
            .next()
            .with_context(|| format!("not a measurement: {text}"))
    };
    Ok(Cost {
        seconds: next()?.parse().context("not seconds")?,
        processor: next()?.parse().context("not seconds")?,
        kib: next()?.parse().context("not KiB")?,
    })
}

/// Runs a command to its end and prints its time, its processor time and its largest memory.
pub(super) fn measure(command: &[OsString]) -> Result<()> {
    let Some((program, args)) = command.split_first() else {
        bail!("measure what?");
    };
    let start = Instant::now();
    let output = Command::new(program)
        .args(args)
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(
        output.status.success() && output.stdout.is_empty(),
        "{}: {}: {}",
        program.display(),
        output.status,
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat())
    );
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot read the usage")?;
    let part = |time: nix::sys::time::TimeVal| {
        use nix::sys::time::TimeValLike;
        time.num_microseconds() as f64 / 1e6
    };
    let processor = part(usage.user_time()) + part(usage.system_time());
    println!("{seconds} {processor} {}", usage.max_rss());
    Ok(())
}

/// The table, as Markdown: for each size ours, theirs, and the ratio.
fn table(results: &[(usize, [Vec<Cost>; 2])]) -> Result<String> {
    let mut text = String::from(
        "| real servers | | time | processor | peak memory |\n| ---: | --- | ---: | ---: | ---: |\n",
    );
    for (size, sides) in results {
        let [ours, theirs] = [middle(&sides[0])?, middle(&sides[1])?];
        for (name, cost) in [("`lvs-cf check`", ours), ("`keepalived -t`", theirs)] {
            let Cost {
                seconds,
                processor,
                kib,
            } = cost;
            let mib = kib as f64 / 1024.0;
            writeln!(
                text,
                "| {size} | {name} | {seconds:.3} s | {processor:.3} s | {mib:.1} MiB |"
            )?;
        }
        let ratio = |part: fn(&Cost) -> f64| part(&ours) / part(&theirs);
        writeln!(
            text,
            "| | ratio | {:.2} | {:.2} | {:.2} |",
            ratio(|c| c.seconds),
            ratio(|c| c.processor),
            ratio(|c| c.kib as f64)
        )?;
    }
    Ok(text)
}

/// The middle of each part.
fn middle(costs: &[Cost]) -> Result<Cost> {
    let part = |part: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(part).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().context("no results")
    };
    Ok(Cost {
        seconds: part(|c| c.seconds)?,
        processor: part(|c| c.processor)?,
        kib: part(|c| c.kib as f64)? as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_have_the_same_servers() {
        let ours = Dialect::LvsCf.file(25);
        let theirs = Dialect::Keepalived.file(25);
        for (text, virtual_server, real_server) in [
            (&ours, "virtual vs", "\tserver rs"),
            (&theirs, "virtual_server 11.", "\treal_server 12."),
        ] {
            assert_eq!(text.matches(virtual_server).count(), 3, "{text}");
            assert_eq!(text.matches(real_server).count(), 25, "{text}");
            assert_eq!(text.matches('{').count(), text.matches('}').count());
            assert!(text.contains("12.0.0.24"), "{text}");
        }
    }

    #[test]
    fn the_table_has_the_middle_and_the_ratio() {
        let cost = |seconds, kib| Cost {
            seconds,
            processor: 2.0 * seconds,
            kib,
        };
        let ours = vec![cost(9.0, 1024), cost(1.0, 2048), cost(2.0, 3072)];
        let theirs = vec![cost(4.0, 4096); 3];
        let text = table(&[(10, [ours, theirs])]).unwrap();
        assert!(
            text.contains("| 10 | `lvs-cf check` | 2.000 s | 4.000 s | 2.0 MiB |"),
            "{text}"
        );
        assert!(text.contains("| | ratio | 0.50 | 0.50 | 0.50 |"), "{text}");
    }
}
