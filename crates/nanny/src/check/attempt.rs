//! One attempt, a step at a time: the loop waits for its descriptors together with everything
//! else, so that a stop takes effect in the middle of an attempt.

use std::time::{Duration, Instant};

use super::tcp::Exchange;
use super::{Failure, Target};
use crate::wait::Sources;

/// An attempt that is going on. Dropping it ends it, and leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Attempt {
    exchange: Exchange,
    started: Instant,
}

/// How an attempt ended, and how long it took.
pub(crate) struct Ended {
    pub(crate) outcome: Result<(), Failure>,
    pub(crate) took: Duration,
}

impl Attempt {
    /// Begins an attempt, without waiting.
    ///
    /// # Errors
    /// The failure that the system could tell at once.
    pub(crate) fn start(target: &Target, now: Instant) -> Result<Self, Failure> {
        Ok(Self {
            exchange: Exchange::start(target)?,
            started: now,
        })
    }

    /// What it waits for.
    pub(crate) fn sources(&self) -> Sources<'_> {
        [Some(self.exchange.source()), None, None]
    }

    /// The next moment at which it has something to do, whatever comes.
    pub(crate) fn deadline(&self, target: &Target) -> Instant {
        self.started + target.timeout
    }

    /// Goes on as far as the descriptors let it: `None` if it has to wait again.
    pub(crate) fn go_on(&mut self, target: &Target, is_ready: bool, now: Instant) -> Option<Ended> {
        // An answer that came in time counts, even where this process was late to look.
        let outcome = is_ready.then(|| self.exchange.advance(target)).flatten();
        let took = now.saturating_duration_since(self.started);
        match outcome {
            Some(outcome) => Some(Ended { outcome, took }),
            None if took >= target.timeout => Some(Ended {
                outcome: Err(Failure::TimedOut(self.exchange.act())),
                took: target.timeout,
            }),
            None => None,
        }
    }
}
