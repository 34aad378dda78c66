//! Starts one monitor process: streams, environment, limits, process group.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, pipe};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};

use daemon::child::{OnParentDeath, prepare};

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
        prepare(&mut command, OnParentDeath::Terminate);
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
