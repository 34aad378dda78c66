//! The actor's two large acts: becoming active, and becoming inactive.

use std::io;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tracing::{debug, error, info, warn};

use super::{Actor, Running, STOP_BOUND, Stop};
use crate::activation::{Activation, READY_BOUND, Step};
use crate::fsm::{Event, Time, WhyActive, WhyInactive};
use crate::log::Message;
use crate::lvsd::{Lvsd, Report};
use crate::vip::Up;
use crate::{table, vip};

/// How long an lvsd that is stopping may hold up a new activation.
const RESTART_BOUND: Duration = Duration::from_secs(1);

impl Actor {
    pub(super) fn activate(&mut self, why: WhyActive) {
        info!("{}", Message::Activate(why));
        if self.tools.is_none() {
            info!("{}", Message::WouldStart(&self.launch));
            for floating in &self.settings.floating {
                info!("{}", Message::WouldRaise(floating));
            }
            return;
        }
        let now = self.now();
        if let Some(running) = &mut self.lvsd {
            // The role waits for the one that is stopping: it has had its time.
            if let Some(stop) = &mut running.stop {
                stop.kill_at = stop.kill_at.min(now + RESTART_BOUND);
            }
            self.restart = true;
        } else {
            self.start_lvsd();
        }
    }

    fn start_lvsd(&mut self) {
        let now = self.now();
        if self.launch.file_has_changed() {
            warn!("{}", Message::FileChanged(&self.launch.file));
        }
        match Lvsd::start(&self.launch) {
            Ok(lvsd) => {
                info!("{}", Message::LvsdStarted(lvsd.pid()));
                self.lvsd = Some(Running {
                    lvsd,
                    started: now,
                    stop: None,
                });
                self.activation = Some(Activation::begin(now, self.settings.renewal()));
            }
            Err(error) => {
                error!("{}", Message::LvsdNotStarted(&self.launch.program, &error));
                self.follow_ups.push_back(Event::LvsdFailed);
            }
        }
    }

    pub(super) fn deactivate(&mut self, why: WhyInactive) {
        info!("{}", Message::Deactivate(why, self.settings.rules.deadtime));
        if self.tools.is_none() {
            return;
        }
        self.restart = false;
        self.activation = None;
        self.up.clear();
        self.drop_addresses();
        let kill_at = self.now() + STOP_BOUND;
        if let Some(running) = &mut self.lvsd
            && running.stop.is_none()
        {
            running.lvsd.signal(Signal::SIGTERM);
            running.stop = Some(Stop {
                kill_at,
                killed: false,
            });
        }
    }

    pub(super) fn kill_late_lvsd(&mut self, now: Time) {
        if let Some(Running {
            lvsd,
            stop: Some(stop),
            ..
        }) = &mut self.lvsd
            && !stop.killed
            && now >= stop.kill_at
        {
            warn!("{}", Message::LvsdKilled(STOP_BOUND));
            lvsd.signal(Signal::SIGKILL);
            stop.killed = true;
        }
    }

    pub(super) fn lvsd_reported(&mut self, report: io::Result<Report>) {
        let now = self.now();
        let status = match report {
            Ok(Report::Ready) => {
                if let Some(running) = &self.lvsd {
                    info!(
                        "{}",
                        Message::LvsdReady(now.saturating_sub(running.started))
                    );
                }
                let steps = self
                    .activation
                    .as_mut()
                    .map(|activation| activation.ready(now));
                self.follow(steps.unwrap_or_default());
                return;
            }
            Ok(Report::Ended(status)) => Ok(status),
            Err(error) => Err(error),
        };
        let Some(ended) = self.lvsd.take() else {
            return;
        };
        match (&status, &ended.stop) {
            (Ok(status), Some(_)) => info!("{}", Message::LvsdStopped(*status)),
            (Ok(status), None) => error!("{}", Message::LvsdFailed(*status)),
            (Err(error), _) => error!("{}", Message::LvsdLost(error)),
        }
        if ended.stop.is_none() {
            // The addresses go, and the partner hears of it, before anything else is tidied up.
            self.handle(Event::LvsdFailed);
        }
        if !status.is_ok_and(|status| status.success()) {
            self.clear_table();
        }
        if std::mem::take(&mut self.restart) {
            self.start_lvsd();
            self.settle();
        }
    }

    pub(super) fn follow(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Raise { ready } => {
                    if !ready {
                        warn!("{}", Message::LvsdNotReady(READY_BOUND));
                    }
                    self.raise_addresses(true);
                }
                Step::Renew => self.raise_addresses(false),
                Step::Announce => self.announce(),
                Step::Finished => info!("{}", Message::AnnouncementsFinished),
            }
        }
    }

    /// Raises the addresses, or renews them: then only failures are worth a line, and addresses
    /// that were not there any more, or whose device is back. Neighbours are told of those.
    fn raise_addresses(&mut self, first: bool) {
        let Some(tools) = &mut self.tools else {
            return;
        };
        let lease = self.settings.lease.map(|lease| lease.seconds);
        let results = match vip::raise(&mut tools.rtnl, &self.settings.floating, lease) {
            Ok(results) => results,
            Err(error) => {
                error!("{}", Message::NoAddresses(&error));
                return;
            }
        };
        let mut came_back = false;
        self.up.clear();
        for (floating, result) in self.settings.floating.iter().zip(results) {
            if result.is_ok() {
                self.up.push(floating.clone());
            }
            match result {
                Ok(_) if first => info!("{}", Message::Raised(floating)),
                Ok(Up::Already) => {}
                Ok(Up::Now) => {
                    came_back = true;
                    if let Some(held_back) = self.limits.raised_again.allow(Instant::now()) {
                        warn!("{}", Message::RaisedAgain(floating, held_back));
                    }
                }
                Err(error) if first => error!("{}", Message::NotRaised(floating, &error, 0)),
                Err(error) => {
                    if let Some(held_back) = self.limits.not_renewed.allow(Instant::now()) {
                        error!("{}", Message::NotRaised(floating, &error, held_back));
                    }
                }
            }
        }
        if came_back {
            self.announce();
        }
    }

    fn drop_addresses(&mut self) {
        if let Some(tools) = &mut self.tools {
            drop_addresses(&mut tools.rtnl, &self.settings.floating);
        }
    }

    fn announce(&mut self) {
        let Some(tools) = &self.tools else {
            return;
        };
        match tools.announcer.announce(&self.up) {
            Ok(round) => {
                debug!("announced {} addresses", round.announced);
                if let Some((count, error)) = &round.failed {
                    warn!("{}", Message::NotAnnounced(*count, error));
                }
            }
            Err(error) => warn!("{}", Message::NoDevices(&error)),
        }
    }

    pub(super) fn announce_again(&mut self) {
        if let Some(held_back) = self.limits.announce_again.allow(Instant::now()) {
            info!("{}", Message::AnnounceAgain(held_back));
        }
        if self.activation.as_ref().is_some_and(Activation::is_up) {
            self.announce();
        }
    }

    fn clear_table(&self) {
        clear_table(&self.settings.services);
    }
}

/// Drops the floating addresses and says what came of it.
pub(crate) fn drop_addresses(rtnl: &mut crate::rtnl::Rtnl, floating: &[crate::settings::Floating]) {
    match vip::drop_all(rtnl, floating) {
        Ok(dropped) => {
            for address in dropped.gone {
                info!("{}", Message::Dropped(address));
            }
            for address in dropped.put_back {
                warn!("{}", Message::PutBack(address));
            }
            for (address, error) in dropped.failed {
                error!("{}", Message::NotDropped(address, &error));
            }
        }
        Err(error) => error!("{}", Message::NoAddresses(&error)),
    }
}

/// Clears this file's services from the table and says what came of it.
pub(crate) fn clear_table(services: &[ipvs_netlink::ServiceKey]) {
    match table::clear(services) {
        Ok(0) => {}
        Ok(count) => info!("{}", Message::ServicesCleared(count)),
        Err(error) => error!("{}", Message::ServicesNotCleared(&error)),
    }
}
