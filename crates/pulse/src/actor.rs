//! Does what the state machine decides: the event loop of pulse.

mod failover;

pub(crate) use failover::{clear_table, drop_addresses};

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::time::{Duration, Instant};

use daemon::rate::RateLimit;
use nix::sys::signal::SigSet;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{debug, info, warn};

use crate::activation::Activation;
use crate::announce::Announcer;
use crate::fsm::{Action, Event, Machine, Time};
use crate::heartbeat::State;
use crate::links::{Links, Received};
use crate::log::Message;
use crate::lvsd::{Launch, Lvsd, Report};
use crate::rtnl::Rtnl;
use crate::settings::{Floating, Settings};

/// How long lvsd may take to stop.
const STOP_BOUND: Duration = Duration::from_secs(10);

/// How many waiting datagrams are heard before the timers: more than a pause can gather from a
/// partner, and few enough that a flood does not stop the timers.
const WAITING_BOUND: usize = 1000;

/// What the actor works with, opened before the event loop exists.
pub struct Tools {
    /// For the floating addresses.
    pub rtnl: Rtnl,
    /// For gratuitous ARP.
    pub announcer: Announcer,
}

/// lvsd while it runs.
struct Running {
    lvsd: Lvsd,
    started: Time,
    /// Set once it was asked to stop.
    stop: Option<Stop>,
}

/// lvsd was asked to stop.
struct Stop {
    kill_at: Time,
    killed: bool,
}

/// The limits of lines that a peer or a broken device could repeat without end.
struct Limits {
    bad: RateLimit,
    stranger: RateLimit,
    not_sent: RateLimit,
    not_heard: RateLimit,
    not_renewed: RateLimit,
    raised_again: RateLimit,
    announce_again: RateLimit,
}

/// The doing half of pulse.
pub struct Actor {
    settings: Settings,
    launch: Launch,
    /// `None` in a trial: nothing is touched.
    tools: Option<Tools>,
    links: Links,
    machine: Machine,
    clock: Instant,
    activation: Option<Activation>,
    lvsd: Option<Running>,
    /// The floating addresses that are up.
    up: Vec<Floating>,
    /// lvsd is to be started again as soon as the one that is stopping has ended.
    restart: bool,
    follow_ups: VecDeque<Event>,
    exiting: bool,
    limits: Limits,
}

impl Actor {
    /// Builds the actor and gives the first actions, for [`Actor::run`].
    pub fn new(
        settings: Settings,
        launch: Launch,
        tools: Option<Tools>,
        links: Links,
        forced: bool,
    ) -> (Self, Vec<Action>) {
        let (machine, actions) = Machine::start(settings.rules, forced, Duration::ZERO);
        let limit = || RateLimit::new(5, Duration::from_secs(60));
        let limits = Limits {
            bad: limit(),
            stranger: limit(),
            not_sent: limit(),
            not_heard: limit(),
            not_renewed: limit(),
            raised_again: limit(),
            announce_again: limit(),
        };
        let actor = Self {
            settings,
            launch,
            tools,
            links,
            machine,
            clock: Instant::now(),
            activation: None,
            lvsd: None,
            up: Vec::new(),
            restart: false,
            follow_ups: VecDeque::new(),
            exiting: false,
            limits,
        };
        (actor, actions)
    }

    /// Runs until pulse is told to end. The signals in `held` are let through once they are
    /// listened to.
    ///
    /// # Errors
    /// If signals cannot be received.
    pub async fn run(mut self, first: Vec<Action>, held: &SigSet) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        held.thread_unblock()?;
        self.perform(first);
        self.settle();
        while !(self.exiting && self.lvsd.is_none()) {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                _ = terminate.recv() => self.terminate(SignalKind::terminate()),
                _ = interrupt.recv() => self.terminate(SignalKind::interrupt()),
                _ = hangup.recv() => warn!("{}", Message::NoReload),
                report = next_report(&mut self.lvsd) => self.lvsd_reported(report),
                () = sleep_until(self.clock, wake) => self.timers(),
                received = self.links.receive() => self.received(received),
            }
        }
        // The partner may have missed the first word of this.
        self.send(State::Stopped);
        Ok(())
    }

    fn now(&self) -> Time {
        self.clock.elapsed()
    }

    fn next_wake(&self) -> Option<Time> {
        let kill = self.lvsd.as_ref().and_then(|running| {
            running
                .stop
                .as_ref()
                .filter(|stop| !stop.killed)
                .map(|stop| stop.kill_at)
        });
        let activation = self.activation.as_ref().and_then(Activation::next_wake);
        [self.machine.next_wake(), activation, kill]
            .into_iter()
            .flatten()
            .min()
    }

    /// Steps the machine, does what it says, and then what came of that.
    fn handle(&mut self, event: Event) {
        self.follow_ups.push_back(event);
        self.settle();
    }

    /// Works off what was left to be done, as by an lvsd that could not be started.
    fn settle(&mut self) {
        while let Some(event) = self.follow_ups.pop_front() {
            let now = self.now();
            let actions = self.machine.step(event, now);
            self.perform(actions);
        }
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(state) => self.send(state),
                Action::Activate(why) => self.activate(why),
                Action::Deactivate(why) => self.deactivate(why),
                Action::AnnounceAgain => self.announce_again(),
                Action::DiscardHeartbeats => self.links.discard(),
                Action::Exit => self.exiting = true,
            }
        }
    }

    fn terminate(&mut self, signal: SignalKind) {
        if !self.exiting {
            info!("{}", Message::Terminating(signal.as_raw_value()));
            self.handle(Event::Terminate);
        }
    }

    fn timers(&mut self) {
        let now = self.now();
        self.kill_late_lvsd(now);
        if self.machine.next_wake().is_some_and(|wake| wake <= now) {
            // After a pause of this process the partner's words wait in the sockets: they are
            // heard before its silence is judged.
            for _ in 0..WAITING_BOUND {
                let Some(received) = self.links.take_waiting() else {
                    break;
                };
                self.received(Ok(received));
            }
            self.handle(Event::Wake);
        }
        let due = self
            .activation
            .as_mut()
            .map(|activation| activation.due(now));
        self.follow(due.unwrap_or_default());
    }

    fn send(&mut self, state: State) {
        if self.tools.is_none() {
            return;
        }
        for (partner, error) in self.links.send(state) {
            if let Some(held_back) = self.limits.not_sent.allow(Instant::now()) {
                warn!("{}", Message::NotSent(partner, &error, held_back));
            }
        }
    }

    fn received(&mut self, received: io::Result<Received>) {
        let now = Instant::now();
        match received {
            Ok(Received::Heartbeat(state)) => {
                debug!("heard {state:?}");
                self.handle(Event::Heard(state));
            }
            Ok(Received::Nothing) => {}
            Ok(Received::Bad(error, sender)) => {
                if let Some(held_back) = self.limits.bad.allow(now) {
                    warn!("{}", Message::BadHeartbeat(error, sender, held_back));
                }
            }
            Ok(Received::Stranger(sender)) => {
                if let Some(held_back) = self.limits.stranger.allow(now) {
                    warn!("{}", Message::Stranger(sender, held_back));
                }
            }
            Err(error) => {
                if let Some(held_back) = self.limits.not_heard.allow(now) {
                    warn!("{}", Message::NotHeard(&error, held_back));
                }
            }
        }
    }
}

/// Waits for lvsd's next report; for ever where no lvsd runs.
async fn next_report(lvsd: &mut Option<Running>) -> io::Result<Report> {
    match lvsd {
        Some(running) => running.lvsd.report().await,
        None => pending().await,
    }
}

async fn sleep_until(clock: Instant, wake: Option<Time>) {
    match wake {
        Some(wake) => tokio::time::sleep_until((clock + wake).into()).await,
        None => pending().await,
    }
}
