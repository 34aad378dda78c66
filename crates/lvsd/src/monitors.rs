//! The set of monitor processes: started in batches, read, reaped, restarted, stopped.
//!
//! Knows nothing of the table or the configuration: monitors are numbered, and what happens to
//! them comes out of [`Monitors::next`] as events.

mod launch;
mod output;
mod reap;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use self::launch::{Launcher, Streamed};
use self::output::{Reader, Report};
use crate::backoff::Backoff;
use crate::fd_limit::FdLimit;
use crate::verdict::Verdict;

pub use self::launch::Spec;
pub use self::output::Stream;

/// Reports that may wait for the loop; a reader that finds no room waits itself.
const REPORTS: usize = 256;
/// How long killed processes may take to vanish.
const AFTER_KILL: Duration = Duration::from_secs(2);
/// How long the first monitors have the processor to themselves.
const HEAD_START: Duration = Duration::from_millis(100);
/// How long the others wait yet once the first have given their verdicts.
const PAUSE: Duration = Duration::from_millis(20);

/// What happens to a monitor. The first field is its number.
#[derive(Debug)]
pub enum Event {
    /// Its process runs.
    Started(usize, u32),
    /// Its process cannot be started.
    NotStarted(usize, io::Error),
    /// It found its real server up or down, and did not say so before.
    Verdict(usize, Verdict),
    /// It wrote a line. Lines of stdout come only where they are wanted.
    Line(usize, Stream, Vec<u8>),
    /// It wrote more than is taken: so many lines are lost.
    Dropped(usize, u64),
    /// Its process ended unasked. All it wrote came before.
    Ended(usize, u32, ExitStatus),
    /// So many processes outlived the bound of [`Monitors::terminate`] and were killed.
    Killed(usize),
    /// So many processes have not vanished though they were killed: they are not waited for.
    Left(usize),
}

/// All monitors.
#[derive(Debug)]
pub struct Monitors {
    slots: Vec<Slot>,
    launcher: Launcher,
    /// Whether lines of stdout are wanted.
    wants_stdout: bool,
    by_pid: HashMap<Pid, usize>,
    /// Slots whose process runs, or whose output is not at its end.
    busy: usize,
    to_start: VecDeque<usize>,
    /// To be started when the others have had their head start, which ends then.
    to_start_later: VecDeque<usize>,
    head_start_ends: Option<Instant>,
    to_restart: BinaryHeap<Reverse<(Instant, usize)>>,
    reports: mpsc::Receiver<(usize, Report)>,
    reports_sender: mpsc::Sender<(usize, Report)>,
    child_ended: unix::Signal,
    pending: VecDeque<Event>,
    stopping: Option<Stopping>,
}

#[derive(Debug)]
struct Slot {
    spec: Spec,
    backoff: Backoff,
    /// How long the last process lived.
    lifetime: Duration,
    process: Option<Process>,
}

#[derive(Debug)]
struct Process {
    pid: Pid,
    started: Instant,
    /// Dropped when the process is dead: its readers then finish.
    alive: Option<watch::Sender<()>>,
    open_streams: u8,
    status: Option<ExitStatus>,
}

/// An orderly end under way.
#[derive(Debug, Clone, Copy)]
enum Stopping {
    /// Asked to end; killed at that time.
    Asked(Instant),
    /// Killed; given up at that time.
    Killed(Instant),
}

impl Monitors {
    /// A set that starts nothing yet. Call it within the runtime, on the thread that lives as long
    /// as the process: the monitors die with it.
    ///
    /// # Errors
    /// What the system says to opening `/dev/null` or handling SIGCHLD.
    pub fn new(limit: FdLimit, wants_stdout: bool) -> io::Result<Self> {
        let (reports_sender, reports) = mpsc::channel(REPORTS);
        Ok(Self {
            slots: Vec::new(),
            launcher: Launcher::new(limit)?,
            wants_stdout,
            by_pid: HashMap::new(),
            busy: 0,
            to_start: VecDeque::new(),
            to_start_later: VecDeque::new(),
            head_start_ends: None,
            to_restart: BinaryHeap::new(),
            reports,
            reports_sender,
            child_ended: unix::signal(SignalKind::child())?,
            pending: VecDeque::new(),
            stopping: None,
        })
    }

    /// Adds a monitor and gives its number, counted from 0. It starts when [`Monitors::start`] says so.
    pub fn add(&mut self, spec: Spec) -> usize {
        self.slots.push(Slot {
            spec,
            backoff: Backoff::default(),
            lifetime: Duration::ZERO,
            process: None,
        });
        self.slots.len() - 1
    }

    /// Has a monitor started, after those asked for before.
    pub fn start(&mut self, monitor: usize) {
        self.to_start.push_back(monitor);
    }

    /// Has a monitor started after those of [`Monitors::start`] have had a head start: they share
    /// the processors, and the first verdict counts most.
    pub fn start_later(&mut self, monitor: usize) {
        self.to_start_later.push_back(monitor);
    }

    /// Has one of those of [`Monitors::start_later`] started now, with a head start of its own.
    pub fn start_next(&mut self, monitor: usize) {
        let place = self.to_start_later.iter().position(|m| *m == monitor);
        if let Some(monitor) = place.and_then(|place| self.to_start_later.remove(place)) {
            self.to_start.push_back(monitor);
        }
    }

    /// Ends the head start in a moment: whoever waited for the first verdicts acts on them first.
    pub fn start_all_soon(&mut self) {
        if !self.to_start_later.is_empty() {
            self.head_start_ends = Some(Instant::now() + PAUSE);
        }
    }

    /// Ends the head start.
    pub fn start_all(&mut self) {
        self.to_start.append(&mut self.to_start_later);
    }

    /// Has a monitor that died started again after a while; says after how long.
    pub fn restart(&mut self, monitor: usize) -> Duration {
        let slot = &mut self.slots[monitor];
        let wait = slot.backoff.next(slot.lifetime);
        self.to_restart
            .push(Reverse((Instant::now() + wait, monitor)));
        wait
    }

    /// Asks all monitors to end, at once. From now on [`Monitors::next`] ends when they have; those
    /// that have not within `bound` are killed.
    pub fn terminate(&mut self, bound: Duration) {
        self.to_start.clear();
        self.to_start_later.clear();
        self.to_restart.clear();
        for pid in self.by_pid.keys() {
            // Not reaped yet, so the number is still the monitor's. Nothing else can fail.
            let _ = kill(*pid, Signal::SIGTERM);
        }
        self.stopping = Some(Stopping::Asked(Instant::now() + bound));
    }

    /// What happens next; `None` once all have ended after [`Monitors::terminate`].
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.stopping.is_some() && self.busy == 0 {
                return None;
            }
            match self.stopping {
                Some(Stopping::Asked(at) | Stopping::Killed(at)) => self.go_on_stopping(at).await,
                None => self.go_on().await,
            }
        }
    }

    /// Waits for one thing and deals with it.
    async fn go_on(&mut self) {
        let wake = self.next_wake();
        tokio::select! {
            biased;
            Some((monitor, report)) = self.reports.recv() => self.on_report(monitor, report),
            _ = self.child_ended.recv() => self.reap(),
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.on_wake(),
            // One by one, so that what the first ones say is heard while the last ones start.
            () = tokio::task::yield_now(), if !self.to_start.is_empty() => self.start_one(),
        }
    }

    /// The same while everything ends: there is output without end where monitors flood, and it
    /// must not hold up the time by which they are killed, at `wake`.
    async fn go_on_stopping(&mut self, wake: Instant) {
        if wake <= Instant::now() {
            return self.on_wake();
        }
        tokio::select! {
            biased;
            _ = self.child_ended.recv() => self.reap(),
            Some((monitor, report)) = self.reports.recv() => self.on_report(monitor, report),
            () = sleep_until(wake) => {}
        }
    }

    fn next_wake(&mut self) -> Option<Instant> {
        let restart = self.to_restart.peek().map(|Reverse((at, _))| *at);
        if self.to_start_later.is_empty() || !self.to_start.is_empty() {
            return restart;
        }
        // The last of the first has just been started.
        let ends = *self
            .head_start_ends
            .get_or_insert_with(|| Instant::now() + HEAD_START);
        Some(restart.map_or(ends, |restart| restart.min(ends)))
    }

    fn on_wake(&mut self) {
        match self.stopping {
            Some(Stopping::Asked(_)) => {
                if !self.by_pid.is_empty() {
                    self.pending.push_back(Event::Killed(self.by_pid.len()));
                }
                for pid in self.by_pid.keys() {
                    let _ = killpg(*pid, Signal::SIGKILL);
                }
                self.stopping = Some(Stopping::Killed(Instant::now() + AFTER_KILL));
            }
            Some(Stopping::Killed(_)) => {
                if !self.by_pid.is_empty() {
                    self.pending.push_back(Event::Left(self.by_pid.len()));
                }
                self.busy = 0;
            }
            None => {
                let now = Instant::now();
                if self.head_start_ends.is_some_and(|at| at <= now) {
                    self.start_all();
                }
                while let Some(Reverse((at, monitor))) = self.to_restart.peek().copied() {
                    if at > now {
                        break;
                    }
                    self.to_restart.pop();
                    self.to_start.push_back(monitor);
                }
            }
        }
    }

    fn start_one(&mut self) {
        let Some(monitor) = self.to_start.pop_front() else {
            return;
        };
        self.head_start_ends = None;
        let event = match self.launch(monitor) {
            Ok(pid) => Event::Started(monitor, pid),
            Err(error) => {
                self.slots[monitor].lifetime = Duration::ZERO;
                Event::NotStarted(monitor, error)
            }
        };
        self.pending.push_back(event);
    }

    fn launch(&mut self, monitor: usize) -> io::Result<u32> {
        let slot = &mut self.slots[monitor];
        let launched = self.launcher.launch(&slot.spec)?;
        // All that can fail comes before the slot knows of the process.
        let Streamed {
            pid,
            stdout,
            stderr,
        } = launched.streamed()?;
        let (alive, dead) = watch::channel(());
        slot.process = Some(Process {
            pid,
            started: Instant::now(),
            alive: Some(alive),
            open_streams: 2,
            status: None,
        });
        self.by_pid.insert(pid, monitor);
        self.busy += 1;
        let readers = [
            Reader::new(stdout, Stream::Stdout, self.wants_stdout),
            Reader::new(stderr, Stream::Stderr, true),
        ];
        for reader in readers {
            tokio::spawn(reader.run(monitor, self.reports_sender.clone(), dead.clone()));
        }
        Ok(number(pid))
    }

    fn on_report(&mut self, monitor: usize, report: Report) {
        let killed = matches!(self.stopping, Some(Stopping::Killed(_)));
        let event = match report {
            // What is left of a flood is of no use to anybody, and logging it takes time.
            Report::Line(..) | Report::Dropped(_) if killed => return,
            Report::Verdict(verdict) => Event::Verdict(monitor, verdict),
            Report::Line(stream, line) => Event::Line(monitor, stream, line),
            Report::Dropped(lines) => Event::Dropped(monitor, lines),
            Report::Closed => {
                if let Some(process) = &mut self.slots[monitor].process {
                    process.open_streams -= 1;
                }
                self.finish(monitor);
                return;
            }
        };
        self.pending.push_back(event);
    }

    /// The process is dead, its output read: it is over.
    fn finish(&mut self, monitor: usize) {
        let slot = &mut self.slots[monitor];
        let Some(process) = slot
            .process
            .take_if(|process| process.open_streams == 0 && process.status.is_some())
        else {
            return;
        };
        slot.lifetime = process.started.elapsed();
        self.busy = self.busy.saturating_sub(1);
        if let (None, Some(status)) = (self.stopping, process.status) {
            let event = Event::Ended(monitor, number(process.pid), status);
            self.pending.push_back(event);
        }
    }
}

/// The number of a process, as people write it.
fn number(pid: Pid) -> u32 {
    pid.as_raw().cast_unsigned()
}
