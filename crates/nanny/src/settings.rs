//! The settings of one nanny: the command line, typed and with defaults.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::check::probe::Probe;

/// Default port of a virtual server.
pub const DEFAULT_PORT: u16 = 80;
/// Default time without a passed check until a server goes out.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Default time of passed checks until a server comes in again.
pub const DEFAULT_REENTRY: Duration = Duration::from_secs(180);
/// Default time between checks, if [`CHECKS_IN_TIMEOUT`] intervals fit into the timeout.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);
/// Minimum number of checks within a timeout with the default interval: a single failure between
/// two passes removes no server, even if one of the checks is late by almost an interval.
pub const CHECKS_IN_TIMEOUT: u32 = 3;
/// Default weight.
pub const DEFAULT_WEIGHT: u32 = 1;
/// Default limit of the weight by load, as a multiple of the assigned weight.
pub const DEFAULT_SCALE: u32 = 10;
/// The maximum weight of the kernel, which stores it as a C `int`.
pub const LARGEST_WEIGHT: u32 = i32::MAX as u32;

/// The settings of one nanny.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Kind of service.
    pub kind: Kind,
    /// The virtual server: its address and port.
    pub service: SocketAddr,
    /// Whether the service uses UDP.
    pub udp: bool,
    /// The firewall mark, if it identifies the virtual service; then the address only gives the
    /// family, and the port appears in messages only.
    pub mark: Option<NonZeroU32>,
    /// The real server: its address and its own port.
    pub server: SocketAddr,
    /// The checks of the server.
    pub probe: Probe,
    /// The host name of the real server, if it was given by name.
    pub name: Option<String>,
    /// The forwarding method.
    pub method: Method,
    /// Time without a passed check until the server goes out; also the timeout of one check. Not
    /// zero.
    pub timeout: Duration,
    /// Time from the start of one check to the start of the next. Not zero, at most the timeout.
    pub interval: Duration,
    /// Time of passed checks until the server comes in again.
    pub reentry: Duration,
    /// The assigned weight, at most [`LARGEST_WEIGHT`].
    pub weight: u32,
    /// Limit of the weight of an idle server, as a multiple of the assigned weight. Not zero.
    pub scale: u32,
    /// Whether a server that goes out is quiesced: it stays in the table with weight 0.
    pub quiesce: bool,
    /// The source of load data (`-U`), unless it is `none` or blank.
    pub load_data: Option<String>,
    /// Whether status changes are only logged, and the table is not changed.
    pub report_only: bool,
    /// Whether and how the process daemonizes.
    pub mode: Mode,
    /// Whether every check is logged.
    pub verbose: bool,
}

/// Kind of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `--lvs`: a real server of a virtual server, managed in the IPVS table.
    RealServer,
    /// `--fos`: the partner's failover service. The exit status reports its state.
    Failover,
}

/// The forwarding method (`-M`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `m`: masquerading (NAT); addresses and ports are rewritten.
    Masquerade,
    /// `i`: IP-in-IP tunneling; the port is unchanged.
    Tunnel,
    /// `g`: direct routing; the port is unchanged.
    Direct,
}

/// Whether and how the process daemonizes, and where it logs besides syslog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A daemon, as a child of init.
    Background,
    /// No fork, detached from the terminal (`-c`).
    NoFork,
    /// No fork, with the log on stdout too (`-n`).
    Foreground,
}

/// Computes timeout and interval from the two options.
///
/// In 0.8.6 the long name of the timeout was `--interval`: given alone it is the timeout. A given
/// interval is limited only by the timeout. The default leaves room for [`CHECKS_IN_TIMEOUT`]
/// checks.
#[must_use]
pub fn timeout_and_interval(
    timeout: Option<Duration>,
    interval: Option<Duration>,
) -> (Duration, Duration) {
    match (timeout, interval) {
        (Some(timeout), Some(interval)) => (timeout, interval.min(timeout)),
        (timeout, interval) => {
            let timeout = timeout.or(interval).unwrap_or(DEFAULT_TIMEOUT);
            (timeout, DEFAULT_INTERVAL.min(timeout / CHECKS_IN_TIMEOUT))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_alone_sets_timeout() {
        let s = |seconds| Some(Duration::from_secs(seconds));
        let milliseconds = |(a, b): (Duration, Duration)| (a.as_millis(), b.as_millis());
        for (timeout, interval, both) in [
            (None, None, (10_000, 2000)),
            (s(6), None, (6000, 2000)),
            (None, s(6), (6000, 2000)),
            (s(3), None, (3000, 1000)),
            (None, s(3), (3000, 1000)),
            (s(1), None, (1000, 333)),
            (s(6), s(3), (6000, 3000)),
            (s(3), s(2), (3000, 2000)),
            (s(3), s(6), (3000, 3000)),
        ] {
            let read = milliseconds(timeout_and_interval(timeout, interval));
            assert_eq!(read, both, "{timeout:?} {interval:?}");
        }
    }

    #[test]
    fn default_interval_equals_that_of_lvs_cf() {
        use lvs_cf::{FixedResolver, parse};
        for timeout in [
            "1ms",
            "0.1",
            "1",
            "5",
            "5.999",
            "6",
            "6.001",
            "10",
            "2147483647",
        ] {
            let text = format!(
                "primary = 10.0.0.1\nvirtual v {{\naddress = 10.0.0.2\ntimeout = {timeout}\n}}\n"
            );
            let loaded = parse("x".as_ref(), text.into(), &FixedResolver::new()).unwrap();
            let service = &loaded.config.virtual_servers[0];
            let (_, taken) = timeout_and_interval(Some(*service.timeout), None);
            assert_eq!(taken, service.interval_of_checks(), "{timeout}");
        }
    }
}
