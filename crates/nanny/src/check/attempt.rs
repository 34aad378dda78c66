//! One attempt, a step at a time: the loop waits for its descriptors together with everything
//! else, so that a stop takes effect in the middle of an attempt.
//!
//! A server that is well answers within milliseconds. At each quarter of the time that passes
//! without a decision its host is sent an ICMP echo, unless it has accepted a connection, so that the
//! log can tell a dead host from a dead service; and a request over UDP is sent again, as it may have
//! been lost.

use std::time::{Duration, Instant};

use super::dialogue::Dialogue;
use super::echo::Echo;
use super::question::{Program, Question};
use super::{Act, Failure, Host, Target, program, tcp, udp};
use crate::wait::{MOST, Sources};

/// Into how many parts the time is divided.
const PARTS: u32 = 4;

/// An attempt that is going on. Dropping it ends it, and leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    way: Way<'a>,
    started: Instant,
    /// How many parts of its time have passed.
    parts: u32,
    /// The second opinion, once one is asked for.
    echo: Option<Echo>,
}

/// The way that a question goes.
#[derive(Debug)]
enum Way<'a> {
    Tcp(tcp::Exchange, &'a Dialogue),
    Udp(udp::Exchange, &'a Dialogue),
    Program(program::Run, &'a Program),
}

/// How an attempt ended, and how long it took.
pub(crate) struct Ended {
    pub(crate) outcome: Result<(), Failure>,
    pub(crate) took: Duration,
}

impl<'a> Attempt<'a> {
    /// Begins an attempt, without waiting.
    ///
    /// # Errors
    /// The failure that the system could tell at once.
    pub(crate) fn start(target: &Target<'a>, now: Instant) -> Result<Self, Failure> {
        let way = match target.question {
            Question::Tcp(dialogue) => Way::Tcp(tcp::Exchange::start(target)?, dialogue),
            Question::Udp(dialogue) => Way::Udp(udp::Exchange::start(target)?, dialogue),
            Question::Program(program) => Way::Program(program::Run::start(program)?, program),
        };
        Ok(Self {
            way,
            started: now,
            parts: 0,
            echo: None,
        })
    }

    /// What it waits for.
    pub(crate) fn sources(&self) -> Sources<'_> {
        let echo = self.echo.as_ref().and_then(Echo::source);
        match &self.way {
            Way::Tcp(exchange, _) => [Some(exchange.source()), None, echo],
            Way::Udp(exchange, _) => [Some(exchange.source()), None, echo],
            Way::Program(run, _) => {
                let [exit, output] = run.sources();
                [exit, output, echo]
            }
        }
    }

    /// The next moment at which it has something to do, whatever comes.
    pub(crate) fn deadline(&self, target: &Target<'_>) -> Instant {
        self.started + target.timeout * (self.parts + 1) / PARTS
    }

    /// Goes on as far as the descriptors let it: `None` if it has to wait again.
    pub(crate) fn go_on(
        &mut self,
        target: &Target<'_>,
        ready: [bool; MOST],
        now: Instant,
    ) -> Option<Ended> {
        let took = now.saturating_duration_since(self.started);
        let [first, second, is_echo_ready] = ready;
        if is_echo_ready && let Some(echo) = &mut self.echo {
            echo.listen();
        }
        // An answer that came in time counts, even where this process was late to look.
        if (first || second)
            && let Some(outcome) = self.advance(target)
        {
            return Some(Ended { outcome, took });
        }
        if now >= self.deadline(target) {
            let is_last = took >= target.timeout;
            let outcome = match self.so_far(is_last) {
                Ok(()) => Ok(()),
                Err(act) if is_last => Err(Failure::TimedOut(act, self.host())),
                Err(_) => {
                    self.part_is_over(target, now);
                    return None;
                }
            };
            let took = took.min(target.timeout);
            return Some(Ended { outcome, took });
        }
        None
    }

    fn advance(&mut self, target: &Target<'_>) -> Option<Result<(), Failure>> {
        match &mut self.way {
            Way::Tcp(exchange, dialogue) => exchange.advance(target, dialogue),
            Way::Udp(exchange, dialogue) => exchange.advance(dialogue),
            Way::Program(run, program) => run.advance(program),
        }
    }

    fn part_is_over(&mut self, target: &Target<'_>, now: Instant) {
        // Parts that were slept through are not made up for.
        while now >= self.deadline(target) {
            self.parts += 1;
        }
        if !self.is_connected() {
            self.echo
                .get_or_insert_with(|| Echo::new(target.address))
                .ask();
        }
        if let Way::Udp(exchange, _) = &mut self.way {
            exchange.again();
        }
    }

    /// What is still to be done, unless what has come is enough.
    fn so_far(&mut self, is_last: bool) -> Result<(), Act> {
        match &mut self.way {
            Way::Tcp(exchange, dialogue) => exchange.so_far(dialogue, is_last),
            Way::Udp(exchange, dialogue) => exchange.so_far(dialogue, is_last),
            Way::Program(..) => Err(Act::Run),
        }
    }

    /// What a ping says of the host, where the host has not spoken for itself.
    fn host(&self) -> Host {
        let echo = self.echo.as_ref().filter(|_| !self.is_connected());
        echo.map_or(Host::NotAsked, Echo::host)
    }

    /// Whether the host has accepted a connection.
    fn is_connected(&self) -> bool {
        match &self.way {
            Way::Tcp(exchange, _) => exchange.is_connected(),
            Way::Udp(..) | Way::Program(..) => false,
        }
    }
}

#[cfg(test)]
mod tests;
