//! A check by a program.

use std::io;
use std::os::unix::process::ExitStatusExt;

use nix::poll::{PollFd, PollFlags};

use super::excerpt;
use super::probe::Program;
use super::reply::Expect;
use super::{Excerpt, Failure, Phase, errno};
use crate::child::{Ended, KEPT, Running, Stderr};

/// A running check program. Dropping it kills the program with its process group.
#[derive(Debug)]
pub(super) struct Run(Running);

impl Run {
    /// Starts the program without waiting for the exec.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(super) fn start(program: &Program) -> Result<Self, Failure> {
        // As much as the comparison and the log need: the expected bytes, a final newline, and one
        // byte to detect a longer output.
        let kept = match &program.expect {
            None => 0,
            Some(Expect::Bytes(expected)) => (expected.len() + 2).max(excerpt::LONGEST + 1),
            Some(Expect::Pattern(_)) => KEPT,
        };
        Running::start(&program.name, &program.arguments, Stderr::Dropped)
            .map(|running| Self(running.keep(kept)))
            .map_err(|error| match error.kind() {
                io::ErrorKind::ResourceBusy => Failure::Unreaped,
                _ => not_run(&error),
            })
    }

    /// The descriptors to poll.
    pub(super) fn sources(&self) -> [Option<PollFd<'_>>; 2] {
        let [exit, output, _] = self.0.sources();
        [exit, output].map(|fd| fd.map(|fd| PollFd::new(fd, PollFlags::POLLIN)))
    }

    /// Reads the available output; `None` while the program runs.
    pub(super) fn advance(&mut self, program: &Program) -> Option<Result<(), Failure>> {
        let ended = self.0.advance()?;
        Some(
            ended
                .map_err(|error| not_run(&error))
                .and_then(|ended| evaluate(program, &ended)),
        )
    }
}

fn not_run(error: &io::Error) -> Failure {
    Failure::System(Phase::Run, errno(error))
}

/// Evaluates a finished program: death by a signal fails; otherwise the output decides if one is
/// expected, else the exit status.
fn evaluate(program: &Program, ended: &Ended) -> Result<(), Failure> {
    match (ended.status.code(), &program.expect) {
        (None, _) => Err(Failure::Signal(ended.status.signal().unwrap_or(0))),
        (Some(0), None) => Ok(()),
        (Some(status), None) => Err(Failure::Status(status)),
        (Some(_), Some(expect)) if expect.accepts(&ended.output, ended.truncated) => Ok(()),
        (Some(_), Some(_)) => Err(Failure::Output(Excerpt::from(&*ended.output))),
    }
}
