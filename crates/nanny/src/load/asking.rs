//! The load of the server, beside the checks: when it is asked for, and what is said of that.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use daemon::rate::RateLimit;

use super::Load;
use super::failure::Failure;
use super::question::{Answer, Questions};
use crate::log::Message;
use crate::settings::Settings;
use crate::wait::Sources;

/// So long after the server came in it is asked for, for the first time, so that a problem is known
/// soon. Not at once: a takeover lets every server in at the same moment, and is in a hurry.
const FIRST: Duration = Duration::from_secs(5);

/// Failures are logged at most once in this time.
const FAILURES: Duration = Duration::from_secs(3600);

/// When the server is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It is out: not at all.
    Out,
    /// For the first time at this moment.
    First(Instant),
    /// When it is due.
    WhenDue,
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Heard {
    /// The load.
    Load(Load),
    /// The tool is not installed: there is nothing to ask for, now or later.
    Never,
}

/// The questions for the load, in their time.
#[derive(Debug)]
pub(crate) struct Asking {
    questions: Questions,
    server: SocketAddr,
    turn: Turn,
    failures: RateLimit,
}

impl Asking {
    /// The questions that the settings want; `None` where they want none.
    pub(crate) fn new(settings: &Settings) -> Option<Box<Self>> {
        Some(Box::new(Self {
            questions: Questions::new(settings)?,
            server: settings.server,
            turn: Turn::Out,
            failures: RateLimit::new(1, FAILURES),
        }))
    }

    /// What the question waits for.
    pub(crate) fn sources(&self) -> Sources<'_> {
        self.questions.sources()
    }

    /// The next moment at which there is something to do, whatever comes.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.turn {
            Turn::First(at) => Some(at),
            Turn::Out | Turn::WhenDue => self.questions.deadline(),
        }
    }

    /// Goes on. A server that is in is asked for when it is due, and for a first time soon after it
    /// came in; one that is out is not asked for.
    pub(crate) fn step(
        &mut self,
        is_in: bool,
        is_due: bool,
        is_ready: bool,
        now: Instant,
    ) -> Option<Heard> {
        if !is_in {
            self.questions.stop();
            self.turn = Turn::Out;
            return None;
        }
        if self.turn == Turn::Out {
            self.turn = Turn::First(now + FIRST);
        }
        let is_first = matches!(self.turn, Turn::First(at) if now >= at);
        let answer = if self.questions.is_going() {
            self.questions.go_on(is_ready, now)?
        } else if is_due || is_first {
            self.turn = Turn::WhenDue;
            self.questions.begin(now)?
        } else {
            return None;
        };
        self.conclude(answer, now)
    }

    /// Says what came of the question.
    fn conclude(&mut self, answer: Answer, now: Instant) -> Option<Heard> {
        let server = self.server;
        match answer {
            Ok(load) => {
                Message::Load { server, load }.log();
                Some(Heard::Load(load))
            }
            Err(Failure::Start(program, error)) if error.kind() == io::ErrorKind::NotFound => {
                let program = &program;
                Message::NoLoadTool { server, program }.log();
                Some(Heard::Never)
            }
            Err(failure) => {
                if let Some(untold) = self.failures.allow(now) {
                    let failure = &failure;
                    Message::LoadFailed {
                        server,
                        failure,
                        untold,
                    }
                    .log();
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
