//! All log lines of a nanny. lvsd interprets lines that contain `[ active ]` or `[inactive]` as
//! status reports; scripts grep for others.

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
    /// The nanny has started.
    Starting {
        service: SocketAddr,
        mark: Option<NonZeroU32>,
        server: SocketAddr,
    },
    /// The nanny has started, for a failover service.
    StartingFailover { server: SocketAddr },
    /// The failover service came up.
    FailoverUp { server: SocketAddr },
    /// The failover service was up and has failed: the nanny exits.
    FailoverDown { server: SocketAddr },
    /// The failover service did not come up in time: the nanny exits.
    FailoverNeverUp {
        server: SocketAddr,
        timeout: Duration,
    },
    /// The load tool is not installed.
    NoLoadTool {
        server: SocketAddr,
        program: &'a str,
    },
    /// The load could not be read; `suppressed` earlier lines were suppressed.
    LoadFailed {
        server: SocketAddr,
        failure: &'a load::failure::Failure,
        suppressed: u64,
    },
    /// The load of the server.
    Load { server: SocketAddr, load: Load },
    /// The server was preexisting in the table.
    Adopted { server: SocketAddr, weight: u32 },
    /// The server came in.
    Active { server: SocketAddr },
    /// The server went out after failed checks.
    Inactive { server: SocketAddr },
    /// The server went out by signal.
    ForcedOut { server: SocketAddr },
    /// The first check failed.
    NotYet { server: SocketAddr },
    /// A check passed after the server went out; `suppressed` earlier lines were suppressed.
    Recovering {
        server: SocketAddr,
        reentry: Duration,
        suppressed: u64,
    },
    /// A signal changed the override.
    Forced {
        server: SocketAddr,
        force: Force,
        signal: u32,
    },
    /// A check passed.
    Passed { server: SocketAddr, took: Duration },
    /// A check failed; `suppressed` earlier lines with the same failure were suppressed.
    Failed {
        server: SocketAddr,
        /// The check program, if there is one.
        program: Option<&'a OsStr>,
        failure: Failure,
        suppressed: u64,
    },
    /// The weight in the table changed.
    Weight { server: SocketAddr, weight: u32 },
    /// The weight that `--norun` did not set.
    WouldSetWeight { server: SocketAddr, weight: u32 },
    /// The virtual service is not in the table.
    NoService { error: &'a dyn Error },
    /// A table change failed; `suppressed` earlier lines were suppressed.
    TableFailed {
        error: &'a dyn Error,
        suppressed: u64,
    },
    /// A signal ends the nanny.
    Terminating { signal: u32 },
    /// The parent died, and the nanny exits.
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
            | Self::Recovering { .. }
            | Self::ForcedOut { .. }
            | Self::Forced { .. }
            | Self::Terminating { .. }
            | Self::Orphaned => Level::INFO,
            Self::Passed { .. }
            | Self::Weight { .. }
            | Self::WouldSetWeight { .. }
            | Self::Load { .. } => Level::DEBUG,
        }
    }
}

/// ` (N more not logged)`, or nothing for 0.
struct More(u64);

impl fmt::Display for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            suppressed => write!(f, " ({suppressed} more not logged)"),
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
                "{program} is not installed: {server} keeps its assigned weight"
            ),
            Self::LoadFailed {
                server,
                failure,
                suppressed,
            } => write!(
                f,
                "failed to read remote load of {server}: {failure}{}",
                More(suppressed)
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
            Self::Recovering {
                server,
                reentry,
                suppressed,
            } => write!(
                f,
                "{server} answers again: in after {} s of passed checks{}",
                reentry.as_secs_f64(),
                More(suppressed)
            ),
            Self::Forced {
                server,
                force,
                signal,
            } => {
                let meaning = match force {
                    Force::In => "in until further notice",
                    Force::Out => "out until further notice",
                    Force::Neither => "back to normal",
                };
                write!(f, "signal {signal}: {server} {meaning}")
            }
            Self::Passed { server, took } => {
                write!(f, "{server} passed in {} us", took.as_micros())
            }
            Self::Failed {
                server,
                program,
                failure,
                suppressed,
            } => write!(f, "{}{}", failure.of(server, program), More(suppressed)),
            Self::Weight { server, weight } => write!(f, "weight of {server} is now {weight}"),
            Self::WouldSetWeight { server, weight } => {
                write!(f, "weight of {server} would be {weight}")
            }
            Self::NoService { error } => write!(f, "{}: retrying at each check", chain(error)),
            Self::TableFailed { error, suppressed } => {
                write!(f, "{}{}", chain(error), More(suppressed))
            }
            Self::Terminating { signal } => write!(f, "Terminating due to signal {signal}"),
            Self::Orphaned => f.write_str("parent died: leaving the IPVS table to its successor"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Host, Phase};

    #[test]
    fn formats_lines_that_scripts_grep() {
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
                Message::Recovering {
                    server,
                    reentry: Duration::from_secs(180),
                    suppressed: 0,
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
                    failure: Failure::TimedOut(Phase::Connect, Host::Unknown),
                    suppressed: 0,
                },
                "CONNECT to 10.0.0.2:8080 timed out",
            ),
            (
                Message::Failed {
                    server,
                    program: None,
                    failure: Failure::TimedOut(Phase::Read, Host::Unknown),
                    suppressed: 7,
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
