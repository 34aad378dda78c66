//! Starts child processes without copying this process: for a daemon that starts hundreds of them.
//!
//! After fork(2) each page that either side writes is copied first, so each child costs more than
//! the previous one. Here the child shares this process's memory until the exec (CLONE_VM,
//! CLONE_VFORK), and this process waits for that. posix_spawn(3) does the same, but cannot set the
//! parent-death signal.
//!
//! An unresponsive file server that holds the program thus blocks this process, at most for
//! [`Recipe::bound`]. For programs that may well lie on one, use [`super::start`].

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

/// Stack size of the child in bytes. The child makes a dozen system calls on it.
const STACK: usize = 32 * 1024;

/// Parameters of a child.
#[derive(Debug)]
pub struct Recipe<'a> {
    /// Path of the program.
    pub program: &'a CStr,
    /// Arguments, starting with the program name.
    pub args: &'a [CString],
    /// The complete environment: `NAME=VALUE`.
    pub env: &'a [CString],
    /// Standard input, output and error: descriptors above 2.
    pub streams: [BorrowedFd<'a>; 3],
    /// Limit of open files, soft and hard, if it differs from this process's.
    pub open_files: Option<(rlim_t, rlim_t)>,
    /// Timeout of the exec. Not zero.
    pub bound: Duration,
}

/// Starts children.
#[derive(Debug)]
pub struct Spawner {
    stack: Vec<u8>,
    /// The signals that this process handles or ignores, bit 0 being signal 1; set at the first
    /// start.
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
    /// Starts a child in its own process group, with default signal handling, no blocked signal, no
    /// descriptor except its streams, and SIGTERM when the daemon dies: as with [`super::prepare`],
    /// at the death of the *thread* that starts it. The caller must wait for the child.
    ///
    /// Install signal handlers before the first start: later ones are reset only by the exec.
    ///
    /// # Errors
    /// No process is left, the exec fails, or it exceeds the timeout.
    pub fn spawn(&mut self, recipe: &Recipe<'_>) -> io::Result<Pid> {
        if recipe.streams.iter().any(|fd| fd.as_raw_fd() <= 2) {
            // One dup2 would overwrite the source of another.
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
        // Signal handlers of this process must not run in the child, which shares its memory.
        let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
        let start = Instant::now();
        // SAFETY: with CLONE_VFORK this thread is suspended until the child has left this memory,
        // so everything the child borrows is alive, and everything it writes (`failure`, errno, its
        // stack) has no other user. The child makes system calls only: it takes no lock and
        // allocates nothing.
        let started = unsafe { clone(child, &mut self.stack, flags, Some(libc::SIGCHLD)) };
        mask.thread_set_mask()?;
        let pid = started?;
        match failure.into_inner() {
            0 if start.elapsed() >= recipe.bound && has_ended(pid) => {
                let _ = wait_for(pid);
                let text = format!("not running after {:?}", recipe.bound);
                Err(io::Error::new(io::ErrorKind::TimedOut, text))
            }
            0 => Ok(pid),
            errno => {
                // The child has exited, so this does not block.
                let _ = wait_for(pid);
                Err(io::Error::from_raw_os_error(errno))
            }
        }
    }
}

/// The steps of the child, with nothing left to allocate.
struct Plan<'a> {
    recipe: &'a Recipe<'a>,
    args: Vec<*const c_char>,
    env: Vec<*const c_char>,
    parent: Pid,
    signals: u64,
}

impl Plan<'_> {
    /// Executes the program. Returns only the error of a failure.
    fn execute(&self) -> Errno {
        if let Err(errno) = self.prepare() {
            return errno;
        }
        // SAFETY: NUL-terminated strings and null-terminated lists, which outlive the call.
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
        // Without a free timer, start without a timeout rather than not at all.
        let _ = kill_after(self.recipe.bound);
        Ok(())
    }
}

/// Makes the kernel kill this process after `bound`, unless it has executed a program by then:
/// execve(2) deletes its timers.
fn kill_after(bound: Duration) -> nix::Result<()> {
    let notify = SigevNotify::SigevSignal {
        signal: Signal::SIGKILL,
        si_value: 0,
    };
    let timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(notify))?;
    // Dropping the timer would delete it.
    ManuallyDrop::new(timer).set(
        Expiration::OneShot(bound.into()),
        TimerSetTimeFlags::empty(),
    )
}

/// Whether a child has exited or is about to: it leaves this memory shortly before it can be waited
/// for. Does not reap it.
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

/// A null-terminated list for execve(2).
fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    let strings = strings.iter().map(|string| string.as_ptr());
    strings.chain([ptr::null()]).collect()
}

/// The signals whose action is not the default. A handler must not run between unblocking and the
/// exec, and ignored signals would stay ignored after it (execve(2)).
fn signals_to_reset() -> u64 {
    let status = own_status();
    let mask = |field| status.as_deref().and_then(|text| mask_in(text, field));
    match (mask("SigIgn:"), mask("SigCgt:")) {
        (Some(ignored), Some(handled)) => ignored | handled,
        // Without /proc the set is unknown: reset all.
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests;
