//! The wording of every line that pulse logs. Scripts look for some of them: those that the
//! specification quotes stay as they are.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use crate::fsm::{Role, WhyActive, WhyInactive};
use crate::heartbeat;
use crate::lvsd::Launch;
use crate::settings::Floating;
use crate::vip;

/// A line of the log.
#[derive(Debug)]
pub enum Message<'a> {
    /// The start.
    Starting(Role),
    /// A warning about the configuration.
    Configuration(&'a Path, &'a str),
    /// A program that is needed to serve cannot be run.
    CannotServe(&'a Path, &'a std::io::Error),
    /// This router becomes active.
    Activate(WhyActive),
    /// This router becomes inactive.
    Deactivate(WhyInactive, Duration),
    /// Both routers are active, and this is the primary; how many like it were held back.
    AnnounceAgain(u64),
    /// The announcements of a takeover are over.
    AnnouncementsFinished,
    /// A datagram that is no heartbeat for us; how many like it were held back.
    BadHeartbeat(heartbeat::Error, IpAddr, u64),
    /// A datagram from somebody else; how many like it were held back.
    Stranger(IpAddr, u64),
    /// A heartbeat was not sent; how many like it were held back.
    NotSent(Ipv4Addr, &'a std::io::Error, u64),
    /// A heartbeat socket has an error; how many like it were held back.
    NotHeard(&'a std::io::Error, u64),
    /// The file is not what it was when pulse took it.
    FileChanged(&'a Path),
    /// lvsd could not be handed what the file said.
    NotHanded(&'a std::io::Error),
    /// lvsd is started.
    LvsdStarted(u32),
    /// lvsd cannot be started.
    LvsdNotStarted(&'a Path, &'a std::io::Error),
    /// lvsd filled its table.
    LvsdReady(Duration),
    /// lvsd did not say that it is ready.
    LvsdNotReady(Duration),
    /// lvsd ended unasked.
    LvsdFailed(ExitStatus),
    /// lvsd ended as it was asked to.
    LvsdStopped(ExitStatus),
    /// lvsd did not end in time.
    LvsdKilled(Duration),
    /// A floating address is up.
    Raised(&'a Floating),
    /// A floating address was not there any more, and is up again; how many like it were held back.
    RaisedAgain(&'a Floating, u64),
    /// A floating address is not up; how many like it were held back.
    NotRaised(&'a Floating, &'a vip::Error, u64),
    /// A floating address is gone.
    Dropped(Ipv4Addr),
    /// An address could not be removed or put back.
    NotDropped(Ipv4Addr, &'a std::io::Error),
    /// An address that the kernel took away with a floating one is back.
    PutBack(Ipv4Addr),
    /// The addresses of this host cannot be read.
    NoAddresses(&'a std::io::Error),
    /// Announcements were not sent.
    NotAnnounced(usize, &'a std::io::Error),
    /// The devices of this host cannot be read.
    NoDevices(&'a std::io::Error),
    /// Services were left in the table and are gone.
    ServicesCleared(usize),
    /// A service could not be removed from the table.
    ServicesNotCleared(&'a ipvs_netlink::Error),
    /// A signal ends pulse.
    Terminating(i32),
    /// SIGHUP, which this version does not act on.
    NoReload,
    /// In a trial: what would be started.
    WouldStart(&'a Launch),
    /// In a trial: what would be raised.
    WouldRaise(&'a Floating),
    /// lvsd's end was not seen.
    LvsdLost(&'a std::io::Error),
    /// The service manager did not hear that pulse is ready.
    NotTold(&'a std::io::Error),
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting(Role::Primary) => write!(f, "STARTING PULSE AS MASTER"),
            Self::Starting(Role::Backup) => write!(f, "STARTING PULSE AS BACKUP"),
            Self::Configuration(file, text) => {
                write!(f, "warning: {} at {text}", file.display())
            }
            Self::CannotServe(program, error) => write!(
                f,
                "warning: this router cannot serve: cannot run {}: {error}",
                program.display()
            ),
            Self::Activate(why) => match why {
                WhyActive::Forced => write!(f, "Forced active on startup: activating lvs"),
                WhyActive::NoPartner => write!(f, "no active backup: activating lvs"),
                WhyActive::PartnerInactive(Role::Primary) => {
                    write!(f, "primary inactive: activating lvs")
                }
                WhyActive::PartnerInactive(Role::Backup) => {
                    write!(f, "backup inactive: activating lvs")
                }
                WhyActive::PartnerDead => write!(f, "partner dead: activating lvs"),
                WhyActive::Retry => write!(f, "trying again after lvsd failed: activating lvs"),
            },
            Self::Deactivate(why, deadtime) => match why {
                WhyInactive::PartnerActive => write!(f, "partner active: deactivating LVS"),
                WhyInactive::LvsdFailed => write!(f, "lvsd failed: deactivating LVS"),
                WhyInactive::Stalled => write!(
                    f,
                    "pulse stalled for longer than deadtime ({deadtime:?}): deactivating LVS"
                ),
                WhyInactive::Terminating => write!(f, "deactivating LVS"),
            },
            Self::AnnounceAgain(held_back) => {
                write!(f, "partner active: resending arps{}", HeldBack(*held_back))
            }
            Self::AnnouncementsFinished => write!(f, "gratuitous lvs arps finished"),
            Self::BadHeartbeat(error, sender, held_back) => {
                write!(f, "{error} (from {sender}")?;
                if let heartbeat::Error::Size(size) = error {
                    write!(f, ", {size} bytes instead of {}", heartbeat::SIZE)?;
                }
                write!(f, "){}", HeldBack(*held_back))
            }
            Self::Stranger(sender, held_back) => {
                write!(f, "ignoring heartbeat from {sender}: not the partner")?;
                write!(f, "{}", HeldBack(*held_back))
            }
            Self::NotSent(partner, error, held_back) => {
                write!(
                    f,
                    "cannot send heartbeat to {partner}: {error}{}",
                    HeldBack(*held_back)
                )
            }
            Self::NotHeard(error, held_back) => {
                write!(f, "cannot read heartbeats: {error}{}", HeldBack(*held_back))
            }
            Self::FileChanged(file) => write!(
                f,
                "{} has changed since pulse was started: the change takes effect when pulse is restarted",
                file.display()
            ),
            Self::NotHanded(error) => {
                write!(
                    f,
                    "cannot pass the configuration to lvsd, which reads the file instead: {error}"
                )
            }
            Self::LvsdStarted(pid) => write!(f, "lvsd running as pid {pid}"),
            Self::LvsdNotStarted(path, error) => {
                write!(f, "cannot start {}: {error}", path.display())
            }
            Self::LvsdReady(after) => write!(f, "lvsd ready after {} ms", after.as_millis()),
            Self::LvsdNotReady(bound) => {
                write!(
                    f,
                    "lvsd not ready after {} ms: raising addresses",
                    bound.as_millis()
                )
            }
            Self::LvsdFailed(status) => write!(f, "lvsd died: {status}"),
            Self::LvsdStopped(status) => write!(f, "lvsd stopped: {status}"),
            Self::LvsdKilled(bound) => {
                write!(
                    f,
                    "lvsd did not stop within {} s: killing it",
                    bound.as_secs()
                )
            }
            Self::Raised(floating) => {
                write!(f, "raising {} on {}", floating.address, device(floating))
            }
            Self::RaisedAgain(floating, held_back) => {
                let (address, device) = (floating.address, device(floating));
                write!(f, "raising {address} on {device} again: it was missing")?;
                write!(f, "{}", HeldBack(*held_back))
            }
            Self::NotRaised(floating, error, held_back) => {
                write!(
                    f,
                    "cannot raise {} on {}",
                    floating.address,
                    device(floating)
                )?;
                write!(f, ": {error}{}", HeldBack(*held_back))
            }
            Self::Dropped(address) => write!(f, "dropping {address}"),
            Self::NotDropped(address, error) => write!(f, "cannot remove {address}: {error}"),
            Self::PutBack(address) => {
                write!(
                    f,
                    "restored {address}, which the kernel removed with a floating address"
                )
            }
            Self::NoAddresses(error) => write!(f, "cannot read this host's addresses: {error}"),
            Self::NotAnnounced(count, error) => {
                write!(f, "cannot send {count} gratuitous arps: {error}")
            }
            Self::NoDevices(error) => write!(f, "cannot read this host's devices: {error}"),
            Self::ServicesCleared(count) => {
                let s = if *count == 1 { "" } else { "s" };
                write!(f, "removed {count} virtual service{s} left in the table")
            }
            Self::ServicesNotCleared(error) => write!(f, "cannot clear the IPVS table: {error}"),
            Self::Terminating(signal) => write!(f, "Terminating due to signal {signal}"),
            Self::NoReload => {
                write!(
                    f,
                    "reload is not supported in this version: restart pulse instead"
                )
            }
            Self::WouldStart(launch) => {
                write!(f, "test start: not starting {}", launch.program.display())
            }
            Self::WouldRaise(floating) => {
                write!(
                    f,
                    "test start: not raising {} on {}",
                    floating.address,
                    device(floating)
                )
            }
            Self::LvsdLost(error) => write!(f, "cannot wait for lvsd: {error}"),
            Self::NotTold(error) => write!(f, "cannot notify the service manager: {error}"),
        }
    }
}

fn device(floating: &Floating) -> &str {
    floating.label.as_deref().unwrap_or(&floating.interface)
}

/// How many lines like this one were held back.
struct HeldBack(u64);

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            count => write!(f, " ({count} suppressed)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_scripts_look_for_stay_as_they_are() {
        let second = Duration::from_secs(1);
        for (message, line) in [
            (Message::Starting(Role::Primary), "STARTING PULSE AS MASTER"),
            (Message::Starting(Role::Backup), "STARTING PULSE AS BACKUP"),
            (
                Message::Activate(WhyActive::Forced),
                "Forced active on startup: activating lvs",
            ),
            (
                Message::Activate(WhyActive::PartnerDead),
                "partner dead: activating lvs",
            ),
            (
                Message::Activate(WhyActive::PartnerInactive(Role::Backup)),
                "backup inactive: activating lvs",
            ),
            (
                Message::Activate(WhyActive::PartnerInactive(Role::Primary)),
                "primary inactive: activating lvs",
            ),
            (
                Message::Deactivate(WhyInactive::PartnerActive, second),
                "partner active: deactivating LVS",
            ),
            (Message::AnnounceAgain(0), "partner active: resending arps"),
            (
                Message::AnnouncementsFinished,
                "gratuitous lvs arps finished",
            ),
            (Message::Terminating(15), "Terminating due to signal 15"),
        ] {
            assert_eq!(message.to_string(), line);
        }
    }

    #[test]
    fn lines_that_were_held_back_are_counted() {
        let sender = IpAddr::from([1, 2, 3, 9]);
        assert_eq!(
            Message::BadHeartbeat(heartbeat::Error::Size(5), sender, 12).to_string(),
            "bad heartbeat packet (from 1.2.3.9, 5 bytes instead of 4) (12 suppressed)"
        );
        assert_eq!(
            Message::BadHeartbeat(heartbeat::Error::Incompatible, sender, 0).to_string(),
            "Incompatible heartbeat received -- other system not using identical services \
             (from 1.2.3.9)"
        );
    }
}
