//! A host of the lab: its programs, files, table and addresses.

use crate::error::{Error, Result};
use crate::lines::LineLog;
use crate::namespace::Namespace;
use crate::process::{Process, Program};
use crate::procfs::{self, ProcessInfo};
use crate::syslog;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a tool of the system may run.
const TOOL_LIMIT: Duration = Duration::from_secs(20);
/// How often its end is looked for.
const TOOL_TICK: Duration = Duration::from_millis(1);

/// A host. Clones stand for the same one.
#[derive(Clone, Debug)]
pub struct Host {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: String,
    namespace: Mutex<Namespace>,
    net_inode: u64,
    net_file: PathBuf,
    dir: PathBuf,
    epoch: Instant,
    syslog: LineLog,
    logs: Mutex<Vec<LineLog>>,
}

impl Host {
    pub(crate) fn new(name: &str, dir: &Path, epoch: Instant) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(Error::io(format!("make {}", dir.display())))?;
        let namespace = Namespace::new(name)?;
        let syslog = LineLog::create(&dir.join("syslog.log"), epoch)?;
        let sink = syslog.clone();
        namespace.inside(move || syslog::listen(sink))?;
        let place = namespace.place.clone();
        let shared = Shared {
            name: name.to_owned(),
            namespace: Mutex::new(namespace),
            net_inode: place.net_inode,
            net_file: place.net_file,
            dir: dir.to_path_buf(),
            epoch,
            logs: Mutex::new(vec![syslog.clone()]),
            syslog,
        };
        Ok(Host {
            shared: Arc::new(shared),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Its directory among the run's logs; configuration files for it belong here.
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// What came to its `/dev/log`.
    pub fn syslog(&self) -> &LineLog {
        &self.shared.syslog
    }

    pub(crate) fn net_file(&self) -> &Path {
        &self.shared.net_file
    }

    /// Runs `act` on this host's own thread, in its namespaces, and waits for it. Sockets made,
    /// threads and processes started by `act` belong to the host. One act at a time.
    pub fn inside<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> T {
        let namespace = self
            .shared
            .namespace
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        namespace.inside(act)
    }

    /// Starts a program. Its output is kept in `NAME.log`, `NAME.2.log` and so on.
    pub fn start(&self, program: Program) -> Result<Process> {
        let log = self.new_log(&program.name)?;
        self.inside(move || program.start(log))
    }

    fn logs(&self) -> MutexGuard<'_, Vec<LineLog>> {
        self.shared
            .logs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn new_log(&self, name: &str) -> Result<LineLog> {
        let mut logs = self.logs();
        let names = std::iter::once(format!("{name}.log"))
            .chain((2..).map(|number| format!("{name}.{number}.log")));
        let taken: BTreeSet<_> = logs.iter().map(|log| log.path().to_path_buf()).collect();
        let path = names
            .map(|name| self.shared.dir.join(name))
            .find(|path| !taken.contains(path))
            .ok_or_else(|| Error::broken("no name left for a log"))?;
        let log = LineLog::create(&path, self.shared.epoch)?;
        logs.push(log.clone());
        Ok(log)
    }

    /// All logs of this host: its syslog, then one per program started.
    pub fn all_logs(&self) -> Vec<LineLog> {
        self.logs().clone()
    }

    /// Runs a tool of the system to its end and returns its standard output. A status other than 0
    /// is an error with its standard error. Costs a fork and exec: tens of milliseconds in a guest.
    pub fn tool(&self, command: &[&str]) -> Result<String> {
        let command: Vec<_> = command.iter().map(ToString::to_string).collect();
        self.inside(move || run_tool(&command))
    }

    /// Reads a file as the host sees it: its own `/run`, its own `/proc/thread-self/net`.
    pub fn read_file(&self, path: impl Into<PathBuf>) -> Result<String> {
        let path = path.into();
        self.inside(move || {
            std::fs::read_to_string(&path).map_err(Error::io(format!("read {}", path.display())))
        })
    }

    /// The processes that run in this host, and zombies whose parent does.
    pub fn processes(&self) -> Vec<ProcessInfo> {
        let me = std::process::id().cast_signed();
        let all = procfs::all();
        let here: BTreeSet<_> = all
            .iter()
            .map(|info| info.pid)
            .filter(|&pid| pid != me && procfs::net_namespace(pid) == Some(self.shared.net_inode))
            .collect();
        all.into_iter()
            .filter(|info| {
                here.contains(&info.pid) || info.is_zombie() && here.contains(&info.parent)
            })
            .collect()
    }

    /// Kills every process of this host. Returns those it found.
    pub(crate) fn kill_all(&self) -> Vec<ProcessInfo> {
        let found = self.processes();
        for info in &found {
            // It may have gone in the meantime.
            let _ = kill(Pid::from_raw(info.pid), Signal::SIGKILL);
        }
        found
    }
}

/// Runs a tool from the calling thread. Its output goes to files, not pipes, so that a daemon which
/// it leaves behind does not keep the caller waiting.
pub(crate) fn run_tool(command: &[String]) -> Result<String> {
    let line = command.join(" ");
    let [program, args @ ..] = command else {
        return Err(Error::Garbled {
            what: "a command",
            text: line,
        });
    };
    let run = || -> std::io::Result<Option<(ExitStatus, String, String)>> {
        let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(err.try_clone()?)
            .spawn()?;
        let deadline = Instant::now() + TOOL_LIMIT;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() >= deadline {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            std::thread::sleep(TOOL_TICK);
        };
        Ok(Some((status, read_back(&mut out)?, read_back(&mut err)?)))
    };
    match run().map_err(Error::io(format!("run {program}")))? {
        Some((status, out, _)) if status.success() => Ok(out),
        Some((status, _, err)) => {
            let said = err.trim().to_owned();
            Err(Error::Tool {
                command: line,
                status: status.to_string(),
                said,
            })
        }
        None => Err(Error::TimedOut {
            what: format!("the end of `{line}`"),
            limit: TOOL_LIMIT,
        }),
    }
}

fn read_back(file: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
