//! A program that says whether the server is well.

use std::io;
use std::os::unix::process::ExitStatusExt;

use nix::poll::{PollFd, PollFlags};

use super::excerpt;
use super::question::Program;
use super::reply::Expect;
use super::{Act, Excerpt, Failure, errno};
use crate::child::{Ended, KEPT, Running, Stderr};

/// A run of the program. Dropping it kills the program with its process group.
#[derive(Debug)]
pub(super) struct Run(Running);

impl Run {
    /// Starts the program, without waiting for it to be run.
    ///
    /// # Errors
    /// What the system said.
    pub(super) fn start(program: &Program) -> Result<Self, Failure> {
        // What decides: of bytes, one final newline, and one more where there is more; and what the
        // log shows.
        let kept = match &program.expect {
            None => 0,
            Some(Expect::Bytes(expected)) => (expected.len() + 2).max(excerpt::LONGEST + 1),
            Some(Expect::Pattern(_)) => KEPT,
        };
        Running::start(&program.name, &program.arguments, Stderr::Dropped)
            .map(|running| Self(running.keep(kept)))
            .map_err(|error| match error.kind() {
                io::ErrorKind::ResourceBusy => Failure::Undead,
                _ => not_run(&error),
            })
    }

    /// What it waits for.
    pub(super) fn sources(&self) -> [Option<PollFd<'_>>; 2] {
        let [exit, output, _] = self.0.sources();
        [exit, output].map(|fd| fd.map(|fd| PollFd::new(fd, PollFlags::POLLIN)))
    }

    /// Reads what there is: `None` while the program runs, else pass or failure.
    pub(super) fn advance(&mut self, program: &Program) -> Option<Result<(), Failure>> {
        let ended = self.0.advance()?;
        Some(
            ended
                .map_err(|error| not_run(&error))
                .and_then(|ended| judge(program, &ended)),
        )
    }
}

fn not_run(error: &io::Error) -> Failure {
    Failure::System(Act::Run, errno(error))
}

/// What the end of a program means. One that a signal ended has not said its last word; else its
/// output decides where one is expected, and its status where none is.
fn judge(program: &Program, ended: &Ended) -> Result<(), Failure> {
    match (ended.status.code(), &program.expect) {
        (None, _) => Err(Failure::Signal(ended.status.signal().unwrap_or(0))),
        (Some(0), None) => Ok(()),
        (Some(status), None) => Err(Failure::Status(status)),
        (Some(_), Some(expect)) if expect.accepts(&ended.output, ended.truncated) => Ok(()),
        (Some(_), Some(_)) => Err(Failure::Output(Excerpt::from(&*ended.output))),
    }
}
