//! Starts one monitor process: streams, environment, limits, process group.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, pipe};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};

use daemon::child::prepare;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::net::unix::pipe::Receiver;

use crate::fd_limit::FdLimit;
use crate::monitor_argv::CommandLine;

/// The variables a monitor gets, if this process has them.
const VARIABLES: [&str; 3] = ["PATH", "TZ", "LANG"];

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
    pub(super) child: Child,
    pub(super) stdout: PipeReader,
    pub(super) stderr: PipeReader,
}

/// A process whose streams the event loop can read.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) child: Child,
    pub(super) stdout: Receiver,
    pub(super) stderr: Receiver,
}

impl Launched {
    /// Registers the streams with the event loop. Where that fails the process is not left running
    /// unread: it is dead and reaped.
    pub(super) fn streamed(self) -> io::Result<Streamed> {
        let Self {
            mut child,
            stdout,
            stderr,
        } = self;
        let receivers = Receiver::from_owned_fd(stdout.into())
            .and_then(|stdout| Ok((stdout, Receiver::from_owned_fd(stderr.into())?)));
        match receivers {
            Ok((stdout, stderr)) => Ok(Streamed {
                child,
                stdout,
                stderr,
            }),
            Err(error) => {
                let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
                // Killed, so this does not wait for long.
                let _ = child.wait();
                Err(error)
            }
        }
    }
}

/// What all monitors have in common.
#[derive(Debug)]
pub(super) struct Launcher {
    null: File,
    variables: Vec<(&'static str, OsString)>,
    limit: FdLimit,
}

impl Launcher {
    pub(super) fn new(limit: FdLimit) -> io::Result<Self> {
        let of_ours = |name| std::env::var_os(name).map(|value| (name, value));
        Ok(Self {
            null: File::open("/dev/null")?,
            variables: VARIABLES.into_iter().filter_map(of_ours).collect(),
            limit,
        })
    }

    /// Starts the process in a group of its own: what the terminal sends to ours is for us to pass
    /// on, and what a monitor leaves behind can be found.
    pub(super) fn launch(&mut self, spec: &Spec) -> io::Result<Launched> {
        let (stdout, child_stdout) = pipe()?;
        let (stderr, child_stderr) = pipe()?;
        let mut command = Command::new(&spec.program);
        prepare(&mut command);
        command
            .arg0(&spec.command_line.program)
            .args(spec.command_line.args.iter().map(AsRef::<str>::as_ref))
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(self.null.try_clone()?)
            .stdout(child_stdout)
            .stderr(child_stderr)
            .process_group(0);
        let child = self.limit.for_child(|| command.spawn())?;
        Ok(Launched {
            child,
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
        for bad in [0, 1] {
            let child = Command::new("/bin/sleep")
                .arg("60")
                .process_group(0)
                .spawn()
                .expect("runs");
            let pid = Pid::from_raw(child.id().cast_signed());
            let (mut stdout, _other_end) = pipe().expect("a pipe");
            let (mut stderr, _its_other_end) = pipe().expect("a pipe");
            *[&mut stdout, &mut stderr][bad] = no_pipe();
            let launched = Launched {
                child,
                stdout,
                stderr,
            };
            launched.streamed().expect_err("no pipe");
            assert_eq!(kill(pid, None), Err(Errno::ESRCH), "killed and reaped");
        }
    }
}
