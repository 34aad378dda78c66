//! What a scenario that did not pass leaves for its reader: what happened, and the end of every log.

use crate::run::CONSOLE;
use std::fmt;
use std::path::{Path, PathBuf};

/// Lines of the console that a failure shows: a kernel's panic takes about forty.
const CONSOLE_TAIL: usize = 60;
/// Lines of each other log.
const LOG_TAIL: usize = 12;

/// Why a scenario did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The lab could not be started here.
    NotStarted,
    /// The story itself failed: an error or a panic.
    Story,
    /// The story did not end within its bound.
    TimedOut,
    /// The inside ended without a result: the guest crashed, or its result file is missing.
    Lost,
}

/// A scenario that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The scenario's name.
    pub scenario: String,
    /// What kind of failure.
    pub cause: Cause,
    /// What was said about it.
    pub message: String,
    /// Where the logs are. Empty if the lab did not get that far.
    pub logs: PathBuf,
    /// The end of each log, the console last.
    pub tails: Vec<(PathBuf, String)>,
}

impl Failure {
    pub(super) fn new(scenario: &str, cause: Cause, message: String, logs: &Path) -> Self {
        let mut tails = Vec::new();
        for path in log_files(logs) {
            tails.push((path.clone(), tail(&path, LOG_TAIL)));
        }
        let console = logs.join(CONSOLE);
        tails.push((console.clone(), tail(&console, CONSOLE_TAIL)));
        tails.retain(|(_, tail)| !tail.is_empty());
        Failure {
            scenario: scenario.to_owned(),
            cause,
            message,
            logs: logs.to_path_buf(),
            tails,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "scenario {}: {}", self.scenario, self.message)?;
        if !self.logs.as_os_str().is_empty() {
            writeln!(out, "  logs: {}", self.logs.display())?;
        }
        for (path, tail) in &self.tails {
            let name = path.strip_prefix(&self.logs).unwrap_or(path);
            writeln!(out, "  the end of {}:", name.display())?;
            for line in tail.lines() {
                writeln!(out, "  | {line}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// The logs of the hosts: `HOST/NAME.log`, in the order of their names.
fn log_files(dir: &Path) -> Vec<PathBuf> {
    let entries = |dir: &Path| {
        let found = std::fs::read_dir(dir).ok().into_iter().flatten();
        found.filter_map(|entry| Some(entry.ok()?.path()))
    };
    let is_log = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "log");
    let mut files: Vec<_> = entries(dir)
        .flat_map(|host| entries(&host))
        .filter(is_log)
        .collect();
    files.sort();
    files
}

/// The last lines of a log, without the carriage returns of a console.
fn tail(path: &Path, count: usize) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).replace('\r', "");
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_end_of_every_log() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("lvs1")).unwrap();
        let lines: String = (0..100)
            .map(|number| format!("line {number}\r\n"))
            .collect();
        std::fs::write(dir.path().join("lvs1/pulse.log"), &lines).unwrap();
        std::fs::write(dir.path().join("lvs1/syslog.log"), "").unwrap();
        std::fs::write(dir.path().join("lvs1/lvs.cf"), "service = lvs").unwrap();
        std::fs::write(dir.path().join(CONSOLE), &lines).unwrap();
        let text = Failure::new("a::b", Cause::Story, "no luck".into(), dir.path()).to_string();
        assert!(
            text.starts_with("scenario a::b: no luck\n  logs: "),
            "{text}"
        );
        assert!(
            text.contains("the end of lvs1/pulse.log:\n  | line 88\n"),
            "{text}"
        );
        assert!(
            text.contains("the end of console.log:\n  | line 40\n"),
            "{text}"
        );
        assert!(
            !text.contains("syslog.log") && !text.contains("lvs.cf"),
            "{text}"
        );
    }

    #[test]
    fn a_lab_that_did_not_start_has_no_logs() {
        let failure = Failure::new("a::b", Cause::NotStarted, "no kernel".into(), Path::new(""));
        assert_eq!(failure.to_string(), "scenario a::b: no kernel\n");
    }
}
