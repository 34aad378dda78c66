//! A nanny under test: its process, and its lines with their times.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use ::nix::sys::signal::{Signal, kill};
use ::nix::unistd::Pid;

/// Upper bound of every wait, also on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Maximum delay of a line on a busy or stalled machine. Wrong behavior differs from it by a
/// minute, or never logs.
pub(crate) const SLACK: Duration = Duration::from_secs(20);

/// Maximum number of its descriptors: signals, a check's socket and its echo socket, syslog.
pub(crate) const DESCRIPTORS: usize = 4;

/// Memory that may be used late, in KiB: two pages.
pub(crate) const PAGES: u64 = 8;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_nanny");

/// A running nanny, killed on drop.
pub(crate) struct Nanny {
    child: Child,
    lines: Receiver<(Instant, String)>,
    /// A line that was read but belongs to a later wait.
    later: Option<(Instant, String)>,
    pub(crate) seen: Vec<String>,
    /// The time of each line.
    came: Vec<Instant>,
    pub(crate) started: Instant,
}

/// The arguments for a server: the virtual port selects the dialogue.
pub(crate) fn arguments(server: SocketAddr, virtual_port: u16, more: &str) -> Vec<String> {
    let service = if server.is_ipv4() { "127.0.0.9" } else { "::9" };
    let line = format!(
        "-h {} -V {service} -p {virtual_port} -r {} --lvs --norun {more}",
        server.ip(),
        server.port()
    );
    line.split_whitespace().map(str::to_owned).collect()
}

/// Runs all cases in parallel: they mostly wait.
pub(crate) fn together<T: Sync>(cases: &[T], play: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| play(case));
        }
    });
}

/// Waits until the condition holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether the process is gone. An unreaped one counts as gone: an orphan is left to a process 1
/// that may not reap it, as in some containers.
pub(crate) fn is_gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
}

impl Nanny {
    /// Starts a nanny in the foreground that only connects.
    pub(crate) fn connecting(server: SocketAddr, more: &str) -> Self {
        Self::start(
            Command::new(PROGRAM)
                .args(arguments(server, 21, more))
                .arg("-n"),
        )
    }

    /// Starts a nanny in the foreground that checks as these arguments specify.
    pub(crate) fn checking(server: SocketAddr, more: &str, check: &[&str]) -> Self {
        Self::start(
            Command::new(PROGRAM)
                .args(arguments(server, 21, more))
                .args(check)
                .arg("-n"),
        )
    }

    /// Starts a nanny in the foreground with the HTTP check.
    pub(crate) fn http(server: SocketAddr, more: &str) -> Self {
        Self::start(
            Command::new(PROGRAM)
                .args(arguments(server, 80, more))
                .arg("-n"),
        )
    }

    pub(crate) fn start(command: &mut Command) -> Self {
        // The rest of the environment would only take memory.
        let path = std::env::vars_os().filter(|(name, _)| name == "PATH");
        let started = Instant::now();
        let mut child = command
            .env_clear()
            .envs(path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("nanny starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let line = line.expect("text");
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            later: None,
            seen: Vec::new(),
            came: Vec::new(),
            started,
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("it is running");
    }

    /// Waits for the next line that contains `text`, and returns its time.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> Instant {
        self.wait_within(text, LONG)
    }

    /// The same, for a line that may take longer.
    #[track_caller]
    pub(crate) fn wait_within(&mut self, text: &str, time: Duration) -> Instant {
        let end = Instant::now() + time;
        loop {
            match self.next_line(end) {
                Ok((at, line)) => {
                    assert!(line.starts_with("nanny: "), "{line}");
                    let found = line.contains(text);
                    self.saw(at, line);
                    if found {
                        return at;
                    }
                }
                Err(_) => panic!("no line with {text:?} after {:#?}", self.seen),
            }
        }
    }

    /// Waits for this time, in which no line may contain `text`.
    #[track_caller]
    pub(crate) fn never_logs(&mut self, text: &str, time: Duration) {
        let end = Instant::now() + time;
        loop {
            match self.next_line(end) {
                // This test read the line late.
                Ok(late) if late.0 > end => return self.later = Some(late),
                Ok((at, line)) => {
                    assert!(!line.contains(text), "{line} after {:#?}", self.seen);
                    self.saw(at, line);
                }
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("ended after {:#?}", self.seen),
            }
        }
    }

    /// The next line, if one arrives by `end`.
    fn next_line(&mut self, end: Instant) -> Result<(Instant, String), RecvTimeoutError> {
        let rest = end.saturating_duration_since(Instant::now());
        let later = self.later.take();
        later.map_or_else(|| self.lines.recv_timeout(rest), Ok)
    }

    fn saw(&mut self, at: Instant, line: String) {
        self.seen.push(line);
        self.came.push(at);
    }

    /// The time of the last line that contains `text` among those waited for.
    #[track_caller]
    pub(crate) fn last(&self, text: &str) -> Instant {
        let at = self.seen.iter().rposition(|line| line.contains(text));
        self.came[at.expect("the line was read")]
    }

    /// The first check passes, and none fails for this time: a failure would be logged.
    #[track_caller]
    pub(crate) fn passes(&mut self, time: Duration) {
        self.wait_for("active");
        let last = self.seen.last().expect("a line");
        assert!(last.contains("[ active ]"), "{:#?}", self.seen);
        self.never_logs("", time);
    }

    /// Waits for its exit.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + LONG;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("waited for") {
                // The pipe closes when every other process that has it, such as a grandchild, exits
                // as well.
                loop {
                    match self.next_line(Instant::now() + LONG) {
                        Ok((at, line)) => self.saw(at, line),
                        Err(RecvTimeoutError::Disconnected) => return status,
                        Err(RecvTimeoutError::Timeout) => panic!("its output did not end"),
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("it did not end");
    }

    /// Number of descriptors that it opened itself: the test runner may leak pipes, files and
    /// sockets.
    pub(crate) fn descriptors(&self) -> usize {
        let opened = |of: &str| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(format!("/proc/{of}/fd")).expect("it is running");
            let links = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
            links.collect()
        };
        let leaked = opened("self");
        opened(&self.child.id().to_string())
            .iter()
            .filter(|link| !link.to_string_lossy().starts_with("pipe:"))
            .filter(|link| !link.starts_with("/"))
            .filter(|link| !link.to_string_lossy().starts_with("socket:") || !leaked.contains(link))
            .count()
    }

    /// Its children.
    pub(crate) fn children(&self) -> Vec<Pid> {
        let pid = self.child.id();
        let path = format!("/proc/{pid}/task/{pid}/children");
        std::fs::read_to_string(path)
            .expect("it is running")
            .split_whitespace()
            .map(|pid| Pid::from_raw(pid.parse().expect("a pid")))
            .collect()
    }

    /// Its memory in this category, in KiB. Counted page by page: the counters of
    /// `/proc/PID/status` may lag by many pages, the more processors there are.
    fn pages(&self, heading: &str) -> u64 {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let rollup = std::fs::read_to_string(path).expect("it is running");
        let line = rollup.lines().find_map(|line| line.strip_prefix(heading));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.expect(heading).parse().expect("a number")
    }

    /// Its private memory, in KiB.
    pub(crate) fn private_dirty(&self) -> u64 {
        self.pages("Private_Dirty:")
    }

    /// Its anonymous resident memory, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        self.pages("Anonymous:")
    }

    /// Waits until its anonymous memory is at most this many KiB: a check in flight has some, and a
    /// leak stays.
    #[track_caller]
    pub(crate) fn memory_settles_within(&self, most: u64) {
        let what = format!("it has more than {most} KiB: {}", self.memory());
        wait_until(&what, || self.memory() <= most);
    }

    /// Waits until it has at most one child: a killed one that exits late is reaped at a later
    /// check.
    #[track_caller]
    pub(crate) fn has_one_child_at_most(&self) {
        let what = format!("it has more than one child: {:?}", self.children());
        wait_until(&what, || self.children().len() <= 1);
    }
}

impl Drop for Nanny {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
