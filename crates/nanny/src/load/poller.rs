//! Polls the load of the server independently of the checks, and logs failures.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use daemon::rate::RateLimit;

use super::Load;
use super::failure::Failure;
use super::query::{Answer, Query};
use crate::log::Message;
use crate::settings::Settings;
use crate::wait::Sources;

/// Delay of the first query after the server came in, so that a problem is logged soon. Not zero:
/// at a takeover all servers come in at the same moment, and the takeover must not be delayed.
const FIRST: Duration = Duration::from_secs(5);

/// Interval of the lines about failures.
const FAILURES: Duration = Duration::from_secs(3600);

/// When the load is queried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Schedule {
    /// Never: the server is out.
    Stopped,
    /// For the first time at this moment.
    First(Instant),
    /// At each step of the weight.
    Periodic,
}

/// Result of a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reply {
    /// The load.
    Load(Load),
    /// The tool is not installed: no further query is made.
    Unavailable,
}

/// Schedules the load queries.
#[derive(Debug)]
pub(crate) struct LoadPoller {
    query: Query,
    server: SocketAddr,
    schedule: Schedule,
    failures: RateLimit,
}

impl LoadPoller {
    /// Creates the poller; `None` if the settings name no source of load data.
    pub(crate) fn new(settings: &Settings) -> Option<Box<Self>> {
        Some(Box::new(Self {
            query: Query::new(settings)?,
            server: settings.server,
            schedule: Schedule::Stopped,
            failures: RateLimit::new(1, FAILURES),
        }))
    }

    /// The descriptors to poll.
    pub(crate) fn sources(&self) -> Sources<'_> {
        self.query.sources()
    }

    /// The next timer.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.schedule {
            Schedule::First(at) => Some(at),
            Schedule::Stopped | Schedule::Periodic => self.query.deadline(),
        }
    }

    /// Advances the query, or starts one: a first time [`FIRST`] after the server came in, then
    /// whenever `is_due`. A server that is out is not queried.
    pub(crate) fn step(
        &mut self,
        is_in: bool,
        is_due: bool,
        is_ready: bool,
        now: Instant,
    ) -> Option<Reply> {
        if !is_in {
            self.query.stop();
            self.schedule = Schedule::Stopped;
            return None;
        }
        if self.schedule == Schedule::Stopped {
            self.schedule = Schedule::First(now + FIRST);
        }
        let is_first = matches!(self.schedule, Schedule::First(at) if now >= at);
        let answer = if self.query.is_in_flight() {
            self.query.advance(is_ready, now)?
        } else if is_due || is_first {
            self.schedule = Schedule::Periodic;
            self.query.start(now)?
        } else {
            return None;
        };
        self.conclude(answer, now)
    }

    /// Logs the result of the query.
    fn conclude(&mut self, answer: Answer, now: Instant) -> Option<Reply> {
        let server = self.server;
        match answer {
            Ok(load) => {
                Message::Load { server, load }.log();
                Some(Reply::Load(load))
            }
            Err(Failure::Start(program, error)) if error.kind() == io::ErrorKind::NotFound => {
                let program = &program;
                Message::NoLoadTool { server, program }.log();
                Some(Reply::Unavailable)
            }
            Err(failure) => {
                if let Some(suppressed) = self.failures.allow(now) {
                    let failure = &failure;
                    Message::LoadFailed {
                        server,
                        failure,
                        suppressed,
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
