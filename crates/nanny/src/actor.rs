//! The loop: performs the checks, asks the pure parts what they mean, does what they say.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use crate::check::Failure;
use crate::check::tcp::{Attempt, Target};
use crate::failures::Failures;
use crate::health::{Event, Force, Health, Verdict};
use crate::log::Message;
use crate::parent::Parent;
use crate::place::Place;
use crate::settings::Settings;
use crate::signals::{Request, Signals};

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

/// What the loop woke up for.
struct Ready {
    signals: bool,
    socket: bool,
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
            self.go_on(ready.socket, now);
            self.step(Event::Tick, now);
            self.place.step(now);
        }
    }

    /// Waits for a signal, the socket or the next timer.
    fn wait(&self) -> Ready {
        let rest = self.deadline().saturating_duration_since(Instant::now());
        let signals = PollFd::new(self.signals.as_fd(), PollFlags::POLLIN);
        let mut fds = [signals.clone(), signals];
        let mut count = 1;
        if let Some(attempt) = &self.attempt {
            fds[1] = PollFd::new(attempt.as_fd(), attempt.interest());
            count = 2;
        }
        let fds = &mut fds[..count];
        match ppoll(fds, Some(TimeSpec::from_duration(rest)), None) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ready::NOTHING,
            Err(_) => {
                // The kernel is out of memory: do not press it.
                std::thread::sleep(Duration::from_millis(100));
                return Ready::NOTHING;
            }
        }
        let is_ready = |fd: Option<&PollFd<'_>>| {
            fd.and_then(PollFd::revents)
                .is_some_and(|events| !events.is_empty())
        };
        Ready {
            signals: is_ready(fds.first()),
            socket: is_ready(fds.get(1)),
        }
    }

    /// The next moment at which something is to be done.
    fn deadline(&self) -> Instant {
        let check = match &self.attempt {
            Some(attempt) => attempt.started() + self.settings.timeout,
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
        // An answer that came in time counts, even where this process was late to look.
        let outcome = is_ready.then(|| attempt.advance(self.target)).flatten();
        let is_late = now >= attempt.started() + self.settings.timeout;
        match outcome {
            Some(outcome) => {
                let took = now.saturating_duration_since(attempt.started());
                self.attempt = None;
                self.finish(outcome, took, now);
            }
            None if is_late => {
                let failure = attempt.timed_out();
                self.attempt = None;
                self.finish(Err(failure), self.settings.timeout, now);
            }
            None => {}
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

impl Ready {
    const NOTHING: Self = Self {
        signals: false,
        socket: false,
    };
}
