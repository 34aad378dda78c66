//! The server's place in the table as it is to be, and as it is known to be. A change that fails
//! is logged and left for the next check; no failure ends the nanny. Others change the table too:
//! while the server is in, it is added anew every [`STEP`], which brings it back if it is gone, and
//! changes nothing if it is there: a weight that was set by hand lasts until the next change.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use daemon::rate::RateLimit;
use ipvs_netlink::{Client, Error};

use crate::load::Load;
use crate::log::Message;
use crate::settings::{Kind, Settings};
use crate::table::{Kernel, Table, is_no_service};
use crate::weight::{Rules, STEP, Step, Weight};

/// Failures of table changes: at most so many lines in [`ERROR_WINDOW`].
const ERRORS: u32 = 3;

/// See [`ERRORS`].
const ERROR_WINDOW: Duration = Duration::from_secs(60);

/// What is to be.
enum Wanted {
    /// Nothing was said yet: the table stays as it is.
    AsItIs,
    /// The server out; quiesced, where that is the way out.
    Out,
    /// The server out of the table for good.
    Gone,
    /// The server in, with this weight.
    In(Weight),
}

/// What is known to be.
#[derive(Clone, Copy)]
enum Present {
    /// Nobody has looked. That is put off until it matters: reading a long list takes time and
    /// memory, and a server that passes its first check is added without it.
    Unknown,
    /// The server is out.
    Out,
    /// The server is in.
    In {
        /// Its weight.
        weight: u32,
        /// When that is to be made sure of; `None` if it was time and has not been done yet.
        sure_until: Option<Instant>,
    },
}

impl Present {
    /// The kernel has just said that the server is in.
    fn seen(weight: u32, now: Instant) -> Self {
        Self::In {
            weight,
            sure_until: Some(now + STEP),
        }
    }
}

/// The server's place.
pub(crate) struct Place<K = Client> {
    /// `None` where the table is not to be touched.
    table: Option<Table<K>>,
    server: SocketAddr,
    rules: Rules,
    /// Whether, without a table, weights are reckoned all the same, and logged.
    reports: bool,
    /// Whether a server that goes out stays in the table with weight 0.
    quiesces: bool,
    wanted: Wanted,
    present: Present,
    errors: RateLimit,
    told_no_service: bool,
    /// Whether a failure was logged since the table was last as it is to be.
    told_failure: bool,
    /// Whether the server is in again after that.
    is_back: bool,
}

impl<K: Kernel> Place<K> {
    /// A place in `table`, or in none: then everything is as wanted, and reported where that is what
    /// the settings ask for.
    pub(crate) fn new(table: Option<Table<K>>, settings: &Settings) -> Self {
        Self {
            table,
            server: settings.server,
            rules: Rules {
                assigned: settings.weight,
                scale: settings.scale,
                by_load: settings.load_data.is_some(),
            },
            reports: settings.report_only && settings.kind == Kind::RealServer,
            quiesces: settings.quiesce,
            wanted: Wanted::AsItIs,
            present: Present::Unknown,
            errors: RateLimit::new(ERRORS, ERROR_WINDOW),
            told_no_service: false,
            told_failure: false,
            is_back: false,
        }
    }

    /// For a server that has not been let in: looks, once, whether it is in the table from before,
    /// and takes it over if so. Whether it counts as in: one with weight 0 does not, unless that
    /// is its weight.
    pub(crate) fn adopt(&mut self, now: Instant) -> bool {
        let (Some(table), Wanted::AsItIs, Present::Unknown) =
            (&mut self.table, &self.wanted, self.present)
        else {
            return false;
        };
        let found = match table.find() {
            Ok(found) => found,
            Err(error) => {
                self.failed(&error, now);
                return false;
            }
        };
        self.present = found.map_or(Present::Out, |weight| Present::seen(weight, now));
        match found {
            Some(weight) if weight > 0 || self.rules.assigned == 0 => {
                let server = self.server;
                Message::Adopted { server, weight }.log();
                self.take_in(now);
                true
            }
            Some(_) | None => false,
        }
    }

    /// The server is to be in the table.
    pub(crate) fn take_in(&mut self, now: Instant) {
        if matches!(self.wanted, Wanted::In(_)) || (self.table.is_none() && !self.reports) {
            return;
        }
        self.wanted = Wanted::In(match self.present {
            Present::In { weight, .. } => Weight::adopt(self.rules, weight, now),
            Present::Out | Present::Unknown => Weight::start(self.rules, now),
        });
    }

    /// The server is to be out: out of the table, or there with weight 0.
    pub(crate) fn take_out(&mut self) {
        self.wanted = Wanted::Out;
    }

    /// The server is to be out of the table, quiesced or not: nobody watches it any more.
    pub(crate) fn leave(&mut self) {
        self.wanted = Wanted::Gone;
    }

    /// When [`Place::step`] has something to do, if it will.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        // A server that is not in stays as cold as it is: the next check tries again.
        let (Wanted::In(weight), Present::In { sure_until, .. }) = (&self.wanted, self.present)
        else {
            return None;
        };
        [weight.deadline(), sure_until].into_iter().flatten().min()
    }

    /// Changes the weight if it is time, and makes sure of the server. Whether the server's load is
    /// to be asked for, and told to [`Place::hear`]. It is at each step, while the weight climbs as
    /// well: it means nothing to the weight then, but whoever cannot be asked is soon known.
    pub(crate) fn step(&mut self, now: Instant) -> bool {
        let (Wanted::In(weight), Present::In { sure_until, .. }) =
            (&mut self.wanted, &mut self.present)
        else {
            return false;
        };
        let step = weight.step(now);
        let mut is_due = step == Some(Step::Changed);
        if sure_until.is_some_and(|until| now >= until) {
            *sure_until = None;
            is_due = true;
        }
        if is_due {
            self.settle(now);
        }
        step.is_some() && self.rules.by_load
    }

    /// The load of the server, which may change its weight.
    pub(crate) fn hear(&mut self, load: Load, now: Instant) {
        if let Wanted::In(weight) = &mut self.wanted
            && weight.hear(load)
        {
            self.settle(now);
        }
    }

    /// Whether the server is to be in.
    pub(crate) fn is_in(&self) -> bool {
        matches!(self.wanted, Wanted::In(_))
    }

    /// No load will be told any more.
    pub(crate) fn go_without_load(&mut self, now: Instant) {
        self.rules.by_load = false;
        if let Wanted::In(weight) = &mut self.wanted {
            weight.go_without_load(now);
        }
    }

    /// Makes the table as it is to be. Whether it is so now.
    pub(crate) fn settle(&mut self, now: Instant) -> bool {
        match self.change(now) {
            Ok(()) => {
                self.told_no_service = false;
                if std::mem::take(&mut self.told_failure) {
                    self.is_back = self.is_in();
                }
                true
            }
            Err(error) => {
                self.failed(&error, now);
                false
            }
        }
    }

    /// Whether the server has come in, or is known to be in, after a failure that was logged: true
    /// once, for whoever read of the failure.
    pub(crate) fn came_back(&mut self) -> bool {
        std::mem::take(&mut self.is_back)
    }

    /// Logs an error, within bounds.
    fn failed(&mut self, error: &Error, now: Instant) {
        if is_no_service(error) {
            // Its destinations went with it.
            self.present = Present::Out;
            if !std::mem::replace(&mut self.told_no_service, true) {
                self.told_failure = true;
                Message::NoService { error }.log();
            }
        } else if let Some(untold) = self.errors.allow(now) {
            self.told_failure = true;
            Message::TableFailed { error, untold }.log();
        }
    }

    /// Without a table, says what the weight would be.
    fn report(&mut self, now: Instant) {
        self.present = match (&self.wanted, self.present) {
            (Wanted::In(wanted), present) => {
                let weight = wanted.current();
                if !matches!(present, Present::In { weight: said, .. } if said == weight) {
                    let server = self.server;
                    Message::WouldWeigh { server, weight }.log();
                }
                Present::seen(weight, now)
            }
            (Wanted::AsItIs | Wanted::Out | Wanted::Gone, _) => Present::Out,
        };
    }

    fn change(&mut self, now: Instant) -> Result<(), Error> {
        let Some(table) = &mut self.table else {
            self.report(now);
            return Ok(());
        };
        match (&mut self.wanted, self.present) {
            (Wanted::AsItIs, _) | (Wanted::Out | Wanted::Gone, Present::Out) => Ok(()),
            (Wanted::Out, Present::In { weight: 0, .. }) if self.quiesces => Ok(()),
            (Wanted::Out, Present::In { .. } | Present::Unknown) if self.quiesces => {
                // What is there from before is looked at first, for the thresholds it has.
                let is_there = !matches!(self.present, Present::Unknown) || table.find()?.is_some();
                if is_there && table.quiesce()? {
                    self.present = Present::seen(0, now);
                    let server = self.server;
                    Message::Weight { server, weight: 0 }.log();
                } else {
                    self.present = Present::Out;
                }
                Ok(())
            }
            (Wanted::Out | Wanted::Gone, Present::In { .. } | Present::Unknown) => {
                table.remove()?;
                self.present = Present::Out;
                Ok(())
            }
            (Wanted::In(wanted), Present::Out | Present::Unknown) => {
                let Some(weight) = table.add(wanted.current())? else {
                    wanted.go_on(now);
                    self.present = Present::seen(wanted.current(), now);
                    return Ok(());
                };
                let server = self.server;
                Message::Adopted { server, weight }.log();
                *wanted = Weight::adopt(self.rules, weight, now);
                self.present = Present::seen(weight, now);
                self.change(now)
            }
            (
                Wanted::In(wanted),
                Present::In {
                    weight: present,
                    sure_until,
                },
            ) => {
                let weight = wanted.current();
                if weight != present {
                    table.set(weight)?;
                    let server = self.server;
                    Message::Weight { server, weight }.log();
                } else if sure_until.is_none() {
                    table.put_back(weight)?;
                } else {
                    return Ok(());
                }
                self.present = Present::seen(weight, now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
