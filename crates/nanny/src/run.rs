//! The start of a nanny, in the order that puts a server into service soonest: the first attempt
//! is on its way before anything else is opened.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use daemon::daemonize::{self, Background, Side};
use daemon::log::Logging;

use crate::actor::Actor;
use crate::check::Target;
use crate::check::attempt::Attempt;
use crate::error::Error;
use crate::failover::Watch;
use crate::failures::Failures;
use crate::health::{Health, Rules};
use crate::load::asking::Asking;
use crate::log::Message;
use crate::parent::Parent;
use crate::place::Place;
use crate::settings::{Kind, Settings, Stage};
use crate::signals::Signals;
use crate::table::Table;

/// The name in the log.
const NAME: &str = "nanny";

/// Runs a nanny: returns when it has ended, or, in the process that started one in the
/// background, when that one is up.
#[must_use]
pub fn run(settings: &Settings) -> ExitCode {
    let mut background = None;
    // While it is held, the starter waits: it ends only after the error has been printed.
    start(settings, &mut background).unwrap_or_else(|error| daemon::exit::failure(NAME, &error))
}

fn start(settings: &Settings, background: &mut Option<Background>) -> Result<ExitCode, Error> {
    let parent = match settings.stage {
        Stage::Background => match daemonize::fork_to_background()? {
            Side::Starter(status) => return Ok(status),
            Side::Daemon(daemon) => {
                *background = Some(daemon);
                None
            }
        },
        Stage::NoFork | Stage::Foreground => Some(Parent::watch()),
    };
    let signals = Signals::block().map_err(|errno| Error::Signals(errno.into()))?;
    let target = Target::new(settings.server, &settings.question, settings.timeout);
    let now = Instant::now();
    let first = Attempt::start(&target, now);

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
    let_go(settings.stage, background.take())?;

    let mut actor = Actor {
        settings,
        target: &target,
        signals,
        parent,
        place: Place::new(table, settings),
        health: Health::new(rules),
        started: now,
        attempt: None,
        next_check: now + settings.interval,
        load: Asking::new(settings),
        verdict: None,
        failures: Failures::new(),
        watch,
        end: None,
    };
    match first {
        Ok(attempt) => actor.attempt = Some(attempt),
        Err(failure) => actor.finish(Err(failure), Duration::ZERO, now),
    }
    Ok(actor.run())
}

/// Opens the log and says what is watched.
fn log_start(settings: &Settings) {
    Logging {
        ident: NAME,
        stdout: (settings.stage == Stage::Foreground).then_some(NAME),
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

/// Lets go of the terminal, where one is not to be kept. The start-up errors are past.
fn let_go(stage: Stage, background: Option<Background>) -> Result<(), Error> {
    match (stage, background) {
        (_, Some(background)) => background.ready()?,
        (Stage::NoFork, None) => daemonize::detach()?,
        (Stage::Background | Stage::Foreground, None) => {}
    }
    Ok(())
}
