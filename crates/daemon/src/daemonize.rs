//! Daemonizes: double fork, new session, `/dev/null` on descriptors 0 to 2.
//!
//! The process that the administrator started stays until the daemon is ready, so that every
//! start-up error reaches the terminal and the init script's exit status.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use nix::fcntl::OFlag;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, chdir, dup2_stderr, dup2_stdin, dup2_stdout, fork, pipe2, setsid};

/// Why the process could not daemonize.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process already has several threads, which a fork would lose.
    #[error("cannot daemonize: {0} threads are running")]
    Threads(usize),
    /// A system call failed.
    #[error("cannot daemonize")]
    System(#[source] io::Error),
}

impl From<nix::errno::Errno> for Error {
    fn from(errno: nix::errno::Errno) -> Self {
        Self::System(errno.into())
    }
}

/// Which of the two processes this is after [`fork_to_background`].
#[derive(Debug)]
pub enum Side {
    /// The process that the administrator started, which must exit with this status.
    Starter(ExitCode),
    /// The process that becomes the daemon.
    Daemon(Background),
}

/// The daemon's side, still attached to the starter's terminal.
///
/// Dropped without [`Background::ready`], the starter exits with status 1.
#[derive(Debug)]
pub struct Background {
    starter: File,
}

/// Forks to the background. Call it before any thread or runtime exists.
///
/// In the starter this returns only when the daemon is ready or has exited.
///
/// # Errors
/// [`Error::Threads`] if threads exist, [`Error::System`] if a call fails.
pub fn fork_to_background() -> Result<Side, Error> {
    let threads = std::fs::read_dir("/proc/self/task")
        .map_err(Error::System)?
        .count();
    if threads != 1 {
        return Err(Error::Threads(threads));
    }
    let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
    if let Some(first_child) = fork_single_threaded()? {
        drop(write);
        // The first child exits at once; the daemon itself belongs to init.
        let _ = waitpid(first_child, None);
        return Ok(Side::Starter(wait_for_daemon(read)));
    }
    drop(read);
    setsid()?;
    if fork_single_threaded()?.is_some() {
        std::process::exit(0);
    }
    chdir("/")?;
    Ok(Side::Daemon(Background {
        starter: File::from(write),
    }))
}

/// Forks; `Some(child)` in the parent.
fn fork_single_threaded() -> nix::Result<Option<nix::unistd::Pid>> {
    // SAFETY: the caller has counted one thread, so the child's copy of this process is complete:
    // no lock can be held by a missing thread.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// Returns status 0 once the daemon reports that it is ready, 1 if it exits before.
fn wait_for_daemon(pipe: OwnedFd) -> ExitCode {
    let mut report = [0; 1];
    match File::from(pipe).read_exact(&mut report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

impl Background {
    /// Detaches from the terminal, then lets the starter exit with status 0.
    ///
    /// # Errors
    /// `/dev/null` cannot be opened.
    pub fn ready(mut self) -> Result<(), Error> {
        detach()?;
        // Fails if the starter was killed meanwhile, which does not matter.
        let _ = self.starter.write_all(b"1");
        Ok(())
    }
}

/// Puts `/dev/null` on descriptors 0, 1 and 2.
///
/// # Errors
/// `/dev/null` cannot be opened.
pub fn detach() -> Result<(), Error> {
    let null = File::options()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(Error::System)?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    Ok(())
}
