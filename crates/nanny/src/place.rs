//! The server's place in the table as it is to be, and as it is known to be. A change that fails
//! is logged and left for the next check; no failure ends the nanny.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use daemon::rate::RateLimit;
use ipvs_netlink::{Client, Error};

use crate::log::Message;
use crate::settings::Settings;
use crate::table::{Kernel, Table, is_no_service};
use crate::weight::Weight;

/// Failures of table changes: at most so many lines in [`ERROR_WINDOW`].
const ERRORS: u32 = 3;

/// See [`ERRORS`].
const ERROR_WINDOW: Duration = Duration::from_secs(60);

/// The server's place.
pub(crate) struct Place<K = Client> {
    /// `None` where the table is not to be touched.
    table: Option<Table<K>>,
    server: SocketAddr,
    assigned: u32,
    /// The weight it is to have; `None` while it belongs out.
    wanted: Option<Weight>,
    /// The weight it has; `None` if it is not there.
    present: Option<u32>,
    errors: RateLimit,
    told_no_service: bool,
}

impl<K: Kernel> Place<K> {
    /// A place in `table`, or in none: then everything is as wanted.
    pub(crate) fn new(table: Option<Table<K>>, settings: &Settings) -> Self {
        Self {
            table,
            server: settings.server,
            assigned: settings.weight,
            wanted: None,
            present: None,
            errors: RateLimit::new(ERRORS, ERROR_WINDOW),
            told_no_service: false,
        }
    }

    /// Looks whether the server is in the table already, and takes it over if so. Whether it
    /// counts as in: one with weight 0 does not, unless that is its weight.
    ///
    /// # Errors
    /// Those of the table.
    pub(crate) fn adopt(&mut self, now: Instant) -> Result<bool, Error> {
        let Some(table) = &mut self.table else {
            return Ok(false);
        };
        self.present = table.find()?;
        match self.present {
            Some(weight) if weight > 0 || self.assigned == 0 => {
                let server = self.server;
                Message::Adopted { server, weight }.log();
                self.take_in(now);
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }

    /// The server is to be in the table.
    pub(crate) fn take_in(&mut self, now: Instant) {
        if self.table.is_none() {
            return;
        }
        self.wanted.get_or_insert(match self.present {
            Some(found) => Weight::adopt(self.assigned, found, now),
            None => Weight::start(self.assigned, now),
        });
    }

    /// The server is to be out of the table.
    pub(crate) fn take_out(&mut self) {
        self.wanted = None;
    }

    /// When the weight changes next, if it will.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.wanted.as_ref()?.deadline()
    }

    /// Changes the weight if it is time.
    pub(crate) fn step(&mut self, now: Instant) {
        if self.wanted.as_mut().is_some_and(|weight| weight.step(now)) {
            self.settle(now);
        }
    }

    /// Makes the table as it is to be. Whether it is so now.
    pub(crate) fn settle(&mut self, now: Instant) -> bool {
        let result = self.change(now);
        match &result {
            Ok(()) => self.told_no_service = false,
            Err(error) if is_no_service(error) => {
                // Its destinations went with it.
                self.present = None;
                if !std::mem::replace(&mut self.told_no_service, true) {
                    Message::NoService { error }.log();
                }
            }
            Err(error) => {
                if let Some(untold) = self.errors.allow(now) {
                    Message::TableFailed { error, untold }.log();
                }
            }
        }
        result.is_ok()
    }

    fn change(&mut self, now: Instant) -> Result<(), Error> {
        let Some(table) = &mut self.table else {
            return Ok(());
        };
        match (&mut self.wanted, self.present) {
            (None, None) => Ok(()),
            (None, Some(_)) => {
                table.remove()?;
                self.present = None;
                Ok(())
            }
            (Some(wanted), None) => {
                let Some(found) = table.add(wanted.current())? else {
                    self.present = Some(wanted.current());
                    return Ok(());
                };
                *wanted = Weight::adopt(self.assigned, found, now);
                self.present = Some(found);
                self.change(now)
            }
            (Some(wanted), Some(present)) => {
                let weight = wanted.current();
                if weight != present {
                    table.set(weight)?;
                    self.present = Some(weight);
                    let server = self.server;
                    Message::Weight { server, weight }.log();
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
