//! Starts child processes: default signal handling, no inherited descriptor beyond 0 to 2, none of
//! the service manager's variables, and SIGTERM at the parent's death. [`start`] does not block on
//! the exec.

pub mod spawner;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::unistd::{ForkResult, Pid, fork, getppid, pipe2};

use crate::handed::FILE_ON_STDIN;
use crate::ready::NOTIFY_SOCKET;

/// Variables that are addressed to this process alone.
const OWN_VARIABLES: [&str; 4] = [
    NOTIFY_SOCKET,
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    FILE_ON_STDIN,
];

/// Prepares `command` for a child of a daemon, which gets SIGTERM when the daemon dies. Call it before
/// setting variables for the child.
///
/// The daemon's death is that of the *thread* that spawns (prctl(2), PR_SET_PDEATHSIG): spawn
/// from the main thread.
pub fn prepare(command: &mut Command) {
    for name in OWN_VARIABLES {
        command.env_remove(name);
    }
    let parent = Pid::this();
    let ignored = ignored_signals();
    let in_child = move || -> io::Result<()> {
        reset_signals(ignored)?;
        close_on_exec_from(3)?;
        prctl::set_pdeathsig(Signal::SIGTERM)?;
        // The parent may have died before the line above took effect.
        if getppid() != parent {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls only (sigaction, sigprocmask,
    // close_range, prctl, getppid); it takes no lock and allocates nothing.
    unsafe { command.pre_exec(in_child) };
}

/// A child that was started by [`start`]. The caller must wait for it.
#[derive(Debug)]
pub struct Started {
    /// The child's process ID.
    pub pid: Pid,
    /// Read end of the pipe on which the child reports the errno of a failed exec.
    report: File,
}

/// Starts `command` as [`Command::spawn`] does, but does not wait for the exec: while the program
/// lies on an unresponsive file server, execve(2) blocks in the kernel, and spawn would block with
/// it.
///
/// # Errors
/// No process or descriptor is left. A failed exec is reported by [`Started::failure`] once the
/// child has exited.
pub fn start(mut command: Command) -> io::Result<Started> {
    let (report, reporter) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    // SAFETY: the child has a single thread; besides making system calls it allocates and reads the
    // environment. The C library keeps its allocator usable after a fork, whatever other threads
    // exist. The lock of the environment is held only by threads that change it, and none does.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Started {
            pid: child,
            report: File::from(report),
        }),
        ForkResult::Child => {
            let error = command.exec();
            let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
            // The exit status reports the failure too.
            let _ = File::from(reporter).write_all(&errno.to_ne_bytes());
            // SAFETY: ends the process without running the parent's exit handlers a second time.
            unsafe { libc::_exit(127) }
        }
    }
}

impl Started {
    /// The error of a failed exec, if any: known once the child has exited.
    #[must_use]
    pub fn failure(&mut self) -> Option<io::Error> {
        let mut errno = [0; size_of::<libc::c_int>()];
        self.report.read_exact(&mut errno).ok()?;
        Some(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)))
    }
}

/// Waits until a child has exited, and reaps it. nix has no name for a death by a real-time signal.
///
/// # Errors
/// `child` is not a child of this process, or was reaped already.
pub fn wait_for(child: Pid) -> io::Result<ExitStatus> {
    let mut status = 0;
    // SAFETY: writes one integer.
    while unsafe { libc::waitpid(child.as_raw(), &raw mut status, 0) } == -1 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(ExitStatus::from_raw(status))
}

/// Makes the kernel keep the exit status of a child until it is reaped. It does not while SIGCHLD
/// is ignored, which this process may have inherited (wait(2), NOTES).
///
/// Not for a program that handles SIGCHLD, since this removes its handler. tokio installs one, and
/// does not need this.
///
/// # Errors
/// None is known: the signal and the action are valid.
pub fn keep_status() -> io::Result<()> {
    // SAFETY: the default action runs no handler.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }?;
    Ok(())
}

/// The signals that this process ignores, bit 0 being signal 1.
///
/// exec resets handlers and leaves ignored signals ignored (execve(2)), so only these need a reset:
/// resetting all 64 one by one would cost as much as the fork.
fn ignored_signals() -> u64 {
    own_status()
        .and_then(|status| mask_in(&status, "SigIgn:"))
        // Without /proc the set is unknown: reset all.
        .unwrap_or(u64::MAX)
}

/// The status of this process in proc(5).
fn own_status() -> Option<String> {
    std::fs::read_to_string("/proc/self/status").ok()
}

/// The mask of signals in the line of `/proc/PID/status` that begins with `field`.
fn mask_in(status: &str, field: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix(field))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

/// Restores the default action for the signals in `mask`, bit 0 being signal 1, and unblocks all.
fn reset_signals(mask: u64) -> nix::Result<()> {
    for signal in (1..=64).filter(|signal| mask >> (signal - 1) & 1 == 1) {
        // SAFETY: the default action runs no handler. The call fails for SIGKILL, SIGSTOP and
        // libc's own two signals, which need no reset.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    SigSet::empty().thread_set_mask()
}

/// Sets close-on-exec on every descriptor from `first` on, so that descriptors leaked into this
/// process are not inherited further.
fn close_on_exec_from(first: libc::c_uint) -> nix::Result<()> {
    // SAFETY: takes three integers; flags only, no descriptor is closed here.
    let result = unsafe {
        libc::close_range(
            first,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC as libc::c_int,
        )
    };
    match Errno::result(result) {
        // Kernels before 5.11: our own descriptors are close-on-exec one by one.
        Ok(_) | Err(Errno::ENOSYS | Errno::EINVAL) => Ok(()),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::kill;
    use nix::sys::wait::{WaitStatus, waitpid};
    use std::os::fd::AsRawFd;
    use std::process::Stdio;

    /// The content of a file of /proc/self as seen by a prepared child.
    fn proc_self(what: &str) -> String {
        let mut command = Command::new("/bin/cat");
        command
            .arg(format!("/proc/self/{what}"))
            .stdin(Stdio::null());
        prepare(&mut command);
        let output = command.output().expect("cat runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[test]
    fn child_ignores_and_blocks_no_signals() {
        // SAFETY: ignoring runs no handler.
        unsafe { libc::signal(libc::SIGUSR2, libc::SIG_IGN) };
        let status = proc_self("status");
        for field in ["SigIgn:", "SigBlk:"] {
            let line = status
                .lines()
                .find(|line| line.starts_with(field))
                .expect(field);
            let set = line.split_whitespace().nth(1).expect("a set");
            let set = u64::from_str_radix(set, 16).expect("a hexadecimal set");
            // Signals 32 and 33 are libc's own; another test of this process ignores SIGIO.
            let others = 0b11 << 31 | 1 << (libc::SIGIO - 1);
            assert_eq!(set & !others, 0, "{line}");
        }
    }

    #[test]
    fn reads_signal_masks_from_proc() {
        let status = "Name:\tpulse\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001006\n";
        assert_eq!(mask_in(status, "SigIgn:"), Some(1 << 12 | 1 << 2 | 1 << 1));
        assert_eq!(mask_in(status, "SigBlk:"), Some(1));
        assert_eq!(mask_in("Name:\tpulse\n", "SigIgn:"), None);
    }

    #[test]
    fn child_does_not_inherit_leaked_descriptor() {
        let (leaked, _other) = nix::unistd::pipe().expect("a pipe without close-on-exec");
        let mut command = Command::new("/bin/ls");
        command.arg("/proc/self/fd");
        prepare(&mut command);
        let output = command.output().expect("ls runs");
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        // ls itself opens the directory as the first free descriptor, 3.
        assert!(leaked.as_raw_fd() >= 3);
        assert_eq!(listed, "0\n1\n2\n3\n");
    }

    #[test]
    fn child_does_not_inherit_notify_socket() {
        let mut command = Command::new("/usr/bin/env");
        command
            .env("NOTIFY_SOCKET", "/run/systemd/notify")
            .env("KEPT", "1");
        prepare(&mut command);
        let output = command.output().expect("env runs");
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            listed.contains("KEPT=1") && !listed.contains("NOTIFY_SOCKET"),
            "{listed}"
        );
    }

    #[test]
    fn failed_exec_is_reported_after_exit() {
        for (program, kind) in [
            ("/bin/true", None),
            ("true", None),
            ("/no/such/program", Some(io::ErrorKind::NotFound)),
            ("/etc/passwd", Some(io::ErrorKind::PermissionDenied)),
        ] {
            let mut command = Command::new(program);
            prepare(&mut command);
            let mut started = start(command).expect("the fork succeeds");
            let status = waitpid(started.pid, None).expect("its status is kept");
            let code = if kind.is_some() { 127 } else { 0 };
            assert_eq!(status, WaitStatus::Exited(started.pid, code));
            assert_eq!(started.failure().map(|error| error.kind()), kind);
        }
    }

    #[test]
    fn failure_does_not_block() {
        let mut command = Command::new("/bin/sleep");
        command.arg("60");
        prepare(&mut command);
        let mut started = start(command).expect("the fork succeeds");
        assert!(started.failure().is_none());
        kill(started.pid, Signal::SIGKILL).expect("it is running");
        waitpid(started.pid, None).expect("it ended");
    }

    #[test]
    fn child_ends_when_parent_dies() {
        // The parent that dies is another run of this very test.
        const ROLE: &str = "DAEMON_CHILD_TEST_PARENT";
        if std::env::var_os(ROLE).is_some() {
            let mut command = Command::new("/bin/sleep");
            command.arg("60").stdin(Stdio::null()).stdout(Stdio::null());
            prepare(&mut command);
            let child = command.spawn().expect("sleep runs");
            eprintln!("child={}", child.id());
            std::process::exit(0);
        }
        let output = Command::new(std::env::current_exe().expect("own path"))
            .args([
                "--exact",
                "child::tests::child_ends_when_parent_dies",
                "--nocapture",
            ])
            .env(ROLE, "1")
            .output()
            .expect("runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let pid = text
            .split("child=")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let pid: i32 = pid.expect("a pid").trim().parse().expect("a number");
        let stat = format!("/proc/{pid}/stat");
        for _ in 0..2000 {
            match std::fs::read_to_string(&stat) {
                Ok(stat) if !stat.contains(") Z ") => {}
                _ => return,
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("sleep {pid} outlived its parent by twenty seconds");
    }
}
