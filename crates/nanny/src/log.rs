//! Every line a nanny logs. lvsd takes a line that contains `[ active ]` or `[inactive]` for a
//! verdict; scripts look for the others.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use daemon::exit::chain;
use tracing::Level;

use crate::check::Failure;
use crate::health::Force;
use crate::load::{self, Load};

/// A line of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Message<'a> {
    /// The nanny runs.
    Starting {
        service: SocketAddr,
        mark: Option<NonZeroU32>,
        server: SocketAddr,
    },
    /// The nanny runs, and watches a failover service.
    StartingFailover { server: SocketAddr },
    /// The failover service came up.
    FailoverUp { server: SocketAddr },
    /// The failover service was up and failed: the nanny ends.
    FailoverDown { server: SocketAddr },
    /// The failover service did not come up in time: the nanny ends.
    FailoverNeverUp {
        server: SocketAddr,
        timeout: Duration,
    },
    /// The program that was to tell the load is not installed.
    NoLoadTool {
        server: SocketAddr,
        program: &'a str,
    },
    /// The load could not be read; so many more times it could not since the last such line.
    LoadFailed {
        server: SocketAddr,
        failure: &'a load::failure::Failure,
        untold: u64,
    },
    /// The load of the server.
    Load { server: SocketAddr, load: Load },
    /// The server was in the table before.
    Adopted { server: SocketAddr, weight: u32 },
    /// The server came in.
    Active { server: SocketAddr },
    /// The server went out because it failed.
    Inactive { server: SocketAddr },
    /// The server went out because a signal said so.
    ForcedOut { server: SocketAddr },
    /// The first check failed.
    NotYet { server: SocketAddr },
    /// The server answers again after it went out; so many more times it did since the last such line.
    Answers {
        server: SocketAddr,
        reentry: Duration,
        untold: u64,
    },
    /// A signal changed who decides.
    Forced {
        server: SocketAddr,
        force: Force,
        signal: u32,
    },
    /// A check passed.
    Passed { server: SocketAddr, took: Duration },
    /// A check failed; so many more failed in the same way since the last such line.
    Failed {
        server: SocketAddr,
        /// The one that was to check it, if one was.
        program: Option<&'a OsStr>,
        failure: Failure,
        untold: u64,
    },
    /// The weight in the table changed.
    Weight { server: SocketAddr, weight: u32 },
    /// The weight that would be in the table, were it touched.
    WouldWeigh { server: SocketAddr, weight: u32 },
    /// The kernel has no such virtual service.
    NoService { error: &'a dyn Error },
    /// A change of the table failed; so many more did since the last such line.
    TableFailed { error: &'a dyn Error, untold: u64 },
    /// A signal ends the nanny.
    Terminating { signal: u32 },
    /// The parent is gone, and this nanny goes too.
    Orphaned,
}

impl Message<'_> {
    /// Logs the line.
    pub(crate) fn log(self) {
        match self.level() {
            Level::ERROR => tracing::error!("{self}"),
            Level::WARN => tracing::warn!("{self}"),
            Level::INFO => tracing::info!("{self}"),
            _ => tracing::debug!("{self}"),
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::NoService { .. } | Self::TableFailed { .. } => Level::ERROR,
            Self::Inactive { .. }
            | Self::NotYet { .. }
            | Self::NoLoadTool { .. }
            | Self::LoadFailed { .. }
            | Self::Failed { .. }
            | Self::FailoverDown { .. }
            | Self::FailoverNeverUp { .. } => Level::WARN,
            Self::Starting { .. }
            | Self::StartingFailover { .. }
            | Self::FailoverUp { .. }
            | Self::Adopted { .. }
            | Self::Active { .. }
            | Self::Answers { .. }
            | Self::ForcedOut { .. }
            | Self::Forced { .. }
            | Self::Terminating { .. }
            | Self::Orphaned => Level::INFO,
            Self::Passed { .. }
            | Self::Weight { .. }
            | Self::WouldWeigh { .. }
            | Self::Load { .. } => Level::DEBUG,
        }
    }
}

/// ` (N more)`, or nothing.
struct More(u64);

impl fmt::Display for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            untold => write!(f, " ({untold} more not logged)"),
        }
    }
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Starting {
                service,
                mark,
                server,
            } => {
                write!(f, "starting LVS client monitor for {service} -> {server}")?;
                mark.map_or(Ok(()), |mark| write!(f, " (fwmark {mark})"))
            }
            Self::StartingFailover { server } => {
                write!(f, "starting FOS client monitor for {server}")
            }
            Self::FailoverUp { server } => write!(f, "[ active ] {server} is up"),
            Self::FailoverDown { server } => {
                write!(f, "[inactive] {server} is down due to connection failure")
            }
            Self::FailoverNeverUp { server, timeout } => write!(
                f,
                "[inactive] {server} did not come up within {} s",
                timeout.as_secs_f64()
            ),
            Self::NoLoadTool { server, program } => write!(
                f,
                "{program} is not installed: the weight of {server} goes to what was assigned"
            ),
            Self::LoadFailed {
                server,
                failure,
                untold,
            } => write!(
                f,
                "failed to read remote load of {server}: {failure}{}",
                More(untold)
            ),
            Self::Load { server, load } => {
                write!(f, "load of {server} is {:.2}", load.average())
            }
            Self::Adopted { server, weight } => {
                write!(f, "found {server} in the table with weight {weight}")
            }
            Self::Active { server } => write!(f, "[ active ] making {server} available"),
            Self::Inactive { server } => write!(
                f,
                "[inactive] shutting down {server} due to connection failure"
            ),
            Self::ForcedOut { server } => {
                write!(f, "[inactive] shutting down {server} on request")
            }
            Self::NotYet { server } => write!(f, "[inactive] {server} is not available yet"),
            Self::Answers {
                server,
                reentry,
                untold,
            } => write!(
                f,
                "{server} answers again: in after {} s of passed checks{}",
                reentry.as_secs_f64(),
                More(untold)
            ),
            Self::Forced {
                server,
                force,
                signal,
            } => {
                let means = match force {
                    Force::In => "in until further notice",
                    Force::Out => "out until further notice",
                    Force::Neither => "back to normal",
                };
                write!(f, "signal {signal}: {server} {means}")
            }
            Self::Passed { server, took } => {
                write!(f, "{server} passed in {} us", took.as_micros())
            }
            Self::Failed {
                server,
                program,
                failure,
                untold,
            } => write!(f, "{}{}", failure.of(server, program), More(untold)),
            Self::Weight { server, weight } => write!(f, "weight of {server} is now {weight}"),
            Self::WouldWeigh { server, weight } => {
                write!(f, "weight of {server} would be {weight}")
            }
            Self::NoService { error } => write!(f, "{}: trying again at each check", chain(error)),
            Self::TableFailed { error, untold } => write!(f, "{}{}", chain(error), More(untold)),
            Self::Terminating { signal } => write!(f, "Terminating due to signal {signal}"),
            Self::Orphaned => f.write_str("the parent is gone: leaving the table to its successor"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Act, Host};

    #[test]
    fn the_lines_that_scripts_look_for() {
        let server: SocketAddr = "10.0.0.2:8080".parse().expect("an address");
        let service: SocketAddr = "1.2.3.1:80".parse().expect("an address");
        for (message, line) in [
            (
                Message::Starting {
                    service,
                    mark: None,
                    server,
                },
                "starting LVS client monitor for 1.2.3.1:80 -> 10.0.0.2:8080",
            ),
            (
                Message::Starting {
                    service,
                    mark: NonZeroU32::new(80),
                    server,
                },
                "starting LVS client monitor for 1.2.3.1:80 -> 10.0.0.2:8080 (fwmark 80)",
            ),
            (
                Message::Answers {
                    server,
                    reentry: Duration::from_secs(180),
                    untold: 0,
                },
                "10.0.0.2:8080 answers again: in after 180 s of passed checks",
            ),
            (
                Message::Forced {
                    server,
                    force: Force::Out,
                    signal: 10,
                },
                "signal 10: 10.0.0.2:8080 out until further notice",
            ),
            (
                Message::Forced {
                    server,
                    force: Force::Neither,
                    signal: 1,
                },
                "signal 1: 10.0.0.2:8080 back to normal",
            ),
            (
                Message::Active { server },
                "[ active ] making 10.0.0.2:8080 available",
            ),
            (
                Message::Inactive { server },
                "[inactive] shutting down 10.0.0.2:8080 due to connection failure",
            ),
            (
                Message::NotYet { server },
                "[inactive] 10.0.0.2:8080 is not available yet",
            ),
            (
                Message::Failed {
                    server,
                    program: None,
                    failure: Failure::TimedOut(Act::Connect, Host::NotAsked),
                    untold: 0,
                },
                "CONNECT to 10.0.0.2:8080 timed out",
            ),
            (
                Message::Failed {
                    server,
                    program: None,
                    failure: Failure::TimedOut(Act::Read, Host::NotAsked),
                    untold: 7,
                },
                "READ to 10.0.0.2:8080 timed out (7 more not logged)",
            ),
            (
                Message::FailoverUp { server },
                "[ active ] 10.0.0.2:8080 is up",
            ),
            (
                Message::FailoverDown { server },
                "[inactive] 10.0.0.2:8080 is down due to connection failure",
            ),
            (
                Message::FailoverNeverUp {
                    server,
                    timeout: Duration::from_millis(2500),
                },
                "[inactive] 10.0.0.2:8080 did not come up within 2.5 s",
            ),
            (
                Message::Terminating { signal: 15 },
                "Terminating due to signal 15",
            ),
        ] {
            assert_eq!(message.to_string(), line);
        }
    }
}
