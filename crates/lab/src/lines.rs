//! Lines with the time they came: what a program prints, what a host's syslog gets.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// A datagram to `/dev/log`, with its priority prefix `<N>`.
    Syslog,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When the lab read it (monotonic).
    pub at: Instant,
    /// Where it came from.
    pub source: Source,
    /// The text, without its line end. Bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// A growing list of lines, also written to a file as they come. Clones share the list.
#[derive(Clone, Debug)]
pub struct LineLog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    grown: Condvar,
    path: PathBuf,
    epoch: Instant,
}

#[derive(Debug)]
struct State {
    lines: Vec<Line>,
    file: File,
}

impl LineLog {
    /// An empty log that writes to `path`, times counted from `epoch`.
    pub(crate) fn create(path: &Path, epoch: Instant) -> Result<Self> {
        let file = File::create(path).map_err(Error::io(format!("create {}", path.display())))?;
        let state = Mutex::new(State {
            lines: Vec::new(),
            file,
        });
        let shared = Shared {
            state,
            grown: Condvar::new(),
            path: path.to_path_buf(),
            epoch,
        };
        Ok(LineLog {
            shared: Arc::new(shared),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, source: Source, bytes: &[u8]) {
        let at = Instant::now();
        let text = String::from_utf8_lossy(bytes)
            .trim_end_matches(['\n', '\r', '\0'])
            .to_owned();
        let seconds = at
            .saturating_duration_since(self.shared.epoch)
            .as_secs_f64();
        let mut state = self.state();
        // A log that cannot be written is no reason to fail: the lines are in memory.
        let _ = writeln!(state.file, "[{seconds:11.6}] {text}");
        state.lines.push(Line { at, source, text });
        drop(state);
        self.shared.grown.notify_all();
    }

    /// The file that has the same lines, each with its time since the lab began.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<Line> {
        self.state().lines.clone()
    }

    /// All lines so far as one text.
    pub fn text(&self) -> String {
        self.state()
            .lines
            .iter()
            .map(|line| line.text.clone() + "\n")
            .collect()
    }

    /// How many lines so far contain `pattern`.
    pub fn count(&self, pattern: &str) -> usize {
        self.state()
            .lines
            .iter()
            .filter(|line| line.text.contains(pattern))
            .count()
    }

    /// The first line that contains `pattern`, from the beginning of the log: waits for it if it
    /// has not come yet.
    pub fn wait_line(&self, pattern: &str, limit: Duration) -> Result<Line> {
        self.wait_line_where(pattern, limit, |line| line.text.contains(pattern))
    }

    /// The first line read after `since` that contains `pattern`.
    pub fn wait_line_after(&self, since: Instant, pattern: &str, limit: Duration) -> Result<Line> {
        self.wait_line_where(pattern, limit, |line| {
            line.at > since && line.text.contains(pattern)
        })
    }

    fn wait_line_where(
        &self,
        pattern: &str,
        limit: Duration,
        fits: impl Fn(&Line) -> bool,
    ) -> Result<Line> {
        let deadline = Instant::now() + limit;
        let mut state = self.state();
        let mut seen = 0;
        loop {
            if let Some(line) = state.lines[seen..].iter().find(|line| fits(line)) {
                return Ok(line.clone());
            }
            seen = state.lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let name = self.shared.path.display();
                return Err(Error::TimedOut {
                    what: format!("{pattern:?} in {name}"),
                    limit,
                });
            }
            state = self
                .shared
                .grown
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (tempfile::TempDir, LineLog) {
        let dir = tempfile::tempdir().unwrap();
        let log = LineLog::create(&dir.path().join("log"), Instant::now()).unwrap();
        (dir, log)
    }

    #[test]
    fn waits_for_a_line_that_comes_later() {
        let (_dir, log) = log();
        log.push(Source::Out, b"one\n");
        let writer = log.clone();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            writer.push(Source::Err, b"two\r\n");
        });
        let line = log.wait_line("tw", Duration::from_secs(5)).unwrap();
        thread.join().unwrap();
        assert_eq!((line.source, line.text.as_str()), (Source::Err, "two"));
        assert_eq!(log.text(), "one\ntwo\n");
        let file = std::fs::read_to_string(log.path()).unwrap();
        assert!(file.lines().nth(1).unwrap().ends_with("] two"), "{file}");
    }

    #[test]
    fn gives_up_in_time_and_does_not_take_old_lines() {
        let (_dir, log) = log();
        log.push(Source::Out, b"again");
        let now = Instant::now();
        let error = log
            .wait_line_after(now, "again", Duration::from_millis(10))
            .unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }));
        log.push(Source::Out, b"again");
        assert!(
            log.wait_line_after(now, "again", Duration::from_millis(10))
                .is_ok()
        );
        assert_eq!(log.count("again"), 2);
    }
}
