//! The event loop: runs the checks, passes results to the pure state machines and carries out their
//! actions.

use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::check::in_flight::{Check, Ended};
use crate::check::{Failure, Target};
use crate::failover::{End, Watch};
use crate::failures::Failures;
use crate::health::{Event, Force, Health, Status, Transition};
use crate::load::poller::{LoadPoller, Reply};
use crate::log::Message;
use crate::parent::Parent;
use crate::pool_member::PoolMember;
use crate::settings::{Kind, Settings};
use crate::signals::{Request, Signals};
use crate::wait::{MAX_SOURCES, NO_SOURCES, Ready, wait};

/// State of the event loop.
pub(crate) struct Actor<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) target: &'a Target<'a>,
    pub(crate) signals: Signals,
    /// `None` if the parent's death has no effect on this process.
    pub(crate) parent: Option<Parent>,
    pub(crate) member: PoolMember,
    pub(crate) health: Health,
    /// Start of the first check.
    pub(crate) started: Instant,
    /// The check in flight.
    pub(crate) check: Option<Check<'a>>,
    /// Start of the next check, unless one is in flight then.
    pub(crate) next_check: Instant,
    /// The load poller; `None` without load data.
    pub(crate) load: Option<Box<LoadPoller>>,
    /// A status change that is logged once the table agrees with it.
    pub(crate) status: Option<Status>,
    pub(crate) failures: Failures,
    /// The watch of a failover service, if this is one.
    pub(crate) watch: Option<Watch>,
    /// The result of the watch.
    pub(crate) end: Option<End>,
}

impl Actor<'_> {
    /// Runs until a signal, or the watched failover service, ends the process. Returns the exit
    /// status.
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
            self.advance_check(ready.check, now);
            self.step(Event::Tick, now);
            let is_due = self.member.step(now);
            self.poll_load(is_due, ready.load, now);
            // After the check: a pass in time counts.
            let watch = self.watch.as_ref();
            if let Some(end) = self.end.or_else(|| watch?.tick(now)) {
                return self.end_watch(end);
            }
        }
    }

    /// Waits for a signal, the check or the next timer.
    fn wait(&self) -> Ready {
        let (check, load) = (self.check.as_ref(), self.load.as_deref());
        wait(
            self.deadline(),
            self.signals.as_fd(),
            check.map_or(NO_SOURCES, Check::sources),
            load.map_or(NO_SOURCES, LoadPoller::sources),
        )
    }

    /// The earliest timer.
    fn deadline(&self) -> Instant {
        let check = match &self.check {
            Some(check) => check.deadline(self.target),
            None => self.next_check,
        };
        let watch = self.watch.as_ref().and_then(Watch::deadline);
        let load = self.load.as_deref().and_then(LoadPoller::deadline);
        [self.health.deadline(), self.member.deadline(), watch, load]
            .into_iter()
            .flatten()
            .fold(check, Instant::min)
    }

    /// Advances the load query, or starts one when it is due.
    fn poll_load(&mut self, is_due: bool, is_ready: bool, now: Instant) {
        let Some(load) = &mut self.load else {
            return;
        };
        match load.step(self.member.is_in(), is_due, is_ready, now) {
            Some(Reply::Load(load)) => self.member.apply_load(load, now),
            Some(Reply::Unavailable) => {
                self.load = None;
                self.member.disable_load(now);
            }
            None => {}
        }
    }

    /// Advances the check in flight, or starts the next one when it is due.
    fn advance_check(&mut self, ready: [bool; MAX_SOURCES], now: Instant) {
        let Some(check) = &mut self.check else {
            if now >= self.next_check {
                self.begin(now);
            }
            return;
        };
        if let Some(Ended { outcome, took }) = check.advance(self.target, ready, now) {
            self.check = None;
            self.finish(outcome, took, now);
        }
    }

    /// Starts a check.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.next_check = now + self.settings.interval;
        match Check::start(self.target, now) {
            Ok(check) => self.check = Some(check),
            Err(failure) => self.finish(Err(failure), Duration::ZERO, now),
        }
    }

    /// Processes the outcome of a check.
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
                if let Some(suppressed) = self.failures.failed(failure, now) {
                    Message::Failed {
                        server,
                        program: self.settings.probe.program(),
                        failure,
                        suppressed,
                    }
                    .log();
                }
            }
        }
        // A preexisting destination is removed by the same rules as any other.
        if outcome.is_err() && self.member.adopt(now) {
            self.step(Event::Preexisting, self.started);
        }
        let event = outcome.map_or(Event::Fail, |()| Event::Pass);
        self.step(event, now);
        // Failed table changes are retried at each check.
        self.reconcile(now);
    }

    /// Feeds an event to the health state machine and carries out the transition.
    fn step(&mut self, event: Event, now: Instant) {
        let status = match self.health.step(event, now) {
            Some(Transition::Status(status)) => status,
            Some(Transition::Recovering) => return self.log_recovering(now),
            None => return,
        };
        match status {
            Status::In => self.member.set_in(now),
            Status::Out => self.member.set_out(),
            Status::NotYet => {}
        }
        self.status = Some(status);
        if let Some(watch) = &mut self.watch {
            self.end = watch.apply(status, self.health.force());
            if status == Status::Out && self.end.is_none() {
                // The service was up only by force: nothing has failed.
                self.status = Some(Status::NotYet);
            }
        }
        self.reconcile(now);
    }

    /// Logs that the checks of a failed server pass again, and when it comes back in.
    fn log_recovering(&mut self, now: Instant) {
        let Settings {
            server, reentry, ..
        } = *self.settings;
        if let Some(suppressed) = self.failures.recovering(now) {
            Message::Recovering {
                server,
                reentry,
                suppressed,
            }
            .log();
        }
    }

    /// Reconciles the table, and logs a status change once the table agrees with it; also when it
    /// agrees again after a logged failure.
    fn reconcile(&mut self, now: Instant) {
        if !self.member.reconcile(now) {
            return;
        }
        let recovered = self.member.take_recovered().then_some(Status::In);
        let Some(status) = self.status.take().or(recovered) else {
            return;
        };
        let Settings { kind, server, .. } = *self.settings;
        match (kind, status) {
            (Kind::RealServer, Status::In) => Message::Active { server },
            (Kind::Failover, Status::In) => Message::FailoverUp { server },
            (_, Status::Out) if self.health.force() != Force::Neither => {
                Message::ForcedOut { server }
            }
            (Kind::RealServer, Status::Out) => Message::Inactive { server },
            (Kind::Failover, Status::Out) => Message::FailoverDown { server },
            (_, Status::NotYet) => Message::NotYet { server },
        }
        .log();
    }

    /// Handles a signal that overrides the checks, or ends the override.
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

    /// Ends the watch of the failover service. The failure itself has been logged with the status
    /// change.
    fn end_watch(self, end: End) -> ExitCode {
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

    /// Stops: removes the server, unless the table belongs to the parent's successor.
    fn stop(mut self, signal: u32) -> ExitCode {
        if self.parent.is_some_and(Parent::is_gone) {
            Message::Orphaned.log();
        } else {
            self.member.set_deleted();
            self.member.reconcile(Instant::now());
            Message::Terminating { signal }.log();
        }
        match self.settings.kind {
            Kind::RealServer => ExitCode::SUCCESS,
            // Status 0 would mean that the service has failed.
            Kind::Failover => ExitCode::FAILURE,
        }
    }
}
