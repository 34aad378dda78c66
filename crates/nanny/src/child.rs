//! A command that runs beside the loop: started, polled, drained, and killed with its process group.
//!
//! The loop polls [`Running::sources`] and calls [`Running::advance`] when one is ready; the caller
//! keeps the time, and drops the command when that is up. What a command leaves running in its group
//! is killed when the command itself ends: a check every two seconds must not pile up processes.
//! Nothing here waits for the command to be run: on a file server that is gone that takes for ever.
//!
//! The exit is noticed by a pidfd (Linux 5.3): the end of the output says nothing, as a grandchild
//! may keep the pipe open, and a command may close it long before it ends.

mod complaint;

use std::ffi::OsStr;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use daemon::child::{self, Started, keep_status, prepare};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use rustix::io::ioctl_fionbio;
use rustix::process::{PidfdFlags, WaitOptions, pidfd_open, waitpid};

use self::complaint::Complaint;
use crate::pages::Pages;

/// How many bytes of the output are kept at most; the rest is read and dropped.
pub const KEPT: usize = 64 * 1024;

/// How many bytes are read at once.
const CHUNK: usize = 4096;

/// How many times a call reads while the command runs: one that never stops writing must not keep
/// the loop from everything else.
const READS: usize = 16;

/// How long a killed command is waited for, in milliseconds. It is gone in far less, unless it
/// hangs in the kernel.
const PATIENCE: u8 = 100;

/// Of a command whose status somebody else got, who reaps this process's children: no success.
const LOST: i32 = 255 << 8;

/// So many killed commands may hang in the kernel (on a file server that is gone, say) before no
/// other is started.
const MOST_UNDEAD: usize = 8;

/// Killed commands that have not ended yet. They are reaped at a later start.
static UNDEAD: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Where the command's standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stderr {
    /// To /dev/null.
    Dropped,
    /// The last line of it is kept, see [`Running::complaint`].
    LastLine,
}

/// A command that is running. Dropping it kills its process group, and reaps it.
#[derive(Debug)]
pub struct Running {
    /// `None` once it is reaped.
    child: Option<Started>,
    /// Readable when it has exited.
    exit: OwnedFd,
    /// `None` once everybody who could write has closed it.
    output: Option<PipeReader>,
    /// Its standard error, where that is read, as long as anybody can write.
    errors: Option<PipeReader>,
    kept: Pages,
    complaint: Complaint,
    truncated: bool,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status, or the signal that killed it.
    pub status: ExitStatus,
    /// The first bytes of what it wrote, [`KEPT`] at most.
    pub output: Pages,
    /// Whether it wrote more.
    pub truncated: bool,
    /// What [`Running::complaint`] says in the end.
    pub complaint: String,
}

impl Running {
    /// Starts `program`, looked for in `PATH` unless its name has a slash, with an empty standard
    /// input, in a process group of its own. Call it from the main thread: the command gets
    /// SIGTERM when the thread that started it ends.
    ///
    /// # Errors
    /// [`io::ErrorKind::ResourceBusy`] where too many killed commands have not ended; or there are no
    /// processes or descriptors left. No process is left behind.
    pub fn start<A: AsRef<OsStr>>(program: &OsStr, args: &[A], stderr: Stderr) -> io::Result<Self> {
        reap_all(&mut undead())?;
        keep_status()?;
        let (output, input) = outlet()?;
        let (errors, stderr) = match stderr {
            Stderr::Dropped => (None, Stdio::null()),
            Stderr::LastLine => {
                let (errors, input) = outlet()?;
                (Some(errors), input.into())
            }
        };
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(input)
            .stderr(stderr)
            .process_group(0);
        prepare(&mut command);
        let child = child::start(command)?;
        let exit = match pidfd_open(raw(child.pid), PidfdFlags::empty()) {
            Ok(exit) => exit,
            Err(errno) => {
                kill_group(child.pid);
                undead().push(child.pid);
                return Err(errno.into());
            }
        };
        Ok(Self {
            child: Some(child),
            exit,
            output: Some(output),
            errors,
            kept: Pages::new(KEPT),
            complaint: Complaint::default(),
            truncated: false,
        })
    }

    /// Keeps fewer bytes of the output. To be called at the start.
    #[must_use]
    pub fn keep(mut self, bytes: usize) -> Self {
        self.kept = Pages::new(bytes.min(KEPT));
        self
    }

    /// What to poll for reading: the exit, and the output and the errors as long as they are open.
    pub fn sources(&self) -> [Option<BorrowedFd<'_>>; 3] {
        let (output, errors) = (self.output.as_ref(), self.errors.as_ref());
        [
            Some(self.exit.as_fd()),
            output.map(AsFd::as_fd),
            errors.map(AsFd::as_fd),
        ]
    }

    /// The last line so far of its standard error that is not blank, where that is read: at most 200
    /// bytes, and no control characters.
    #[must_use]
    pub fn complaint(&self) -> String {
        self.complaint.text()
    }

    /// Reads what there is, and says how the command ended, once it has. To be called when one of
    /// the [`Running::sources`] is ready; it never waits.
    ///
    /// # Errors
    /// Why the program could not be run: [`io::ErrorKind::NotFound`] where there is none, or not what
    /// is to run it.
    pub fn advance(&mut self) -> Option<io::Result<Ended>> {
        // Asked before the output is read: what the command wrote is in the pipe by now.
        if !is_readable(self.exit.as_fd(), PollTimeout::ZERO) {
            self.read(READS);
            return None;
        }
        let child = self.child.as_mut()?;
        // Before it is reaped, as its number is not anybody else's until then.
        kill_group(child.pid);
        let status = reap(child.pid)?;
        let failure = child.failure();
        self.child = None;
        // As much as is kept, and one to see whether there is more.
        self.read(KEPT / CHUNK + 1);
        (self.output, self.errors) = (None, None);
        Some(match failure {
            Some(error) => Err(error),
            None => Ok(Ended {
                status,
                complaint: self.complaint(),
                output: std::mem::take(&mut self.kept),
                truncated: self.truncated,
            }),
        })
    }

    /// Reads each at most so many times.
    fn read(&mut self, times: usize) {
        let (kept, truncated) = (&mut self.kept, &mut self.truncated);
        read(&mut self.output, times, |bytes| {
            *truncated |= kept.push(bytes) < bytes.len();
        });
        read(&mut self.errors, times, |bytes| self.complaint.push(bytes));
    }
}

/// A pipe whose reading end does not wait. The other end does, as a command expects of its output.
fn outlet() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    ioctl_fionbio(&reader, true)?;
    Ok((reader, writer))
}

/// Reads what there is, at most so many times; `None` once nobody can write.
fn read(pipe: &mut Option<PipeReader>, times: usize, mut take: impl FnMut(&[u8])) {
    let mut chunk = [0; CHUNK];
    for _ in 0..times {
        let Some(reader) = pipe else {
            return;
        };
        match reader.read(&mut chunk) {
            Ok(0) => *pipe = None,
            Ok(length) => take(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // A pipe has no other errors; what cannot be read is not waited for.
            Err(_) => *pipe = None,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(Started { pid, .. }) = self.child.take() else {
            return;
        };
        kill_group(pid);
        is_readable(self.exit.as_fd(), PATIENCE.into());
        if reap(pid).is_none() {
            undead().push(pid);
        }
    }
}

fn raw(pid: Pid) -> rustix::process::Pid {
    rustix::process::Pid::from_raw(pid.as_raw()).expect("fork gives numbers above 0")
}

/// Kills the command, not reaped yet, and what it left in its group.
fn kill_group(pid: Pid) {
    // It may be gone already, or belong to another user: then it is told by not ending.
    let _ = killpg(pid, Signal::SIGKILL);
    // It may have left its group, or not have made it yet.
    let _ = kill(pid, Signal::SIGKILL);
}

/// Reaps a child: `None` while it lives.
fn reap(pid: Pid) -> Option<ExitStatus> {
    match waitpid(Some(raw(pid)), WaitOptions::NOHANG) {
        Ok(None) => None,
        Ok(Some((_, status))) => Some(ExitStatus::from_raw(status.as_raw())),
        Err(_) => Some(ExitStatus::from_raw(LOST)),
    }
}

fn is_readable(fd: BorrowedFd<'_>, timeout: PollTimeout) -> bool {
    matches!(poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], timeout), Ok(n) if n > 0)
}

fn undead() -> MutexGuard<'static, Vec<Pid>> {
    UNDEAD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reaps those killed commands that have ended meanwhile.
///
/// # Errors
/// [`io::ErrorKind::ResourceBusy`] where too many have not.
fn reap_all(undead: &mut Vec<Pid>) -> io::Result<()> {
    undead.retain(|pid| reap(*pid).is_none());
    if undead.len() >= MOST_UNDEAD {
        return Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!("{MOST_UNDEAD} killed commands have not ended"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
