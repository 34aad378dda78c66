//! Reads what a monitor writes: verdicts at once, other lines within bounds.

use std::io;
use std::time::Duration;

use daemon::rate::RateLimit;
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::lines::Lines;
use crate::verdict::{Verdict, verdict};

/// Lines taken from one stream in a second; the rest are counted.
const LINES_PER_SECOND: u32 = 50;
const SECOND: Duration = Duration::from_secs(1);
/// Bytes read from one stream per [`WINDOW`]. A monitor that writes more has to wait: its flood
/// must not take the processor from the others.
const BYTES_PER_WINDOW: usize = 64 * 1024;
const WINDOW: Duration = Duration::from_millis(100);
/// How long a dead monitor's stream may stay open: a child of its own that got away may hold it.
const AFTER_DEATH: Duration = Duration::from_millis(100);

/// Which of a monitor's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Verdicts and, with `-n`, what the admin reads.
    Stdout,
    /// What is always logged.
    Stderr,
}

/// What a stream brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The monitor changed its mind. Of many verdicts read at once only the last counts.
    Verdict(Verdict),
    /// A line.
    Line(Stream, Vec<u8>),
    /// Lines that were dropped since the last such report. It comes before the next line that is
    /// not, within a second of the first of them, and before the end.
    Dropped(u64),
    /// The stream ended.
    Closed,
}

/// One end of a pipe and what is done with it.
pub(super) struct Reader {
    pipe: pipe::Receiver,
    stream: Stream,
    /// Whether lines that are no verdicts are wanted.
    wants_lines: bool,
    lines: Lines,
    limit: Limit,
    said: Option<Verdict>,
}

/// How a bout of reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bout {
    /// There is nothing more for now.
    Empty,
    /// There is more than may be read now.
    Flood,
    /// There will be nothing more.
    End,
}

impl Reader {
    pub(super) fn new(pipe: pipe::Receiver, stream: Stream, wants_lines: bool) -> Self {
        Self {
            pipe,
            stream,
            wants_lines,
            lines: Lines::default(),
            limit: Limit::new(),
            said: None,
        }
    }

    /// Sends reports under the monitor's number until the stream ends. Once the sender of `alive` is
    /// dropped the monitor is dead, and the stream is given [`AFTER_DEATH`] to end.
    pub(super) async fn run(
        mut self,
        monitor: usize,
        reports: mpsc::Sender<(usize, Report)>,
        mut alive: watch::Receiver<()>,
    ) {
        let mut give_up = None;
        loop {
            let wake = [give_up, self.limit.tell_at].into_iter().flatten().min();
            let last = tokio::select! {
                biased;
                readable = self.pipe.readable() => readable.is_err(),
                _ = alive.changed(), if give_up.is_none() => {
                    give_up = Some(Instant::now() + AFTER_DEATH);
                    continue;
                }
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => false,
            };
            let last = last || give_up.is_some_and(|at| at <= Instant::now());
            let (bout, news) = self.read(last);
            for report in news {
                if reports.send((monitor, report)).await.is_err() {
                    return;
                }
            }
            if last || bout == Bout::End {
                break;
            }
            if bout == Bout::Flood && give_up.is_none() {
                // A dead monitor has written all it will, so there is no need to hold it back.
                let _ = timeout(WINDOW, alive.changed()).await;
            }
        }
        // Nobody to tell: the set of monitors is gone.
        let _ = reports.send((monitor, Report::Closed)).await;
    }

    /// Reads what is there, within bounds. The `last` bout gives the unfinished line too.
    fn read(&mut self, last: bool) -> (Bout, Vec<Report>) {
        let mut news = News::default();
        let mut buffer = [0; 4096];
        let mut read = 0;
        let bout = loop {
            if read >= BYTES_PER_WINDOW {
                break Bout::Flood;
            }
            match self.pipe.try_read(&mut buffer) {
                Ok(0) => break Bout::End,
                Ok(length) => {
                    read += length;
                    let taker = (self.stream, self.wants_lines);
                    self.lines
                        .push(&buffer[..length], |l| news.line(l, taker, &mut self.limit));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Bout::Empty,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break Bout::End,
            }
        };
        let last = last || bout == Bout::End;
        if last {
            let taker = (self.stream, self.wants_lines);
            self.lines
                .end(|line| news.line(line, taker, &mut self.limit));
        }
        let is_due = |at| at <= Instant::now();
        if last || self.limit.tell_at.is_some_and(is_due) {
            news.dropped(self.limit.take());
        }
        if news.verdict.is_some() && news.verdict != self.said {
            self.said = news.verdict;
            // First: whether addresses go up waits for it.
            news.reports.splice(0..0, news.verdict.map(Report::Verdict));
        }
        (bout, news.reports)
    }
}

/// What one bout of reading brought.
#[derive(Default)]
struct News {
    verdict: Option<Verdict>,
    reports: Vec<Report>,
}

impl News {
    fn line(&mut self, line: &[u8], (stream, wanted): (Stream, bool), limit: &mut Limit) {
        if stream == Stream::Stdout {
            self.verdict = verdict(line).or(self.verdict);
        }
        if !wanted {
            return;
        }
        if limit.allows() {
            self.dropped(limit.take());
            self.reports.push(Report::Line(stream, line.to_vec()));
        }
    }

    fn dropped(&mut self, lines: u64) {
        if lines > 0 {
            self.reports.push(Report::Dropped(lines));
        }
    }
}

/// How many lines are taken, and how many were dropped that nobody knows of yet.
struct Limit {
    rate: RateLimit,
    dropped: u64,
    /// When the dropped ones are told even if no line is let through that says so.
    tell_at: Option<Instant>,
}

impl Limit {
    fn new() -> Self {
        Self {
            rate: RateLimit::new(LINES_PER_SECOND, SECOND),
            dropped: 0,
            tell_at: None,
        }
    }

    /// Whether a line may pass now. One that may not is counted.
    fn allows(&mut self) -> bool {
        let now = Instant::now();
        let is_allowed = self.rate.allow(now.into_std()).is_some();
        if !is_allowed {
            self.dropped = self.dropped.saturating_add(1);
            self.tell_at.get_or_insert(now + SECOND);
        }
        is_allowed
    }

    /// How many were dropped since this was asked last.
    fn take(&mut self) -> u64 {
        self.tell_at = None;
        std::mem::take(&mut self.dropped)
    }
}
