//! The demo: the HOWTO's cluster serves, loses its active router, and goes on serving. Played in
//! the lab, told on a screen, every sentence checked before it is shown.
//!
//! `cargo xtask demo` builds this program and runs it. It writes what it shows to the file
//! `narration` in the run's directory, which `xtask` copies to the terminal as it grows: the console
//! of a guest has the kernel's messages too.

mod comeback;
mod picture;
mod router;
mod screen;
mod start;
mod story;
mod takeover;
mod timeline;
mod traffic;

use lab::{Cause, Failure};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// The name of the run, and of the directory of its logs.
const NAME: &str = "demo";
/// How long the story may take. The boot of a guest does not count.
const BOUND: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    match lab::try_scenario(NAME, BOUND, story::tell) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprint!("{}", report(&failure));
            ExitCode::FAILURE
        }
    }
}

/// How the logs end, and, last because it is what the eye falls on: what was expected, what was
/// seen, and where the logs are.
fn report(failure: &Failure) -> String {
    let mut text = String::new();
    for (path, tail) in &failure.tails {
        let name = path.strip_prefix(&failure.logs).unwrap_or(path);
        if failure.cause == Cause::Story && !tells_of_the_story(name) {
            continue;
        }
        let _ = writeln!(text, "\nthe end of {}:", name.display());
        for line in tail.lines() {
            let _ = writeln!(text, "| {line}");
        }
    }
    let what = match failure.cause {
        Cause::NotStarted => "the lab did not start",
        Cause::Story => "a promise was not kept",
        Cause::TimedOut | Cause::Lost => "the story came to no end",
    };
    let _ = writeln!(text, "\ndemo: {what}");
    for line in failure.message.lines() {
        let _ = writeln!(text, "  {line}");
    }
    if !failure.logs.as_os_str().is_empty() {
        let _ = writeln!(text, "  logs:     {}", failure.logs.display());
    }
    text
}

/// The log of a program. What it says to syslog is the same, and the guest's console is of use only
/// where the guest itself is in doubt.
fn tells_of_the_story(log: &Path) -> bool {
    let on_a_host = log.parent().is_some_and(|dir| !dir.as_os_str().is_empty());
    on_a_host && !log.ends_with("syslog.log")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(cause: Cause) -> Failure {
        Failure {
            scenario: NAME.into(),
            cause,
            message: "expected: rain\nseen:     sun".into(),
            logs: "/logs/demo".into(),
            tails: vec![
                ("/logs/demo/lvs1/pulse.log".into(), "one\ntwo".into()),
                ("/logs/demo/lvs1/syslog.log".into(), "<30>one".into()),
                ("/logs/demo/console.log".into(), "boot".into()),
            ],
        }
    }

    #[test]
    fn a_broken_promise_is_reported_with_the_logs_of_the_programs() {
        assert_eq!(
            report(&failure(Cause::Story)),
            "\nthe end of lvs1/pulse.log:\n| one\n| two\n\ndemo: a promise was not kept\n  \
             expected: rain\n  seen:     sun\n  logs:     /logs/demo\n"
        );
    }

    #[test]
    fn a_lost_guest_is_reported_with_it() {
        let text = report(&failure(Cause::Lost));
        assert!(text.contains("the end of console.log:\n| boot\n"), "{text}");
    }
}
