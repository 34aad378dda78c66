//! The wording of every line that `lvsd` logs. Scripts look for some of them: see lvsd(8).

use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

/// One line of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Message<'a> {
    /// A service is in the table.
    ServiceStarted {
        /// The name of the `virtual` block.
        name: &'a str,
        /// The virtual port.
        port: u16,
    },
    /// A service was taken out of the table, or could not be, which is said before.
    ServiceStopped {
        /// The name of the `virtual` block.
        name: &'a str,
    },
    /// Somebody had taken a service out of the table.
    ServicePutBack {
        /// The name of the `virtual` block.
        name: &'a str,
    },
    /// A later block has the address, port and protocol of an earlier one.
    ServiceTwice {
        /// The later block.
        name: &'a str,
        /// The earlier block.
        first: &'a str,
    },
    /// Two real servers are one destination in the kernel.
    RealServerTwice {
        /// The later one, `VS/RS`.
        label: &'a str,
        /// The earlier one, `VS/RS`.
        first: &'a str,
    },
    /// A monitor process was started.
    MonitorStarted {
        /// `VS/RS`.
        label: &'a str,
        /// Its process id.
        pid: u32,
    },
    /// A monitor process could not be started.
    MonitorNotStarted {
        /// `VS/RS`.
        label: &'a str,
        /// Why.
        error: &'a str,
    },
    /// A monitor wrote to its stderr.
    MonitorSaid {
        /// `VS/RS`.
        label: &'a str,
        /// The line.
        line: &'a str,
    },
    /// A monitor wrote more lines than are taken.
    MonitorFloods {
        /// `VS/RS`.
        label: &'a str,
        /// How many lines were dropped since the last such message.
        lines: u64,
    },
    /// A monitor process ended by itself.
    MonitorEnded {
        /// `VS/RS`.
        label: &'a str,
        /// Its process id.
        pid: u32,
        /// How.
        status: ExitStatus,
    },
    /// A monitor is gone, and with `hard_shutdown = 1` everything stops.
    MonitorDiedShuttingDown {
        /// `VS/RS`.
        label: &'a str,
    },
    /// A monitor is gone, and with `hard_shutdown = 0` it is started again.
    MonitorDiedRestarting {
        /// `VS/RS`.
        label: &'a str,
        /// After how long.
        wait: Duration,
    },
    /// Monitors that did not end in time are killed.
    MonitorsKilled {
        /// How many.
        count: usize,
        /// How long they had.
        bound: Duration,
    },
    /// Killed monitors that the kernel did not let go.
    MonitorsLeft {
        /// How many.
        count: usize,
    },
    /// Every service is ready, and pulse was told.
    Ready,
    /// Pulse could not be told.
    NotTold {
        /// Why.
        error: &'a str,
    },
    /// The table could not be changed.
    Table {
        /// What was tried, and why it failed.
        error: &'a str,
    },
    /// The start or the run failed.
    Failed {
        /// A line of what stderr says.
        line: &'a str,
    },
    /// Something in the file is doubtful.
    Doubtful {
        /// A line of what stderr says.
        line: &'a str,
    },
    /// SIGHUP.
    NoReload,
    /// The process that started this one is dead.
    Orphaned,
    /// SIGTERM or SIGINT.
    Signal {
        /// Its number.
        number: i32,
    },
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceStarted { name, port } => {
                write!(f, "starting virtual service {name} active: {port}")
            }
            Self::ServiceStopped { name } => write!(f, "shutting down virtual service {name}"),
            Self::ServicePutBack { name } => {
                write!(
                    f,
                    "virtual service {name} was not in the table any more: put back"
                )
            }
            Self::ServiceTwice { name, first } => write!(
                f,
                "virtual service {name} not started: same service as {first}"
            ),
            Self::RealServerTwice { label, first } => {
                write!(f, "no monitor for {label}: same real server as {first}")
            }
            Self::MonitorStarted { label, pid } => {
                write!(f, "create_monitor for {label} running as pid {pid}")
            }
            Self::MonitorNotStarted { label, error } => {
                write!(f, "cannot start monitor for {label}: {error}")
            }
            Self::MonitorSaid { label, line } => write!(f, "monitor for {label}: {line}"),
            Self::MonitorFloods { label, lines } => {
                write!(
                    f,
                    "monitor for {label} exceeds the output rate limit: {lines} lines dropped"
                )
            }
            Self::MonitorEnded { label, pid, status } => {
                write!(f, "monitor for {label} (pid {pid}) ended: {status}")
            }
            Self::MonitorDiedShuttingDown { label } => {
                write!(f, "nanny for child {label} died! shutting down lvs")
            }
            Self::MonitorDiedRestarting { label, wait } => write!(
                f,
                "nanny for child {label} died! restarting it in {} s",
                wait.as_secs()
            ),
            Self::MonitorsKilled { count, bound } => write!(
                f,
                "{count} monitors still running after {} s: killing them",
                bound.as_secs()
            ),
            Self::MonitorsLeft { count } => {
                write!(f, "{count} monitors still running after SIGKILL")
            }
            Self::Ready => f.write_str("every active virtual service is ready"),
            Self::NotTold { error } => write!(f, "cannot notify pulse of readiness: {error}"),
            Self::Table { error } => f.write_str(error),
            Self::Failed { line } | Self::Doubtful { line } => f.write_str(line),
            Self::NoReload => f.write_str("reload is not supported in this version: restart pulse"),
            Self::Orphaned => f.write_str("pulse is dead: leaving the table to its successor"),
            Self::Signal { number } => write!(f, "shutting down due to signal {number}"),
        }
    }
}

impl Message<'_> {
    /// Writes the line to the log.
    pub(crate) fn log(self) {
        match self {
            Self::MonitorNotStarted { .. }
            | Self::MonitorDiedShuttingDown { .. }
            | Self::MonitorDiedRestarting { .. }
            | Self::MonitorsLeft { .. }
            | Self::Table { .. }
            | Self::Failed { .. } => tracing::error!("{self}"),
            Self::ServicePutBack { .. }
            | Self::ServiceTwice { .. }
            | Self::RealServerTwice { .. }
            | Self::MonitorSaid { .. }
            | Self::MonitorFloods { .. }
            | Self::MonitorEnded { .. }
            | Self::MonitorsKilled { .. }
            | Self::NotTold { .. }
            | Self::Doubtful { .. }
            | Self::NoReload
            | Self::Orphaned => tracing::warn!("{self}"),
            Self::ServiceStarted { .. }
            | Self::ServiceStopped { .. }
            | Self::MonitorStarted { .. }
            | Self::Signal { .. } => tracing::info!("{self}"),
            Self::Ready => tracing::debug!("{self}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    /// The lines that scripts look for, as 0.8.6 wrote them.
    #[test]
    fn the_lines_of_0_8_6_are_kept() {
        let label = "http/rs1";
        for (message, line) in [
            (
                Message::ServiceStarted {
                    name: "http",
                    port: 80,
                },
                "starting virtual service http active: 80",
            ),
            (
                Message::ServiceStopped { name: "http" },
                "shutting down virtual service http",
            ),
            (
                Message::MonitorStarted { label, pid: 42 },
                "create_monitor for http/rs1 running as pid 42",
            ),
            (
                Message::MonitorDiedShuttingDown { label },
                "nanny for child http/rs1 died! shutting down lvs",
            ),
            (
                Message::Signal { number: 15 },
                "shutting down due to signal 15",
            ),
        ] {
            assert_eq!(message.to_string(), line);
        }
    }

    #[test]
    fn an_end_says_how() {
        let ended = |raw| {
            Message::MonitorEnded {
                label: "http/rs1",
                pid: 42,
                status: ExitStatus::from_raw(raw),
            }
            .to_string()
        };
        assert_eq!(
            ended(3 << 8),
            "monitor for http/rs1 (pid 42) ended: exit status: 3"
        );
        assert_eq!(
            ended(9),
            "monitor for http/rs1 (pid 42) ended: signal: 9 (SIGKILL)"
        );
        let restarting = Message::MonitorDiedRestarting {
            label: "http/rs1",
            wait: Duration::from_secs(60),
        };
        assert_eq!(
            restarting.to_string(),
            "nanny for child http/rs1 died! restarting it in 60 s"
        );
    }
}
