//! Runs a command without blocking the event loop: starts it, polls it, reads its output, and kills
//! its process group.
//!
//! The event loop polls [`Running::sources`] and calls [`Running::advance`] when one is ready; the
//! caller keeps the time, and drops the command at the timeout. Processes that a command leaves in
//! its group are killed when the command exits: a check every two seconds must not pile up
//! processes. Nothing here waits for the exec, which blocks indefinitely on an unresponsive file
//! server.
//!
//! A pidfd (Linux 5.3) reports the exit. End of file on the output does not: a grandchild may keep
//! the pipe open, and a command may close it long before it exits.

mod last_line;

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

use self::last_line::LastLine;
use crate::pages::Pages;

/// Maximum number of bytes of output that are kept; the rest is read and dropped.
pub const KEPT: usize = 64 * 1024;

/// Size of one read in bytes.
const CHUNK: usize = 4096;

/// Maximum number of reads per call while the command runs: a command that writes without end must
/// not block the loop.
const READS: usize = 16;

/// How long to wait for a killed command, in milliseconds. It exits much sooner, unless it hangs in
/// the kernel.
const KILL_TIMEOUT_MS: u8 = 100;

/// Exit status of a command that another part of the process has reaped: a failure.
const LOST: i32 = 255 << 8;

/// Maximum number of killed commands that may hang in the kernel (on an unresponsive file server,
/// for example) before starts are refused.
const MAX_UNREAPED: usize = 8;

/// Killed commands that have not exited yet. Later starts reap them.
static UNREAPED: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Handling of the command's standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stderr {
    /// Redirect to /dev/null.
    Dropped,
    /// Keep the last line, see [`Running::stderr_line`].
    LastLine,
}

/// A running command. Dropping it kills its process group and reaps it.
#[derive(Debug)]
pub struct Running {
    /// `None` once reaped.
    child: Option<Started>,
    /// The pidfd: readable once the command has exited.
    exit: OwnedFd,
    /// `None` once all writers have closed it.
    output: Option<PipeReader>,
    /// Standard error, if it is read; `None` once all writers have closed it.
    errors: Option<PipeReader>,
    kept: Pages,
    stderr_line: LastLine,
    truncated: bool,
}

/// Result of a command.
#[derive(Debug)]
pub struct Ended {
    /// The exit status, or the signal that killed it.
    pub status: ExitStatus,
    /// The first bytes of the output, at most [`KEPT`].
    pub output: Pages,
    /// Whether there was more output.
    pub truncated: bool,
    /// The final value of [`Running::stderr_line`].
    pub stderr_line: String,
}

impl Running {
    /// Starts `program`, looked up in `PATH` unless its name has a slash, with standard input from
    /// /dev/null, in its own process group. Call it from the main thread: the command gets SIGTERM
    /// when the thread that started it ends.
    ///
    /// # Errors
    /// [`io::ErrorKind::ResourceBusy`] with too many unreaped commands; or no processes or
    /// descriptors are left. No process is left behind.
    pub fn start<A: AsRef<OsStr>>(program: &OsStr, args: &[A], stderr: Stderr) -> io::Result<Self> {
        reap_all(&mut unreaped())?;
        keep_status()?;
        let (output, input) = output_pipe()?;
        let (errors, stderr) = match stderr {
            Stderr::Dropped => (None, Stdio::null()),
            Stderr::LastLine => {
                let (errors, input) = output_pipe()?;
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
                unreaped().push(child.pid);
                return Err(errno.into());
            }
        };
        Ok(Self {
            child: Some(child),
            exit,
            output: Some(output),
            errors,
            kept: Pages::new(KEPT),
            stderr_line: LastLine::default(),
            truncated: false,
        })
    }

    /// Limits the bytes of output that are kept. Call it before the first read.
    #[must_use]
    pub fn keep(mut self, bytes: usize) -> Self {
        self.kept = Pages::new(bytes.min(KEPT));
        self
    }

    /// The descriptors to poll for reading: the pidfd, and output and standard error while they are
    /// open.
    pub fn sources(&self) -> [Option<BorrowedFd<'_>>; 3] {
        let (output, errors) = (self.output.as_ref(), self.errors.as_ref());
        [
            Some(self.exit.as_fd()),
            output.map(AsFd::as_fd),
            errors.map(AsFd::as_fd),
        ]
    }

    /// The last line so far of standard error that is not blank, if it is read: at most 200 bytes,
    /// without control characters.
    #[must_use]
    pub fn stderr_line(&self) -> String {
        self.stderr_line.text()
    }

    /// Reads the available output, and returns the result once the command has exited. Call it when
    /// one of the [`Running::sources`] is ready; it never blocks.
    ///
    /// # Errors
    /// The exec failed: [`io::ErrorKind::NotFound`] if the program or its interpreter does not
    /// exist.
    pub fn advance(&mut self) -> Option<io::Result<Ended>> {
        // Polled before the output is read: after the exit the pipe holds everything that the
        // command wrote.
        if !is_readable(self.exit.as_fd(), PollTimeout::ZERO) {
            self.read(READS);
            return None;
        }
        let child = self.child.as_mut()?;
        // Before the reap, while no other process can have its process ID.
        kill_group(child.pid);
        let status = reap(child.pid)?;
        let failure = child.failure();
        self.child = None;
        // As much as is kept, and one more read to detect truncation.
        self.read(KEPT / CHUNK + 1);
        (self.output, self.errors) = (None, None);
        Some(match failure {
            Some(error) => Err(error),
            None => Ok(Ended {
                status,
                stderr_line: self.stderr_line(),
                output: std::mem::take(&mut self.kept),
                truncated: self.truncated,
            }),
        })
    }

    /// Reads output and standard error, each at most `times` times.
    fn read(&mut self, times: usize) {
        let (kept, truncated) = (&mut self.kept, &mut self.truncated);
        read(&mut self.output, times, |bytes| {
            *truncated |= kept.push(bytes) < bytes.len();
        });
        read(&mut self.errors, times, |bytes| {
            self.stderr_line.push(bytes);
        });
    }
}

/// A pipe with a non-blocking reading end. The writing end blocks, as a command expects of its
/// output.
fn output_pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    ioctl_fionbio(&reader, true)?;
    Ok((reader, writer))
}

/// Reads the available bytes with at most `times` reads; sets `None` at end of file.
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
            // A pipe has no other errors; treat one as end of file.
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
        is_readable(self.exit.as_fd(), KILL_TIMEOUT_MS.into());
        if reap(pid).is_none() {
            unreaped().push(pid);
        }
    }
}

fn raw(pid: Pid) -> rustix::process::Pid {
    rustix::process::Pid::from_raw(pid.as_raw()).expect("fork returns a positive process ID")
}

/// Kills the command, which is not reaped yet, and its process group.
fn kill_group(pid: Pid) {
    // The group may have exited or belong to another user; a command that survives stays unreaped.
    let _ = killpg(pid, Signal::SIGKILL);
    // The command may have left its group, or not have created it yet.
    let _ = kill(pid, Signal::SIGKILL);
}

/// Reaps a child; `None` while it runs.
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

fn unreaped() -> MutexGuard<'static, Vec<Pid>> {
    UNREAPED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reaps the killed commands that have exited.
///
/// # Errors
/// [`io::ErrorKind::ResourceBusy`] if too many remain.
fn reap_all(unreaped: &mut Vec<Pid>) -> io::Result<()> {
    unreaped.retain(|pid| reap(*pid).is_none());
    if unreaped.len() >= MAX_UNREAPED {
        return Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!("{MAX_UNREAPED} killed commands still running"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
