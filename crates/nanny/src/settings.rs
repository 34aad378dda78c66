//! What one nanny was told to do: the command line, typed and defaulted.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::check::question::Question;

/// The port of a virtual server where none is given.
pub const DEFAULT_PORT: u16 = 80;
/// How long a server may go without passing where nothing is given.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server must pass to be let back in where nothing is given.
pub const DEFAULT_REENTRY: Duration = Duration::from_secs(180);
/// Time between checks where nothing is given, as long as [`CHECKS_IN_TIMEOUT`] of it are not longer
/// than the timeout.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);
/// How many checks there are at least within a timeout, where no interval is given: one that fails
/// between two that pass takes no server out, even if one of them is late by almost an interval.
pub const CHECKS_IN_TIMEOUT: u32 = 3;
/// The weight where none is given.
pub const DEFAULT_WEIGHT: u32 = 1;
/// How many times its weight a server may get at most where nothing is given.
pub const DEFAULT_SCALE: u32 = 10;
/// The largest weight of the kernel, which keeps it as a C `int`.
pub const LARGEST_WEIGHT: u32 = i32::MAX as u32;

/// The settings of one nanny.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What is watched, and who is told.
    pub kind: Kind,
    /// The virtual server: its address and port.
    pub service: SocketAddr,
    /// Whether the service is a UDP one.
    pub udp: bool,
    /// The firewall mark of its packets, where that is what the table knows the service by; the
    /// address gives the family then, and the port is for messages.
    pub mark: Option<NonZeroU32>,
    /// Where the real server is checked: its address and its own port.
    pub server: SocketAddr,
    /// What a check asks.
    pub question: Question,
    /// What the real server was called, where that is no address.
    pub name: Option<String>,
    /// How packets reach the real server.
    pub method: Method,
    /// How long the server may go without passing; also how long one attempt may take. Not zero.
    pub timeout: Duration,
    /// Time from the start of one attempt to the start of the next. Not zero, at most the timeout.
    pub interval: Duration,
    /// How long every check must pass before the server is let back in.
    pub reentry: Duration,
    /// The weight the server works up to, at most [`LARGEST_WEIGHT`].
    pub weight: u32,
    /// How many times its weight a server that idles may get at most. Not zero.
    pub scale: u32,
    /// Whether a server that goes out stays in the table with weight 0, for the connections it has.
    pub quiesce: bool,
    /// The word that names a source of load data (`-U`), unless it is `none` or blank.
    pub load_data: Option<String>,
    /// Whether verdicts are only logged, and the table is left alone.
    pub report_only: bool,
    /// Where the process runs.
    pub stage: Stage,
    /// Whether every check is logged.
    pub verbose: bool,
}

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `--lvs`: a real server of a virtual server, in and out of the IPVS table.
    RealServer,
    /// `--fos`: the partner's failover service. The end of the process tells of it.
    Failover,
}

/// The forwarding method (`-M`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `m`: addresses and ports are rewritten.
    Masquerade,
    /// `i`: packets go encapsulated, their port unchanged.
    Tunnel,
    /// `g`: packets go to the server's link address, their port unchanged.
    Direct,
}

/// Where the process runs, and where its log goes besides syslog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// In the background, as a child of init.
    Background,
    /// In the process that was started, without its terminal (`-c`).
    NoFork,
    /// In the process that was started, with its lines on stdout (`-n`).
    Foreground,
}

/// Timeout and interval from the two options.
///
/// In 0.8.6 the timeout's long name was `--interval`: given alone it is the timeout. An interval that
/// is given is taken as it is, but for one longer than the timeout. The default leaves room for
/// [`CHECKS_IN_TIMEOUT`] checks.
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
    fn the_interval_of_the_c_program_is_the_timeout() {
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
    fn the_default_interval_is_the_one_that_lvs_cf_shows() {
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
