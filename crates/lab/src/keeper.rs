//! The keeper: a small process between a test and the kernel or namespaces it started.
//!
//! It ends the whole process group, helpers included, when its time is up, and also when the test
//! goes away for whatever reason: the test holds the other end of the keeper's standard input.
//! QEMU starts helpers of its own, and a test that is killed cannot end them.

use crate::error::{Error, Result};
use crate::procfs;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The file in the scratch directory that becomes the program's standard input, if it is there.
pub(crate) const INPUT: &str = "input";
/// How long killed processes may take to go.
const REAP_LIMIT: Duration = Duration::from_secs(5);
/// How often the keeper looks; it also bounds the delay after the program has ended.
const TICK: u16 = 20;

/// Why the keeper stopped keeping, as its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The program ended by itself.
    Ended = 0,
    /// The limit passed.
    TooLong = 3,
    /// Nobody waits for the program any more.
    Abandoned = 4,
}

impl Verdict {
    /// The verdict behind an exit status of the keeper.
    pub fn from_status(status: i32) -> Option<Self> {
        [Verdict::Ended, Verdict::TooLong, Verdict::Abandoned]
            .into_iter()
            .find(|verdict| *verdict as i32 == status)
    }
}

/// Runs `program` in a process group of its own until it ends, `limit` passes or standard input
/// closes; then kills what is left of it, waits for every process that it leaves behind, and
/// removes `scratch`, for nobody else may be there to do it.
pub fn keep(
    limit: Duration,
    scratch: &Path,
    program: &OsString,
    args: &[OsString],
) -> Result<Verdict> {
    prctl::set_child_subreaper(true).map_err(Error::os("become a subreaper"))?;
    let child = Command::new(program)
        .args(args)
        .stdin(File::open(scratch.join(INPUT)).map_or_else(|_| Stdio::null(), Stdio::from))
        .process_group(0)
        .spawn()
        .map_err(Error::io(format!("start {}", program.display())))?;
    let group = Pid::from_raw(child.id().cast_signed());
    let verdict = watch(group, Instant::now() + limit);
    // The group may be gone already; that is what we want.
    let _ = killpg(group, Signal::SIGKILL);
    reap_all();
    std::fs::remove_dir_all(scratch).map_err(Error::io(format!("remove {}", scratch.display())))?;
    Ok(verdict)
}

fn watch(main: Pid, deadline: Instant) -> Verdict {
    let stdin = std::io::stdin();
    loop {
        loop {
            match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => break,
                Ok(status) if status.pid() == Some(main) => return Verdict::Ended,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return Verdict::Ended,
            }
        }
        if Instant::now() >= deadline {
            return Verdict::TooLong;
        }
        let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut fds, PollTimeout::from(TICK));
        let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
        if fds[0]
            .revents()
            .is_some_and(|events| events.intersects(gone))
        {
            return Verdict::Abandoned;
        }
    }
}

/// Kills and reaps the orphans that came to the keeper as the nearest subreaper.
fn reap_all() {
    let me = nix::unistd::getpid().as_raw();
    let deadline = Instant::now() + REAP_LIMIT;
    while Instant::now() < deadline {
        match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
            Err(Errno::ECHILD) => return,
            Ok(WaitStatus::StillAlive) => {
                for left in procfs::all().iter().filter(|info| info.parent == me) {
                    let _ = kill(Pid::from_raw(left.pid), Signal::SIGKILL);
                }
                std::thread::sleep(Duration::from_millis(TICK.into()));
            }
            _ => {}
        }
    }
}
