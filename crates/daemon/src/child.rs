//! How every child is started: default signal handling, no inherited descriptor beyond 0 to 2,
//! none of the service manager's variables, and the parent's death as a signal; and a start that
//! waits for nothing.

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

/// Variables that speak to this process alone.
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

/// A child that was started by [`start`]. Whoever started it has to wait for its end.
#[derive(Debug)]
pub struct Started {
    /// Its process number.
    pub pid: Pid,
    /// Where it says why its program could not be run.
    report: File,
}

/// Starts `command` as [`Command::spawn`] does, but does not wait until its program runs: while that
/// lies on a file server that does not answer, the kernel holds whoever executes it, and spawn with
/// it.
///
/// # Errors
/// There is no process or no descriptor left. That the program cannot be run is told by
/// [`Started::failure`], once the child has ended.
pub fn start(mut command: Command) -> io::Result<Started> {
    let (report, reporter) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    // SAFETY: besides system calls the child, which has this thread alone, allocates and reads the
    // environment. Allocating after a fork is taken care of by the C library, whatever other threads
    // there are; and the lock of the environment is held by those that change it, which nobody does.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Started {
            pid: child,
            report: File::from(report),
        }),
        ForkResult::Child => {
            let error = command.exec();
            let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
            // Who started it has a status to go by as well.
            let _ = File::from(reporter).write_all(&errno.to_ne_bytes());
            // SAFETY: ends the process, without doing a second time what its parent does at its end.
            unsafe { libc::_exit(127) }
        }
    }
}

impl Started {
    /// Why the program could not be run, if that is so: known when the child has ended.
    #[must_use]
    pub fn failure(&mut self) -> Option<io::Error> {
        let mut errno = [0; size_of::<libc::c_int>()];
        self.report.read_exact(&mut errno).ok()?;
        Some(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)))
    }
}

/// Waits until a child has ended, and takes it from the kernel's list. nix has no name for a death by a
/// real-time signal.
///
/// # Errors
/// It is no child of this process, or somebody has waited for it.
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

/// Has the kernel keep how a child ended until that is waited for. Where SIGCHLD is ignored, as it may
/// be from before this program was started, it does not (wait(2), NOTES).
///
/// Not for a program that handles SIGCHLD: its handler would be gone. tokio has one, and then this is
/// not needed either.
///
/// # Errors
/// None that is known: the signal and the action are valid.
pub fn keep_status() -> io::Result<()> {
    // SAFETY: the default action runs no handler.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }?;
    Ok(())
}

/// The signals that this process ignores, bit 0 being signal 1.
///
/// exec resets every handler by itself and leaves ignored signals ignored (execve(2)), so these
/// are all there is to reset: one by one for all 64 would cost as much as the fork.
fn ignored_signals() -> u64 {
    own_status()
        .and_then(|status| mask_in(&status, "SigIgn:"))
        // Without /proc nothing is known: reset all.
        .unwrap_or(u64::MAX)
}

/// What the kernel says of this process (proc(5)).
fn own_status() -> Option<String> {
    std::fs::read_to_string("/proc/self/status").ok()
}

/// The mask of signals in the line of `/proc/PID/status` that begins with `field`.
fn mask_in(status: &str, field: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix(field))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

/// Default action for the signals in `mask`, of which bit 0 is signal 1; nothing blocked.
fn reset_signals(mask: u64) -> nix::Result<()> {
    for signal in (1..=64).filter(|signal| mask >> (signal - 1) & 1 == 1) {
        // SAFETY: the default action runs no handler. It is refused for SIGKILL, SIGSTOP and
        // libc's own two signals, which is as well.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    SigSet::empty().thread_set_mask()
}

/// Marks every descriptor from `first` on close-on-exec: what somebody leaked into this process
/// must not leak further.
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

    /// What `cat`ting a file of /proc/self says in a prepared child.
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
    fn a_child_ignores_and_blocks_nothing() {
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
            // Signals 32 and 33 are libc's own.
            assert_eq!(set & !(0b11 << 31), 0, "{line}");
        }
    }

    #[test]
    fn masks_of_signals_are_read_from_proc() {
        let status = "Name:\tpulse\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001006\n";
        assert_eq!(mask_in(status, "SigIgn:"), Some(1 << 12 | 1 << 2 | 1 << 1));
        assert_eq!(mask_in(status, "SigBlk:"), Some(1));
        assert_eq!(mask_in("Name:\tpulse\n", "SigIgn:"), None);
    }

    #[test]
    fn a_leaked_descriptor_goes_no_further() {
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
    fn the_service_managers_socket_is_not_for_children() {
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
    fn a_program_that_cannot_be_run_is_told_when_the_child_has_ended() {
        for (program, kind) in [
            ("/bin/true", None),
            ("true", None),
            ("/no/such/program", Some(io::ErrorKind::NotFound)),
            ("/etc/passwd", Some(io::ErrorKind::PermissionDenied)),
        ] {
            let mut command = Command::new(program);
            prepare(&mut command);
            let mut started = start(command).expect("there are processes");
            let status = waitpid(started.pid, None).expect("its status is kept");
            let code = if kind.is_some() { 127 } else { 0 };
            assert_eq!(status, WaitStatus::Exited(started.pid, code));
            assert_eq!(started.failure().map(|error| error.kind()), kind);
        }
    }

    #[test]
    fn why_it_cannot_be_run_is_asked_without_waiting() {
        let mut command = Command::new("/bin/sleep");
        command.arg("60");
        prepare(&mut command);
        let mut started = start(command).expect("there are processes");
        assert!(started.failure().is_none());
        kill(started.pid, Signal::SIGKILL).expect("it lives");
        waitpid(started.pid, None).expect("it ended");
    }

    #[test]
    fn the_parents_death_ends_the_child() {
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
                "child::tests::the_parents_death_ends_the_child",
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
