//! The server as a member of the virtual server's pool: its wanted state, the state of its
//! destination in the table, and the reconciliation of the two. A failed change is logged and
//! retried at the next check; no failure ends the nanny. Other processes change the table too:
//! while the server is in, its destination is added every [`STEP`], which repairs a missing one and
//! changes nothing otherwise: a weight set by the administrator lasts until the next change.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use daemon::rate::RateLimit;
use ipvs_netlink::{Client, Error};

use crate::load::Load;
use crate::log::Message;
use crate::settings::{Kind, Settings};
use crate::table::{Kernel, Table, is_no_service};
use crate::weight::{Rules, STEP, Step, Weight};

/// Maximum number of lines about failed table changes in [`ERROR_WINDOW`].
const ERRORS: u32 = 3;

/// See [`ERRORS`].
const ERROR_WINDOW: Duration = Duration::from_secs(60);

/// The wanted state.
enum Wanted {
    /// No status yet: leave the table unchanged.
    Unchanged,
    /// Out: deleted or quiesced.
    Out,
    /// Deleted, even if servers are quiesced.
    Deleted,
    /// In, with this weight.
    In(Weight),
}

/// The known state of the destination.
#[derive(Clone, Copy)]
enum Present {
    /// Not read yet. The read is deferred until it matters: a long list takes time and memory, and
    /// a server that passes its first check is added without it.
    Unknown,
    /// Out.
    Out,
    /// In.
    In {
        /// Weight in the table.
        weight: u32,
        /// When to add the destination again in case it is missing; `None` if that is overdue.
        verify_at: Option<Instant>,
    },
}

impl Present {
    /// The kernel has just confirmed the destination.
    fn confirmed(weight: u32, now: Instant) -> Self {
        Self::In {
            weight,
            verify_at: Some(now + STEP),
        }
    }
}

/// A server in the pool of its virtual server.
pub(crate) struct PoolMember<K = Client> {
    /// `None` if the table must not be changed.
    table: Option<Table<K>>,
    server: SocketAddr,
    rules: Rules,
    /// Whether, without a table, weights are computed and logged.
    reports: bool,
    /// Whether a server that goes out is quiesced (weight 0) instead of deleted.
    quiesces: bool,
    wanted: Wanted,
    present: Present,
    errors: RateLimit,
    logged_no_service: bool,
    /// Whether a failure was logged since the last successful reconciliation.
    logged_failure: bool,
    /// Whether the server is in again after a logged failure.
    is_recovered: bool,
}

impl<K: Kernel> PoolMember<K> {
    /// Creates a member in `table`. Without a table every change succeeds, and is logged if the
    /// settings say so.
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
            wanted: Wanted::Unchanged,
            present: Present::Unknown,
            errors: RateLimit::new(ERRORS, ERROR_WINDOW),
            logged_no_service: false,
            logged_failure: false,
            is_recovered: false,
        }
    }

    /// Adopts a preexisting destination of a server that has not been let in. Reads the table once.
    /// Returns whether the server counts as in: with weight 0 it does not, unless 0 is its assigned
    /// weight.
    pub(crate) fn adopt(&mut self, now: Instant) -> bool {
        let (Some(table), Wanted::Unchanged, Present::Unknown) =
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
        self.present = found.map_or(Present::Out, |weight| Present::confirmed(weight, now));
        match found {
            Some(weight) if weight > 0 || self.rules.assigned == 0 => {
                let server = self.server;
                Message::Adopted { server, weight }.log();
                self.set_in(now);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Sets the wanted state to in.
    pub(crate) fn set_in(&mut self, now: Instant) {
        if matches!(self.wanted, Wanted::In(_)) || (self.table.is_none() && !self.reports) {
            return;
        }
        self.wanted = Wanted::In(match self.present {
            Present::In { weight, .. } => Weight::adopt(self.rules, weight, now),
            Present::Out | Present::Unknown => Weight::start(self.rules, now),
        });
    }

    /// Sets the wanted state to out: deleted or quiesced.
    pub(crate) fn set_out(&mut self) {
        self.wanted = Wanted::Out;
    }

    /// Sets the wanted state to deleted, even if servers are quiesced: the nanny exits.
    pub(crate) fn set_deleted(&mut self) {
        self.wanted = Wanted::Deleted;
    }

    /// When [`PoolMember::step`] is due, if at all.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        // Before the destination is confirmed the slow start does not proceed: the next check
        // retries.
        let (Wanted::In(weight), Present::In { verify_at, .. }) = (&self.wanted, self.present)
        else {
            return None;
        };
        [weight.deadline(), verify_at].into_iter().flatten().min()
    }

    /// Runs the timers of the weight and of the upkeep. Returns whether the load is to be polled
    /// and passed to [`PoolMember::apply_load`]: at each step, during the slow start too, so that a
    /// missing load tool is logged soon.
    pub(crate) fn step(&mut self, now: Instant) -> bool {
        let (Wanted::In(weight), Present::In { verify_at, .. }) =
            (&mut self.wanted, &mut self.present)
        else {
            return false;
        };
        let step = weight.step(now);
        let mut is_due = step == Some(Step::Changed);
        if verify_at.is_some_and(|until| now >= until) {
            *verify_at = None;
            is_due = true;
        }
        if is_due {
            self.reconcile(now);
        }
        step.is_some() && self.rules.by_load
    }

    /// Applies a load average to the weight.
    pub(crate) fn apply_load(&mut self, load: Load, now: Instant) {
        if let Wanted::In(weight) = &mut self.wanted
            && weight.apply_load(load)
        {
            self.reconcile(now);
        }
    }

    /// Whether the wanted state is in.
    pub(crate) fn is_in(&self) -> bool {
        matches!(self.wanted, Wanted::In(_))
    }

    /// Ends the load adjustment.
    pub(crate) fn disable_load(&mut self, now: Instant) {
        self.rules.by_load = false;
        if let Wanted::In(weight) = &mut self.wanted {
            weight.disable_load(now);
        }
    }

    /// Reconciles the table with the wanted state. Returns whether they agree now.
    pub(crate) fn reconcile(&mut self, now: Instant) -> bool {
        match self.change(now) {
            Ok(()) => {
                self.logged_no_service = false;
                if std::mem::take(&mut self.logged_failure) {
                    self.is_recovered = self.is_in();
                }
                true
            }
            Err(error) => {
                self.failed(&error, now);
                false
            }
        }
    }

    /// Returns true once when the server is in after a failure that was logged.
    pub(crate) fn take_recovered(&mut self) -> bool {
        std::mem::take(&mut self.is_recovered)
    }

    /// Logs an error, rate-limited.
    fn failed(&mut self, error: &Error, now: Instant) {
        if is_no_service(error) {
            // The kernel deletes the destinations with their service.
            self.present = Present::Out;
            if !std::mem::replace(&mut self.logged_no_service, true) {
                self.logged_failure = true;
                Message::NoService { error }.log();
            }
        } else if let Some(suppressed) = self.errors.allow(now) {
            self.logged_failure = true;
            Message::TableFailed { error, suppressed }.log();
        }
    }

    /// Logs the weight that the server would have in a table.
    fn report(&mut self, now: Instant) {
        self.present = match (&self.wanted, self.present) {
            (Wanted::In(wanted), present) => {
                let weight = wanted.current();
                if !matches!(present, Present::In { weight: logged, .. } if logged == weight) {
                    let server = self.server;
                    Message::WouldSetWeight { server, weight }.log();
                }
                Present::confirmed(weight, now)
            }
            (Wanted::Unchanged | Wanted::Out | Wanted::Deleted, _) => Present::Out,
        };
    }

    fn change(&mut self, now: Instant) -> Result<(), Error> {
        let Some(table) = &mut self.table else {
            self.report(now);
            return Ok(());
        };
        match (&mut self.wanted, self.present) {
            (Wanted::Unchanged, _) | (Wanted::Out | Wanted::Deleted, Present::Out) => Ok(()),
            (Wanted::Out, Present::In { weight: 0, .. }) if self.quiesces => Ok(()),
            (Wanted::Out, Present::In { .. } | Present::Unknown) if self.quiesces => {
                // Read a preexisting destination first: a change must keep its thresholds.
                let is_present =
                    !matches!(self.present, Present::Unknown) || table.find()?.is_some();
                if is_present && table.quiesce()? {
                    self.present = Present::confirmed(0, now);
                    let server = self.server;
                    Message::Weight { server, weight: 0 }.log();
                } else {
                    self.present = Present::Out;
                }
                Ok(())
            }
            (Wanted::Out | Wanted::Deleted, Present::In { .. } | Present::Unknown) => {
                table.remove()?;
                self.present = Present::Out;
                Ok(())
            }
            (Wanted::In(wanted), Present::Out | Present::Unknown) => {
                let Some(weight) = table.add(wanted.current())? else {
                    wanted.restart_interval(now);
                    self.present = Present::confirmed(wanted.current(), now);
                    return Ok(());
                };
                let server = self.server;
                Message::Adopted { server, weight }.log();
                *wanted = Weight::adopt(self.rules, weight, now);
                self.present = Present::confirmed(weight, now);
                self.change(now)
            }
            (
                Wanted::In(wanted),
                Present::In {
                    weight: present,
                    verify_at,
                },
            ) => {
                let weight = wanted.current();
                if weight != present {
                    table.set(weight)?;
                    let server = self.server;
                    Message::Weight { server, weight }.log();
                } else if verify_at.is_none() {
                    table.restore(weight)?;
                } else {
                    return Ok(());
                }
                self.present = Present::confirmed(weight, now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
