//! Many processes of one program, and what the kernel says of them.

use super::server::Server;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Processes, killed when dropped.
#[derive(Debug, Default)]
pub(super) struct Herd {
    children: Vec<Child>,
}

/// What one process takes, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    /// `Private_Dirty` of `/proc/PID/smaps_rollup`.
    pub(super) dirty: u64,
    /// `Pss` there: shared pages count by their share.
    pub(super) proportional: u64,
    /// `VmPTE` of `/proc/PID/status`.
    pub(super) tables: u64,
}

impl Herd {
    /// Starts so many nannies that watch `server`, with these arguments besides.
    pub(super) fn start(
        &mut self,
        nanny: &Path,
        server: &Server,
        interval: &str,
        more: &[&str],
        count: usize,
    ) -> Result<()> {
        let real_port = server.address().port().to_string();
        let virtual_port = server.virtual_port().to_string();
        let line = [
            "--lvs",
            "--norun",
            "-n",
            "-t",
            "60",
            "-h",
            "127.0.0.1",
            "-V",
            "127.0.0.9",
        ];
        for _ in 0..count {
            let mut command = Command::new(nanny);
            command.args(line).args(more).args([
                "-p",
                &virtual_port,
                "-r",
                &real_port,
                "--interval",
                interval,
            ]);
            self.spawn(&mut command)?;
        }
        Ok(())
    }

    /// Starts one process.
    pub(super) fn spawn(&mut self, command: &mut Command) -> Result<()> {
        let null = || Stdio::null();
        let command = command.stdin(null()).stdout(null()).stderr(null());
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        self.children.push(child);
        Ok(())
    }

    pub(super) fn pids(&self) -> impl Iterator<Item = u32> {
        self.children.iter().map(Child::id)
    }

    /// Waits until the program of each has gone to sleep.
    pub(super) fn wait_until_asleep(&self, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        for pid in self.pids() {
            while !is_asleep(pid)? {
                if Instant::now() >= end {
                    bail!("process {pid} does not come to rest");
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(())
    }

    /// What each takes on average.
    pub(super) fn memory(&self) -> Result<Memory> {
        let mut sum = Memory {
            dirty: 0,
            proportional: 0,
            tables: 0,
        };
        for pid in self.pids() {
            let rollup = read(pid, "smaps_rollup")?;
            let status = read(pid, "status")?;
            sum.dirty += kib(&rollup, "Private_Dirty:")?;
            sum.proportional += kib(&rollup, "Pss:")?;
            sum.tables += kib(&status, "VmPTE:")?;
        }
        let count = (self.children.len() as u64).max(1);
        Ok(Memory {
            dirty: sum.dirty / count,
            proportional: sum.proportional / count,
            tables: sum.tables / count,
        })
    }
}

impl Drop for Herd {
    fn drop(&mut self) {
        for child in &mut self.children {
            // One that has ended is only waited for.
            let _ = child.kill();
        }
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}

/// The processor time that a process of one thread has had.
pub(super) fn cpu_time(pid: u32) -> Result<Duration> {
    run_time(&read(pid, "schedstat")?)
}

/// That of the calling thread.
pub(super) fn own_cpu_time() -> Result<Duration> {
    run_time(&std::fs::read_to_string("/proc/thread-self/schedstat")?)
}

/// The first field: nanoseconds on a processor.
fn run_time(schedstat: &str) -> Result<Duration> {
    let first = schedstat.split_whitespace().next().context("no time")?;
    Ok(Duration::from_nanos(first.parse()?))
}

/// Whether a process has become the program it was to become, and waits.
fn is_asleep(pid: u32) -> Result<bool> {
    let stat = read(pid, "stat")?;
    let (head, rest) = stat.rsplit_once(')').context("no name in stat")?;
    Ok(head.ends_with("(sleep") && rest.trim_start().starts_with('S'))
}

fn read(pid: u32, name: &str) -> Result<String> {
    let path = format!("/proc/{pid}/{name}");
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

fn kib(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    let number = number.with_context(|| format!("no {name} in {text}"))?;
    Ok(number.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_what_this_process_takes() {
        let mut herd = Herd::default();
        herd.spawn(Command::new("sleep").arg("60")).unwrap();
        herd.wait_until_asleep(Duration::from_secs(20)).unwrap();
        let memory = herd.memory().unwrap();
        assert!(memory.dirty > 0 && memory.proportional > 0 && memory.tables > 0);
        let pid = herd.pids().next().unwrap();
        assert!(cpu_time(pid).unwrap() > Duration::ZERO);
        assert!(own_cpu_time().unwrap() > Duration::ZERO);
    }
}
