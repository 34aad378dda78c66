//! A command under a keeper (see [`crate::keeper`]), as the starting side sees it.

use crate::error::{Error, Result};
use crate::job::{INSIDE_VARIABLE, JOB_VARIABLE};
use crate::keeper::Verdict;
use crate::paths;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How much later than the keeper the starting side gives up.
const KEEPER_LIMIT: Duration = Duration::from_secs(15);
/// How long a keeper may take to end its program once its standard input is closed.
const END_LIMIT: Duration = Duration::from_secs(8);
/// How often the keeper's end is looked for.
const TICK: Duration = Duration::from_millis(10);

/// A running command with its keeper. Dropping it ends both.
pub(crate) struct Kept {
    child: Child,
    deadline: Instant,
    log: PathBuf,
}

impl Kept {
    /// Starts `command` for at most `limit`. Its output is appended to `log`, and `scratch` is
    /// removed when it ends. `job` is named in its environment.
    pub(crate) fn start(
        command: &[OsString],
        limit: Duration,
        scratch: PathBuf,
        log: &Path,
        job: Option<&Path>,
    ) -> Result<Self> {
        let open = || -> std::io::Result<(File, File)> {
            let file = File::options().create(true).append(true).open(log)?;
            Ok((file.try_clone()?, file))
        };
        let (out, err) = open().map_err(Error::io(format!("open {}", log.display())))?;
        let keeper = paths::own_program("lab-keeper")?;
        let mut starting = Command::new(&keeper);
        starting
            .arg(limit.as_millis().to_string())
            .arg(scratch)
            .args(command)
            .env_remove(INSIDE_VARIABLE)
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            // Ctrl-C in a terminal ends the test; the keeper then sees its standard input close.
            .process_group(0);
        if let Some(job) = job {
            starting.env(JOB_VARIABLE, job);
        }
        let child = starting
            .spawn()
            .map_err(Error::io(format!("start {}", keeper.display())))?;
        let deadline = Instant::now() + limit + KEEPER_LIMIT;
        Ok(Kept {
            child,
            deadline,
            log: log.to_path_buf(),
        })
    }

    /// Returns how the command ended, if it has.
    pub(crate) fn verdict(&mut self) -> Result<Option<Verdict>> {
        // `try_wait`, not `wait`, which would close the pipe that the keeper watches.
        let Some(status) = self
            .child
            .try_wait()
            .map_err(Error::io("wait for the keeper"))?
        else {
            return Ok(None);
        };
        let verdict = status.code().and_then(Verdict::from_status);
        verdict.map(Some).ok_or_else(|| {
            Error::broken(format!(
                "the keeper failed ({status}): see {}",
                self.log.display()
            ))
        })
    }

    /// Waits for the command's end.
    pub(crate) fn wait(mut self) -> Result<Verdict> {
        while Instant::now() < self.deadline {
            if let Some(verdict) = self.verdict()? {
                return Ok(verdict);
            }
            std::thread::sleep(TICK);
        }
        Ok(Verdict::TooLong)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + END_LIMIT;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(TICK);
        }
        // A keeper that does not react: its end closes nothing that the command depends on.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
