//! The loop: performs the checks, asks the pure parts what they mean, does what they say.

use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::check::attempt::{Attempt, Ended};
use crate::check::{Failure, Target};
use crate::failover::{End, Watch};
use crate::failures::Failures;
use crate::health::{Event, Force, Health, News, Verdict};
use crate::load::asking::{Asking, Heard};
use crate::log::Message;
use crate::parent::Parent;
use crate::place::Place;
use crate::settings::{Kind, Settings};
use crate::signals::{Request, Signals};
use crate::wait::{MOST, NO_SOURCES, Ready, wait};

/// What the loop works with.
pub(crate) struct Actor<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) target: &'a Target<'a>,
    pub(crate) signals: Signals,
    /// `None` where the parent's death is nothing to this process.
    pub(crate) parent: Option<Parent>,
    pub(crate) place: Place,
    pub(crate) health: Health,
    /// When the first attempt started.
    pub(crate) started: Instant,
    /// The attempt that is going on.
    pub(crate) attempt: Option<Attempt<'a>>,
    /// When the next attempt starts, unless one goes on longer.
    pub(crate) next_check: Instant,
    /// The questions for the server's load; `None` where it is not read.
    pub(crate) load: Option<Box<Asking>>,
    /// A verdict that is logged once the table is as it says.
    pub(crate) verdict: Option<Verdict>,
    pub(crate) failures: Failures,
    /// The watch of a failover service, where it is one.
    pub(crate) watch: Option<Watch>,
    /// What that has come to.
    pub(crate) end: Option<End>,
}

impl Actor<'_> {
    /// Runs until a signal ends it, or a failover service that it watches. The status of the
    /// process.
    pub(crate) fn run(mut self) -> ExitCode {
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
            let is_due = self.place.step(now);
            self.ask_load(is_due, ready.load, now);
            // After the attempt: one that passed in time counts.
            let watch = self.watch.as_ref();
            if let Some(end) = self.end.or_else(|| watch?.tick(now)) {
                return self.over(end);
            }
        }
    }

    /// Waits for a signal, the attempt or the next timer.
    fn wait(&self) -> Ready {
        let (attempt, load) = (self.attempt.as_ref(), self.load.as_deref());
        wait(
            self.deadline(),
            self.signals.as_fd(),
            attempt.map_or(NO_SOURCES, Attempt::sources),
            load.map_or(NO_SOURCES, Asking::sources),
        )
    }

    /// The next moment at which something is to be done.
    fn deadline(&self) -> Instant {
        let check = match &self.attempt {
            Some(attempt) => attempt.deadline(self.target),
            None => self.next_check,
        };
        let watch = self.watch.as_ref().and_then(Watch::deadline);
        let load = self.load.as_deref().and_then(Asking::deadline);
        [self.health.deadline(), self.place.deadline(), watch, load]
            .into_iter()
            .flatten()
            .fold(check, Instant::min)
    }

    /// Goes on with the question for the load, or asks it when that is due.
    fn ask_load(&mut self, is_due: bool, is_ready: bool, now: Instant) {
        let Some(load) = &mut self.load else {
            return;
        };
        match load.step(self.place.is_in(), is_due, is_ready, now) {
            Some(Heard::Load(load)) => self.place.hear(load, now),
            Some(Heard::Never) => {
                self.load = None;
                self.place.go_without_load(now);
            }
            None => {}
        }
    }

    /// Goes on with the attempt, or starts the next one when it is time.
    fn go_on(&mut self, ready: [bool; MOST], now: Instant) {
        let Some(attempt) = &mut self.attempt else {
            if now >= self.next_check {
                self.begin(now);
            }
            return;
        };
        if let Some(Ended { outcome, took }) = attempt.go_on(self.target, ready, now) {
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
                if let Some(watch) = &mut self.watch {
                    watch.passed();
                }
                Message::Passed { server, took }.log();
            }
            Err(failure) => {
                if let Some(untold) = self.failures.failed(failure, now) {
                    Message::Failed {
                        server,
                        program: self.settings.question.program(),
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
        let verdict = match self.health.step(event, now) {
            Some(News::Verdict(verdict)) => verdict,
            Some(News::Answers) => return self.answers(now),
            None => return,
        };
        match verdict {
            Verdict::In => self.place.take_in(now),
            Verdict::Out => self.place.take_out(),
            Verdict::NotYet => {}
        }
        self.verdict = Some(verdict);
        if let Some(watch) = &mut self.watch {
            self.end = watch.verdict(verdict, self.health.force());
            if verdict == Verdict::Out && self.end.is_none() {
                // It was only forced in, and is as it was.
                self.verdict = Some(Verdict::NotYet);
            }
        }
        self.settle(now);
    }

    /// Says that the server answers again, and when it is in.
    fn answers(&mut self, now: Instant) {
        let Settings {
            server, reentry, ..
        } = *self.settings;
        if let Some(untold) = self.failures.answers(now) {
            Message::Answers {
                server,
                reentry,
                untold,
            }
            .log();
        }
    }

    /// Makes the table as it is to be, and says so when it is; also when it is so again.
    fn settle(&mut self, now: Instant) {
        if !self.place.settle(now) {
            return;
        }
        let came_back = self.place.came_back().then_some(Verdict::In);
        let Some(verdict) = self.verdict.take().or(came_back) else {
            return;
        };
        let Settings { kind, server, .. } = *self.settings;
        match (kind, verdict) {
            (Kind::RealServer, Verdict::In) => Message::Active { server },
            (Kind::Failover, Verdict::In) => Message::FailoverUp { server },
            (_, Verdict::Out) if self.health.force() != Force::Neither => {
                Message::ForcedOut { server }
            }
            (Kind::RealServer, Verdict::Out) => Message::Inactive { server },
            (Kind::Failover, Verdict::Out) => Message::FailoverDown { server },
            (_, Verdict::NotYet) => Message::NotYet { server },
        }
        .log();
    }

    /// Takes in a signal that says who decides.
    fn force(&mut self, force: Force, signal: u32) {
        let server = self.settings.server;
        Message::Forced {
            server,
            force,
            signal,
        }
        .log();
        self.step(Event::Force(force), Instant::now());
    }

    /// Ends with the failover service. What it was down to has been logged with the verdict.
    fn over(self, end: End) -> ExitCode {
        match end {
            End::Failed => ExitCode::SUCCESS,
            End::NeverUp => {
                let Settings {
                    server, timeout, ..
                } = *self.settings;
                Message::FailoverNeverUp { server, timeout }.log();
                ExitCode::FAILURE
            }
        }
    }

    /// Ends: takes the server out, unless the table belongs to the parent's successor.
    fn stop(mut self, signal: u32) -> ExitCode {
        if self.parent.is_some_and(Parent::is_gone) {
            Message::Orphaned.log();
        } else {
            self.place.leave();
            self.place.settle(Instant::now());
            Message::Terminating { signal }.log();
        }
        match self.settings.kind {
            Kind::RealServer => ExitCode::SUCCESS,
            // Status 0 would mean that the service has failed.
            Kind::Failover => ExitCode::FAILURE,
        }
    }
}
