//! The first process inside: sets the stage, runs one test, reaps orphans, leaves a result.
//!
//! In a guest it is init itself and powers the guest off at the end. On this kernel it is the first
//! process of a fresh process namespace: when it ends, everything it started ends with it.

mod boot;
mod logs;
mod stage;

pub(crate) use stage::SHARE;

use crate::error::{Error, Result};
use crate::guest::MARK;
use crate::job::{Ending, INSIDE_VARIABLE, JOB_VARIABLE, Job, KERNEL_VARIABLE};
use logs::Logs;
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often a guest copies its logs while the test runs, so that a hung one leaves some.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Runs the job and powers a guest off. Returns only where there is no guest.
pub fn run() -> Result<()> {
    if std::process::id() != 1 {
        return Err(Error::broken(
            "this program is started by the lab only, as process 1",
        ));
    }
    let job = match std::env::var_os(JOB_VARIABLE) {
        // Before anything is mounted over it.
        Some(path) => Job::read(Path::new(&path))?,
        None if is_guest() => boot::job()?,
        None => return Err(Error::broken(format!("{JOB_VARIABLE} does not name a job"))),
    };
    stage::set(&job)?;
    if job.kernel.is_guest() {
        // Every run of a scenario begins at the same distance from the kernel's own timers.
        crate::clock::wait_for_full_second()?;
    }
    let mut logs = job.kernel.is_guest().then(|| Logs::new(&job.dir));
    let ending = play(&job, &mut logs)?;
    // All logs before the result, which is what the starting side waits for.
    let dir = match &mut logs {
        Some(logs) => {
            logs.copy()?;
            Path::new(SHARE)
        }
        None => &job.dir,
    };
    leave_result(dir, ending)?;
    power_off_guest();
    Ok(())
}

/// Powers a guest off, and does nothing elsewhere.
pub fn power_off_guest() {
    if std::process::id() == 1 && is_guest() {
        nix::unistd::sync();
        let _ = reboot(RebootMode::RB_POWER_OFF);
    }
}

/// Whether this is process 1 of a guest, started by its kernel and not by the lab inside it.
fn is_guest() -> bool {
    stage::mount_proc();
    let marked = std::fs::read_to_string("/proc/cmdline")
        .is_ok_and(|line| line.split_whitespace().any(|word| word == MARK));
    marked && std::env::var_os(JOB_VARIABLE).is_none()
}

/// Runs the test until it ends or its bound passes. Orphans of the test are reaped all the while.
fn play(job: &Job, logs: &mut Option<Logs>) -> Result<Ending> {
    let start = Instant::now();
    let mut command = Command::new(&job.program);
    command
        .args(&job.args)
        .env_clear()
        .envs(job.env.iter().map(|(name, value)| (name, value)))
        .envs(stage::environment(job))
        .env(INSIDE_VARIABLE, &job.dir)
        .env(KERNEL_VARIABLE, job.kernel.word())
        .env_remove(JOB_VARIABLE)
        // The message has its place; the trace of a story in its runner would only push the logs
        // off the console's end.
        .env_remove("RUST_BACKTRACE")
        .current_dir(&job.cwd)
        .stdin(Stdio::null());
    stage::connect_console(&mut command, job)?;
    let child = command
        .spawn()
        .map_err(Error::io(format!("start {}", job.program.display())))?;
    let test = Pid::from_raw(child.id().cast_signed());

    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok(status) = waitpid(None::<Pid>, None) {
            if status.pid() == Some(test) && tell.send(status).is_err() {
                break;
            }
        }
    });
    let status = loop {
        let left = job.bound.saturating_sub(start.elapsed());
        match told.recv_timeout(left.min(LOG_INTERVAL)) {
            Ok(status) => break status,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::broken("the test went away without a status"));
            }
            Err(RecvTimeoutError::Timeout) if left > LOG_INTERVAL => {
                if let Some(logs) = logs {
                    logs.copy()?;
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                kill(test, Signal::SIGKILL).map_err(Error::os("kill the test"))?;
                return Ok(Ending::TimedOut);
            }
        }
    };
    match status {
        WaitStatus::Exited(_, status) => Ok(Ending::Exited(status)),
        WaitStatus::Signaled(_, signal, _) => Ok(Ending::Signalled(signal as i32)),
        other => Err(Error::Garbled {
            what: "a wait status",
            text: format!("{other:?}"),
        }),
    }
}

/// Written beside and renamed, so that a result is whole or absent.
fn leave_result(dir: &Path, ending: Ending) -> Result<()> {
    let last = dir.join(Ending::FILE);
    let draft = dir.join(format!("{}.draft", Ending::FILE));
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&draft)?;
        file.write_all(ending.line().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, &last)
    };
    write().map_err(Error::io(format!("write {}", last.display())))
}
