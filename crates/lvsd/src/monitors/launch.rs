//! Starts one monitor process: streams, environment, limits, process group.
//!
//! The start waits, for a time, until the program runs: one that lies on a file server that does not
//! answer any more holds lvsd up so long. Not to wait would mean a copy of this process for each of
//! hundreds of monitors in the middle of a takeover, see [`daemon::child::spawner`].

use std::ffi::CString;
use std::fs::File;
use std::io::{self, PipeReader, pipe};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use daemon::child::spawner::{Recipe, Spawner};
use daemon::child::wait_for;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::net::unix::pipe::Receiver;

use crate::fd_limit::FdLimit;
use crate::monitor_argv::CommandLine;

/// The variables a monitor gets, if this process has them.
const VARIABLES: [&str; 3] = ["PATH", "TZ", "LANG"];

/// How long it may take until a monitor's program runs: many times what it takes on a busy machine.
const BOUND: Duration = Duration::from_secs(10);

/// What a monitor is started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Where the program is.
    pub program: PathBuf,
    /// The command line, with the program as the file names it.
    pub command_line: CommandLine,
}

/// A process just started.
pub(super) struct Launched {
    pub(super) pid: Pid,
    pub(super) stdout: PipeReader,
    pub(super) stderr: PipeReader,
}

/// A process whose streams the event loop can read.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) pid: Pid,
    pub(super) stdout: Receiver,
    pub(super) stderr: Receiver,
}

impl Launched {
    /// Registers the streams with the event loop. Where that fails the process is not left running
    /// unread: it is dead and reaped.
    pub(super) fn streamed(self) -> io::Result<Streamed> {
        let Self {
            pid,
            stdout,
            stderr,
        } = self;
        let receivers = Receiver::from_owned_fd(stdout.into())
            .and_then(|stdout| Ok((stdout, Receiver::from_owned_fd(stderr.into())?)));
        match receivers {
            Ok((stdout, stderr)) => Ok(Streamed {
                pid,
                stdout,
                stderr,
            }),
            Err(error) => {
                let _ = killpg(pid, Signal::SIGKILL);
                // Killed, so this does not wait for long.
                let _ = wait_for(pid);
                Err(error)
            }
        }
    }
}

/// What all monitors have in common.
#[derive(Debug)]
pub(super) struct Launcher {
    null: File,
    variables: Vec<CString>,
    limit: FdLimit,
    spawner: Spawner,
}

impl Launcher {
    pub(super) fn new(limit: FdLimit) -> io::Result<Self> {
        let of_ours = |name| std::env::var_os(name).map(|value| (name, value));
        let variables = VARIABLES.into_iter().filter_map(of_ours);
        let variables = variables
            .map(|(name, value)| CString::new([name.as_bytes(), b"=", &value.into_vec()].concat()));
        Ok(Self {
            null: File::open("/dev/null")?,
            variables: variables.collect::<Result<_, _>>()?,
            limit,
            spawner: Spawner::default(),
        })
    }

    /// Starts the process in a group of its own: what the terminal sends to ours is for us to pass
    /// on, and what a monitor leaves behind can be found.
    pub(super) fn launch(&mut self, spec: &Spec) -> io::Result<Launched> {
        let (stdout, child_stdout) = pipe()?;
        let (stderr, child_stderr) = pipe()?;
        let words = &spec.command_line;
        let args: Result<Vec<_>, _> = std::iter::once(words.program.as_str())
            .chain(words.args.iter().map(AsRef::as_ref))
            .map(CString::new)
            .collect();
        let program = CString::new(spec.program.clone().into_os_string().into_vec())?;
        let pid = self.spawner.spawn(&Recipe {
            program: &program,
            args: &args?,
            env: &self.variables,
            streams: [
                self.null.as_fd(),
                child_stdout.as_fd(),
                child_stderr.as_fd(),
            ],
            open_files: self.limit.for_children(),
            bound: BOUND,
        });
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", spec.program.display()))
        };
        let pid = pid.map_err(named)?;
        Ok(Launched {
            pid,
            stdout,
            stderr,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::errno::Errno;
    use nix::sys::signal::kill;
    use std::os::fd::OwnedFd;

    #[tokio::test]
    async fn a_process_whose_streams_cannot_be_read_is_not_left() {
        let no_pipe = || OwnedFd::from(File::open("/dev/null").expect("opened")).into();
        let limit = FdLimit::ensure(1).expect("enough");
        let mut launcher = Launcher::new(limit).expect("/dev/null is there");
        let sleep = Spec {
            program: "/bin/sleep".into(),
            command_line: CommandLine {
                program: "sleep".to_owned(),
                args: vec!["60".into()],
            },
        };
        for bad in [0, 1] {
            let mut launched = launcher.launch(&sleep).expect("runs");
            let pid = launched.pid;
            *[&mut launched.stdout, &mut launched.stderr][bad] = no_pipe();
            launched.streamed().expect_err("no pipe");
            assert_eq!(kill(pid, None), Err(Errno::ESRCH), "killed and reaped");
        }
    }
}
