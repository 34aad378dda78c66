//! Starts children without a copy of this process: for one that starts hundreds, and grows with them.
//!
//! After fork(2) each page that either side writes is copied first, so that every child costs more
//! than the one before. Here the child runs in this process's own memory until it executes its
//! program, which this process waits for. posix_spawn(3) does the same, and has no way to ask for the
//! parent's death as a signal.
//!
//! A file server that has the program and does not answer thus holds this process up, for as long as
//! was asked for at most; for programs that may well lie on one there is [`super::start`].

use std::ffi::{CStr, CString};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc::{self, c_char, rlim_t};
use nix::sched::{CloneFlags, clone};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigEvent, SigSet, SigevNotify, SigmaskHow, Signal};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::time::ClockId;
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, getppid, setpgid};

use super::{close_on_exec_from, mask_in, own_status, reset_signals, wait_for};

/// Bytes of stack for the child, which makes a dozen system calls on it.
const STACK: usize = 32 * 1024;

/// What a child is started from.
#[derive(Debug)]
pub struct Recipe<'a> {
    /// The file of its program.
    pub program: &'a CStr,
    /// Its arguments, the name of the program first.
    pub args: &'a [CString],
    /// All of its environment: `NAME=VALUE`.
    pub env: &'a [CString],
    /// Its standard input, output and error: descriptors above those three.
    pub streams: [BorrowedFd<'a>; 3],
    /// Its limit of open files, soft and hard, where that is not this process's.
    pub open_files: Option<(rlim_t, rlim_t)>,
    /// How long it may take until its program runs, which is waited for. Not zero.
    pub bound: Duration,
}

/// Starts children.
#[derive(Debug)]
pub struct Spawner {
    stack: Vec<u8>,
    /// The signals that this process handles or ignores, bit 0 being signal 1; known from the first
    /// start on.
    signals: Option<u64>,
}

impl Default for Spawner {
    fn default() -> Self {
        Self {
            stack: vec![0; STACK],
            signals: None,
        }
    }
}

impl Spawner {
    /// Starts a child in a process group of its own, with default signal handling, nothing blocked, no
    /// descriptor but its streams, and SIGTERM when the daemon dies: as with [`super::prepare`], when
    /// the *thread* does that starts it. Whoever starts it has to wait for its end.
    ///
    /// Set up the handlers of signals before the first start: the others are not reset until the
    /// program runs.
    ///
    /// # Errors
    /// There is no process left, or the program cannot be run, or does not within the bound.
    pub fn spawn(&mut self, recipe: &Recipe<'_>) -> io::Result<Pid> {
        if recipe.streams.iter().any(|fd| fd.as_raw_fd() <= 2) {
            // One would overwrite another.
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let plan = Plan {
            args: pointers(recipe.args),
            env: pointers(recipe.env),
            recipe,
            parent: Pid::this(),
            signals: *self.signals.get_or_insert_with(signals_to_reset),
        };
        let failure = AtomicI32::new(0);
        let child = Box::new(|| {
            failure.store(plan.execute() as i32, Ordering::Relaxed);
            // SAFETY: ends the child alone, without doing what its parent does at its end.
            unsafe { libc::_exit(127) }
        });
        // No handler of this process runs in the child, which would see and change what is not its.
        let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
        let start = Instant::now();
        // SAFETY: with CLONE_VFORK this thread stands still until the child has left this memory, so
        // that all it borrows is there, and what it writes (`failure`, errno, its stack) has no other
        // user. It makes system calls only: it takes no lock and allocates nothing.
        let started = unsafe { clone(child, &mut self.stack, flags, Some(libc::SIGCHLD)) };
        mask.thread_set_mask()?;
        let pid = started?;
        match failure.into_inner() {
            0 if start.elapsed() >= recipe.bound && has_ended(pid) => {
                let _ = wait_for(pid);
                let text = format!("it does not run within {:?}", recipe.bound);
                Err(io::Error::new(io::ErrorKind::TimedOut, text))
            }
            0 => Ok(pid),
            errno => {
                // It has ended, so this does not wait.
                let _ = wait_for(pid);
                Err(io::Error::from_raw_os_error(errno))
            }
        }
    }
}

/// What the child does, with nothing left to allocate.
struct Plan<'a> {
    recipe: &'a Recipe<'a>,
    args: Vec<*const c_char>,
    env: Vec<*const c_char>,
    parent: Pid,
    signals: u64,
}

impl Plan<'_> {
    /// Executes the program. Returns only if that fails, and says why.
    fn execute(&self) -> Errno {
        if let Err(errno) = self.prepare() {
            return errno;
        }
        // SAFETY: strings and lists of them, each with its end, which live as long as this.
        unsafe {
            libc::execve(
                self.recipe.program.as_ptr(),
                self.args.as_ptr(),
                self.env.as_ptr(),
            );
        }
        Errno::last()
    }

    fn prepare(&self) -> nix::Result<()> {
        setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
        prctl::set_pdeathsig(Signal::SIGTERM)?;
        // The parent may have been killed before the line above took effect.
        if getppid() != self.parent {
            return Err(Errno::EPIPE);
        }
        if let Some((soft, hard)) = self.recipe.open_files {
            setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?;
        }
        let [stdin, stdout, stderr] = self.recipe.streams;
        dup2_stdin(stdin)?;
        dup2_stdout(stdout)?;
        dup2_stderr(stderr)?;
        close_on_exec_from(3)?;
        reset_signals(self.signals)?;
        // Where the system has no timer left, a start without a bound is better than none.
        let _ = kill_after(self.recipe.bound);
        Ok(())
    }
}

/// Has the kernel kill this process after a time, unless a program runs by then: that is the end of
/// its timers (execve(2)).
fn kill_after(bound: Duration) -> nix::Result<()> {
    let notify = SigevNotify::SigevSignal {
        signal: Signal::SIGKILL,
        si_value: 0,
    };
    let timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(notify))?;
    // Dropped, it would be deleted.
    ManuallyDrop::new(timer).set(
        Expiration::OneShot(bound.into()),
        TimerSetTimeFlags::empty(),
    )
}

/// Whether a child has ended, or is about to: it leaves this memory a little before it can be waited
/// for, which is left to others.
fn has_ended(child: Pid) -> bool {
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    (0..100).any(|_| {
        let has_ended = waitid(Id::Pid(child), look) != Ok(WaitStatus::StillAlive);
        if !has_ended {
            std::thread::sleep(Duration::from_millis(1));
        }
        has_ended
    })
}

/// A list as execve(2) takes it.
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    let strings = strings.iter().map(|string| string.as_ptr());
    strings.chain([ptr::null()]).collect()
}

/// The signals that are not at their default. A handler must not run between the end of the mask and
/// the program; and what is ignored stays so in the program (execve(2)).
fn signals_to_reset() -> u64 {
    let status = own_status();
    let mask = |field| status.as_deref().and_then(|text| mask_in(text, field));
    match (mask("SigIgn:"), mask("SigCgt:")) {
        (Some(ignored), Some(handled)) => ignored | handled,
        // Without /proc nothing is known: reset all.
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests;
