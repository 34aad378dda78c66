//! Starts a nanny in the order that puts a server into service soonest: the first check is in
//! flight before anything else is opened.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use daemon::daemonize::{self, Background, Side};
use daemon::log::Logging;

use crate::actor::Actor;
use crate::check::Target;
use crate::check::in_flight::Check;
use crate::error::Error;
use crate::failover::Watch;
use crate::failures::Failures;
use crate::health::{Health, Rules};
use crate::load::poller::LoadPoller;
use crate::log::Message;
use crate::parent::Parent;
use crate::pool_member::PoolMember;
use crate::settings::{Kind, Mode, Settings};
use crate::signals::Signals;
use crate::table::Table;

/// The syslog ident, and the prefix on stdout.
const NAME: &str = "nanny";

/// Runs a nanny until it ends; in the starter of a background nanny, returns when that is ready.
#[must_use]
pub fn run(settings: &Settings) -> ExitCode {
    let mut background = None;
    // The starter waits until this is dropped: an error is printed before the starter exits.
    start(settings, &mut background).unwrap_or_else(|error| daemon::exit::failure(NAME, &error))
}

fn start(settings: &Settings, background: &mut Option<Background>) -> Result<ExitCode, Error> {
    let parent = match settings.mode {
        Mode::Background => match daemonize::fork_to_background()? {
            Side::Starter(status) => return Ok(status),
            Side::Daemon(daemon) => {
                *background = Some(daemon);
                None
            }
        },
        Mode::NoFork | Mode::Foreground => Some(Parent::watch()),
    };
    let signals = Signals::block().map_err(|errno| Error::Signals(errno.into()))?;
    let target = Target::new(settings.server, &settings.probe, settings.timeout);
    let now = Instant::now();
    let first = Check::start(&target, now);

    log_start(settings);
    let table = match settings.kind {
        Kind::RealServer if !settings.report_only => Some(Table::open(settings)?),
        Kind::RealServer | Kind::Failover => None,
    };
    let watch = match settings.kind {
        Kind::RealServer => None,
        Kind::Failover => Some(Watch::new(now + settings.timeout)),
    };
    let rules = Rules {
        timeout: settings.timeout,
        reentry: settings.reentry,
    };
    detach(settings.mode, background.take())?;

    let mut actor = Actor {
        settings,
        target: &target,
        signals,
        parent,
        member: PoolMember::new(table, settings),
        health: Health::new(rules),
        started: now,
        check: None,
        next_check: now + settings.interval,
        load: LoadPoller::new(settings),
        status: None,
        failures: Failures::new(),
        watch,
        end: None,
    };
    match first {
        Ok(check) => actor.check = Some(check),
        Err(failure) => actor.finish(Err(failure), Duration::ZERO, now),
    }
    Ok(actor.run())
}

/// Opens the log and logs the start.
fn log_start(settings: &Settings) {
    Logging {
        ident: NAME,
        stdout: (settings.mode == Mode::Foreground).then_some(NAME),
        syslog: true,
        verbose: settings.verbose,
    }
    .install();
    let Settings {
        kind,
        service,
        mark,
        server,
        ..
    } = *settings;
    match kind {
        Kind::RealServer => Message::Starting {
            service,
            mark,
            server,
        },
        Kind::Failover => Message::StartingFailover { server },
    }
    .log();
}

/// Detaches from the terminal, except in the foreground. No start-up error can follow.
fn detach(mode: Mode, background: Option<Background>) -> Result<(), Error> {
    match (mode, background) {
        (_, Some(background)) => background.ready()?,
        (Mode::NoFork, None) => daemonize::detach()?,
        (Mode::Background | Mode::Foreground, None) => {}
    }
    Ok(())
}
