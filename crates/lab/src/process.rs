//! Programs in a host: what they print, how they end, and what they are told.

use crate::error::{Error, Result};
use crate::lines::{Line, LineLog, Source};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a program's end waits for its last lines: for longer than a busy machine lets the
/// threads that read them wait. A daemon that it left behind may keep its output open for ever.
const LAST_LINES: Duration = Duration::from_secs(2);

/// A program to start.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) name: String,
    path: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl Program {
    /// The program at `path`, or found in PATH; `name` is for logs and messages.
    pub fn new(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Program {
            name: name.into(),
            path: path.into(),
            args: Vec::new(),
            env: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable, beside those of the test.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Starts it from the calling thread, so in that thread's namespaces.
    pub(crate) fn start(self, log: LineLog) -> Result<Process> {
        let mut child = Command::new(&self.path)
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::io(format!("start {}", self.path.display())))?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let (end, ends) = channel();
        if let Some(out) = child.stdout.take() {
            follow(out, Source::Out, log.clone(), end.clone())?;
        }
        if let Some(err) = child.stderr.take() {
            follow(err, Source::Err, log.clone(), end)?;
        }
        let ended = Arc::new(Ended::default());
        watch(child, ends, Arc::clone(&ended))?;
        Ok(Process {
            name: self.name,
            pid,
            started: Instant::now(),
            log,
            ended,
        })
    }
}

/// Reads lines into the log until the stream ends; then drops `end`.
fn follow(
    stream: impl Read + Send + 'static,
    source: Source,
    log: LineLog,
    end: Sender<()>,
) -> Result<()> {
    let read = move || {
        let _end = end;
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(1..) = stream.read_until(b'\n', &mut line) {
            log.push(source, &line);
            line.clear();
        }
    };
    std::thread::Builder::new()
        .spawn(read)
        .map_err(Error::io("start a thread for a program's output"))?;
    Ok(())
}

/// Waits for the program, then for its last lines, so that its log is whole when its end is told.
fn watch(mut child: Child, ends: Receiver<()>, ended: Arc<Ended>) -> Result<()> {
    let wait = move || {
        let status = child.wait();
        let at = Instant::now();
        // Ends when both readers have dropped their sender; nothing is ever sent.
        let _ = ends.recv_timeout(LAST_LINES);
        let exit = status.ok().map(|status| Exit { status, at });
        *ended.exit.lock().unwrap_or_else(PoisonError::into_inner) = exit;
        ended.told.notify_all();
    };
    std::thread::Builder::new()
        .spawn(wait)
        .map_err(Error::io("start a thread for a program's end"))?;
    Ok(())
}

#[derive(Debug, Default)]
struct Ended {
    exit: Mutex<Option<Exit>>,
    told: Condvar,
}

/// How and when a program ended.
#[derive(Clone, Copy, Debug)]
pub struct Exit {
    /// Its status.
    pub status: ExitStatus,
    /// When the lab learnt of it (monotonic).
    pub at: Instant,
}

/// A program that was started. Clones stand for the same one.
#[derive(Clone, Debug)]
pub struct Process {
    name: String,
    pid: Pid,
    started: Instant,
    log: LineLog,
    ended: Arc<Ended>,
}

impl Process {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// What it printed, standard output and standard error together.
    pub fn log(&self) -> &LineLog {
        &self.log
    }

    /// Waits for a line that contains `pattern`, from its start on: [`LineLog::wait_line`].
    pub fn wait_line(&self, pattern: &str, limit: Duration) -> Result<Line> {
        self.log.wait_line(pattern, limit)
    }

    /// How it ended, if it has.
    pub fn exit(&self) -> Option<Exit> {
        *self
            .ended
            .exit
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        self.exit().is_none()
    }

    /// Sends a signal and returns the time just before it. An error if the program has ended.
    pub fn signal(&self, signal: Signal) -> Result<Instant> {
        if let Some(exit) = self.exit() {
            return Err(Error::broken(format!(
                "{} is gone already: {}",
                self.name, exit.status
            )));
        }
        let at = Instant::now();
        kill(self.pid, signal).map_err(Error::os(format!("send {signal} to {}", self.name)))?;
        Ok(at)
    }

    /// Waits for its end.
    pub fn wait_exit(&self, limit: Duration) -> Result<Exit> {
        let guard = self
            .ended
            .exit
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (guard, _) = self
            .ended
            .told
            .wait_timeout_while(guard, limit, |exit| exit.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        guard.ok_or_else(|| Error::TimedOut {
            what: format!("the end of {}", self.name),
            limit,
        })
    }

    /// Asks it to end (SIGTERM) and waits.
    pub fn stop(&self, limit: Duration) -> Result<Exit> {
        self.signal(Signal::SIGTERM)?;
        self.wait_exit(limit)
    }
}
