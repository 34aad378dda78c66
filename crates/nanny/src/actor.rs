//! The loop: performs the checks, asks the pure parts what they mean, does what they say.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::check::attempt::{Attempt, Ended};
use crate::check::{Failure, Target};
use crate::failures::Failures;
use crate::health::{Event, Force, Health, Verdict};
use crate::log::Message;
use crate::parent::Parent;
use crate::place::Place;
use crate::settings::Settings;
use crate::signals::{Request, Signals};
use crate::wait::{NO_SOURCES, Ready, wait};

/// What the loop works with.
pub(crate) struct Actor<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) target: &'a Target,
    pub(crate) signals: Signals,
    /// `None` where the parent's death is nothing to this process.
    pub(crate) parent: Option<Parent>,
    pub(crate) place: Place,
    pub(crate) health: Health,
    /// When the first attempt started.
    pub(crate) started: Instant,
    /// The attempt that is going on.
    pub(crate) attempt: Option<Attempt>,
    /// When the next attempt starts, unless one goes on longer.
    pub(crate) next_check: Instant,
    /// A verdict that is logged once the table is as it says.
    pub(crate) verdict: Option<Verdict>,
    pub(crate) failures: Failures,
}

impl Actor<'_> {
    /// Runs until a signal ends it.
    pub(crate) fn run(mut self) {
        loop {
            let ready = self.wait();
            if ready.signals {
                while let Some((number, request)) = self.signals.next() {
                    match request {
                        Request::Stop => return self.stop(number),
                        Request::Force(force) => self.force(force, number),
                    }
                }
            }
            let now = Instant::now();
            self.go_on(ready.attempt, now);
            self.step(Event::Tick, now);
            self.place.step(now);
        }
    }

    /// Waits for a signal, the attempt or the next timer.
    fn wait(&self) -> Ready {
        let attempt = self.attempt.as_ref();
        wait(
            self.deadline(),
            self.signals.as_fd(),
            attempt.map_or(NO_SOURCES, Attempt::sources),
            NO_SOURCES,
        )
    }

    /// The next moment at which something is to be done.
    fn deadline(&self) -> Instant {
        let check = match &self.attempt {
            Some(attempt) => attempt.deadline(self.target),
            None => self.next_check,
        };
        [self.health.deadline(), self.place.deadline()]
            .into_iter()
            .flatten()
            .fold(check, Instant::min)
    }

    /// Goes on with the attempt, or starts the next one when it is time.
    fn go_on(&mut self, is_ready: bool, now: Instant) {
        let Some(attempt) = &mut self.attempt else {
            if now >= self.next_check {
                self.begin(now);
            }
            return;
        };
        if let Some(Ended { outcome, took }) = attempt.go_on(self.target, is_ready, now) {
            self.attempt = None;
            self.finish(outcome, took, now);
        }
    }

    /// Starts an attempt.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.next_check = now + self.settings.interval;
        match Attempt::start(self.target, now) {
            Ok(attempt) => self.attempt = Some(attempt),
            Err(failure) => self.finish(Err(failure), Duration::ZERO, now),
        }
    }

    /// Draws the consequences of an attempt.
    pub(crate) fn finish(&mut self, outcome: Result<(), Failure>, took: Duration, now: Instant) {
        let server = self.settings.server;
        match outcome {
            Ok(()) => {
                self.failures.passed();
                Message::Passed { server, took }.log();
            }
            Err(failure) => {
                if let Some(untold) = self.failures.failed(failure, now) {
                    Message::Failed {
                        server,
                        failure,
                        untold,
                    }
                    .log();
                }
            }
        }
        // A server that is in the table from before goes out by the rules, like any other.
        if outcome.is_err() && self.place.adopt(now) {
            self.step(Event::Found, self.started);
        }
        let event = outcome.map_or(Event::Fail, |()| Event::Pass);
        self.step(event, now);
        // What could not be done to the table is tried again at each check.
        self.settle(now);
    }

    /// Takes in an event, and does what it means.
    fn step(&mut self, event: Event, now: Instant) {
        let Some(verdict) = self.health.step(event, now) else {
            return;
        };
        match verdict {
            Verdict::In => self.place.take_in(now),
            Verdict::Out => self.place.take_out(),
            Verdict::NotYet => {}
        }
        self.verdict = Some(verdict);
        self.settle(now);
    }

    /// Makes the table as it is to be, and says so when it is.
    fn settle(&mut self, now: Instant) {
        if !self.place.settle(now) {
            return;
        }
        let server = self.settings.server;
        match self.verdict.take() {
            Some(Verdict::In) => Message::Active { server }.log(),
            Some(Verdict::Out) if self.health.is_forced() => Message::ForcedOut { server }.log(),
            Some(Verdict::Out) => Message::Inactive { server }.log(),
            Some(Verdict::NotYet) => Message::NotYet { server }.log(),
            None => {}
        }
    }

    /// Takes in a signal that says who decides.
    fn force(&mut self, force: Force, signal: u32) {
        Message::Forced { force, signal }.log();
        self.step(Event::Force(force), Instant::now());
    }

    /// Ends: takes the server out, unless the table belongs to the parent's successor.
    fn stop(mut self, signal: u32) {
        if self.parent.is_some_and(Parent::is_gone) {
            return Message::Orphaned.log();
        }
        self.place.take_out();
        self.place.settle(Instant::now());
        Message::Terminating { signal }.log();
    }
}
