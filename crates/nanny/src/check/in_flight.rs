//! One check in flight, advanced step by step: the event loop polls its descriptors together with
//! all others, so that a signal takes effect in the middle of a check.
//!
//! A healthy server answers within milliseconds. At each quarter of the timeout without a decision
//! an ICMP echo is sent to the host, unless it has accepted a connection, so that the log
//! distinguishes an unreachable host from a failed service; and a UDP request is sent again, as it
//! may have been lost.

use std::time::{Duration, Instant};

use super::dialogue::Dialogue;
use super::echo::Echo;
use super::probe::{Probe, Program};
use super::{Failure, Host, Phase, Target, program, tcp, udp};
use crate::wait::{MAX_SOURCES, Sources};

/// Number of parts of the timeout.
const PARTS: u32 = 4;

/// A check in flight. Dropping it cancels it and releases its resources.
#[derive(Debug)]
pub(crate) struct Check<'a> {
    driver: Driver<'a>,
    started: Instant,
    /// Number of elapsed parts of the timeout.
    parts: u32,
    /// The ICMP echo, once one was sent.
    echo: Option<Echo>,
}

/// The protocol of a check.
#[derive(Debug)]
enum Driver<'a> {
    Tcp(tcp::Exchange, &'a Dialogue),
    Udp(udp::Exchange, &'a Dialogue),
    Program(program::Run, &'a Program),
}

/// Result and duration of a check.
pub(crate) struct Ended {
    pub(crate) outcome: Result<(), Failure>,
    pub(crate) took: Duration,
}

impl<'a> Check<'a> {
    /// Starts a check without blocking.
    ///
    /// # Errors
    /// A failure that the system reports at once.
    pub(crate) fn start(target: &Target<'a>, now: Instant) -> Result<Self, Failure> {
        let driver = match target.probe {
            Probe::Tcp(dialogue) => Driver::Tcp(tcp::Exchange::start(target)?, dialogue),
            Probe::Udp(dialogue) => Driver::Udp(udp::Exchange::start(target)?, dialogue),
            Probe::Program(program) => Driver::Program(program::Run::start(program)?, program),
        };
        Ok(Self {
            driver,
            started: now,
            parts: 0,
            echo: None,
        })
    }

    /// The descriptors to poll.
    pub(crate) fn sources(&self) -> Sources<'_> {
        let echo = self.echo.as_ref().and_then(Echo::source);
        match &self.driver {
            Driver::Tcp(exchange, _) => [Some(exchange.source()), None, echo],
            Driver::Udp(exchange, _) => [Some(exchange.source()), None, echo],
            Driver::Program(run, _) => {
                let [exit, output] = run.sources();
                [exit, output, echo]
            }
        }
    }

    /// The next timer of the check.
    pub(crate) fn deadline(&self, target: &Target<'_>) -> Instant {
        self.started + target.timeout * (self.parts + 1) / PARTS
    }

    /// Advances the check as far as possible without blocking; `None` while it is undecided.
    pub(crate) fn advance(
        &mut self,
        target: &Target<'_>,
        ready: [bool; MAX_SOURCES],
        now: Instant,
    ) -> Option<Ended> {
        let took = now.saturating_duration_since(self.started);
        let [first, second, is_echo_ready] = ready;
        if is_echo_ready && let Some(echo) = &mut self.echo {
            echo.receive();
        }
        // A reply within the timeout counts, even if this process reads it late.
        if (first || second)
            && let Some(outcome) = self.advance_driver(target)
        {
            return Some(Ended { outcome, took });
        }
        if now >= self.deadline(target) {
            let is_last = took >= target.timeout;
            let outcome = match self.conclude(is_last) {
                Ok(()) => Ok(()),
                Err(phase) if is_last => Err(Failure::TimedOut(phase, self.host())),
                Err(_) => {
                    self.end_part(target, now);
                    return None;
                }
            };
            let took = took.min(target.timeout);
            return Some(Ended { outcome, took });
        }
        None
    }

    fn advance_driver(&mut self, target: &Target<'_>) -> Option<Result<(), Failure>> {
        match &mut self.driver {
            Driver::Tcp(exchange, dialogue) => exchange.advance(target, dialogue),
            Driver::Udp(exchange, dialogue) => exchange.advance(dialogue),
            Driver::Program(run, program) => run.advance(program),
        }
    }

    fn end_part(&mut self, target: &Target<'_>, now: Instant) {
        // Skip the parts that elapsed during a stall.
        while now >= self.deadline(target) {
            self.parts += 1;
        }
        if !self.is_connected() {
            self.echo
                .get_or_insert_with(|| Echo::new(target.address))
                .send();
        }
        if let Driver::Udp(exchange, _) = &mut self.driver {
            exchange.resend();
        }
    }

    /// Returns the phase that is still pending, unless the reply so far is sufficient.
    fn conclude(&mut self, is_last: bool) -> Result<(), Phase> {
        match &mut self.driver {
            Driver::Tcp(exchange, dialogue) => exchange.conclude(dialogue, is_last),
            Driver::Udp(exchange, dialogue) => exchange.conclude(dialogue, is_last),
            Driver::Program(..) => Err(Phase::Run),
        }
    }

    /// The result of the echo, unless the host has accepted a connection.
    fn host(&self) -> Host {
        let echo = self.echo.as_ref().filter(|_| !self.is_connected());
        echo.map_or(Host::Unknown, Echo::host)
    }

    /// Whether the host has accepted a connection.
    fn is_connected(&self) -> bool {
        match &self.driver {
            Driver::Tcp(exchange, _) => exchange.is_connected(),
            Driver::Udp(..) | Driver::Program(..) => false,
        }
    }
}

#[cfg(test)]
mod tests;
