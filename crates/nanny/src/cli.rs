//! The command line, with the options and conventions of 0.8.6.
//!
//! Parsed with lexopt, unlike those of the other programs: a thousand nannies run side by side, and
//! clap leaves some 60 KiB of dirty memory in each (docs/dependencies.md).

use std::ffi::OsString;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::time::Duration;

use daemon::cli::Ending;
use lexopt::prelude::*;

use crate::check::probe;
use crate::duration;
use crate::error::Usage;
use crate::settings::{
    DEFAULT_PORT, DEFAULT_REENTRY, DEFAULT_SCALE, DEFAULT_WEIGHT, Kind, LARGEST_WEIGHT, Method,
    Mode, Settings, timeout_and_interval,
};

/// The minimum of timeout and interval: shorter than any check, and not zero.
const SHORTEST: Duration = Duration::from_micros(1);

const USAGE: &str = "\
Usage: nanny -h SERVER -V VIP [-p PORT] [-r RPORT] [-t SECONDS] [--interval SECONDS]
             [-a SECONDS] [-w WEIGHT] [-S SCALE] [-M m|g|i] [-f FWMARK] [-u] [-s SEND]
             [-x EXPECT] [--regex] [-e PROGRAM] [-T] [-q] [-U LOADCMD] [-I IPVSADM] [-c] [-n]
             [-v] [--test-start] [--norun] --lvs|--fos
";

const HELP: &str = "\
Checks one real server and keeps it in the IPVS table while it is up; or watches the partner's
failover service and exits when it fails.

  -h, --server SERVER        real server to check
  -V, --virtaddress VIP      virtual address
  -p, --port PORT            virtual port [80]
  -r, --rport PORT           port of the real server [the virtual port]
  -t, --timeout SECONDS      time without a passed check until the server goes out [10]
      --interval SECONDS     time between checks [2, at most a third of the timeout]; without
                             --timeout: the timeout
  -a, --reentrytime SECONDS  time of passed checks until it comes in again [180]
  -w, --weight WEIGHT        weight of the server [1]
  -S, --scale SCALE          maximum weight of an idle server, as a multiple of WEIGHT [10]
  -M, --method m|g|i         forwarding method: masquerading, direct routing, tunneling [m]
  -f, --fwmark FWMARK        firewall mark of the virtual service, 1 to 4294967295
  -u, --udp                  check and balance a UDP service
  -s, --send_string SEND     string to send to the service
  -x, --expect_string EXPECT expected start of the reply; * matches any byte
      --regex                treat EXPECT as an extended regular expression
  -e, --send_program PROGRAM run PROGRAM instead, with %h and %p replaced by address and
                             port: its output must equal EXPECT, or its exit status be 0
  -T, --suppress             take SEND and EXPECT literally, without escapes such as \\n
  -q, --quiesce_server       quiesce the server when it goes out (weight 0): established
                             connections continue
  -U, --loadcmd LOADCMD      source of load data: rsh, ssh, ruptime, rup, a program that is
                             run with the server's address, or none [none]
  -I, --ipvsadm IPVSADM      accepted and unused
  -c, --nofork               do not fork, but detach from the terminal
  -n, --nodaemon             do not fork, and log to stdout too
  -v, --verbose              log every check
      --test-start, --norun  log status changes without changing the IPVS table
      --lvs                  monitor a real server of a virtual server
      --fos                  monitor a failover service: exit with status 0 when it fails, 1
                             when it does not come up within the timeout
  -?, --help                 print this help and exit
      --usage                print a short usage text and exit
      --version              print the version and exit
";

/// Parses the arguments of this process.
///
/// # Errors
/// The [`Ending`] for help, usage, version and every invalid command line.
pub fn parse() -> Result<Settings, Ending> {
    read(lexopt::Parser::from_env()).map_err(ending)
}

/// Parses `args`, without the program's name.
///
/// # Errors
/// As [`parse`].
pub fn parse_from(args: impl IntoIterator<Item = OsString>) -> Result<Settings, Ending> {
    let args: Vec<OsString> = args.into_iter().collect();
    read(lexopt::Parser::from_args(args)).map_err(ending)
}

/// Why the command line yields no settings.
enum Stop {
    /// The user requested this text.
    Text(String),
    /// The command line is invalid.
    Wrong(Usage),
}

impl<E: Into<Usage>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Wrong(error.into())
    }
}

fn ending(stop: Stop) -> Ending {
    match stop {
        Stop::Text(text) => Ending {
            is_error: false,
            text,
        },
        Stop::Wrong(error) => Ending {
            is_error: true,
            text: format!("nanny: {}\n", daemon::exit::chain(&error)),
        },
    }
}

/// The options as given; of a repeated option, the last.
struct Options {
    server: Option<String>,
    virtual_address: Option<String>,
    port: u16,
    real_port: Option<u16>,
    timeout: Option<Duration>,
    interval: Option<Duration>,
    reentry: Duration,
    weight: u32,
    scale: u32,
    method: Method,
    mark: Option<NonZeroU32>,
    check: probe::Options,
    quiesce: bool,
    load_data: Option<String>,
    no_fork: bool,
    no_daemon: bool,
    verbose: bool,
    report_only: bool,
    lvs: bool,
    fos: bool,
}

fn read(mut parser: lexopt::Parser) -> Result<Settings, Stop> {
    let mut options = Options {
        server: None,
        virtual_address: None,
        port: DEFAULT_PORT,
        real_port: None,
        timeout: None,
        interval: None,
        reentry: DEFAULT_REENTRY,
        weight: DEFAULT_WEIGHT,
        scale: DEFAULT_SCALE,
        method: Method::Masquerade,
        mark: None,
        check: probe::Options::default(),
        quiesce: false,
        load_data: None,
        no_fork: false,
        no_daemon: false,
        verbose: false,
        report_only: false,
        lvs: false,
        fos: false,
    };
    while let Some(arg) = parser.next()? {
        match arg {
            Short('h') | Long("server") => options.server = Some(parser.value()?.string()?),
            Short('V') | Long("virtaddress") => {
                options.virtual_address = Some(parser.value()?.string()?);
            }
            Short('p') | Long("port") => options.port = port("--port", &mut parser)?,
            Short('r') | Long("rport") => options.real_port = Some(port("--rport", &mut parser)?),
            Short('t') | Long("timeout") => {
                options.timeout = Some(period("--timeout", &mut parser)?);
            }
            Long("interval") => {
                options.interval = Some(period("--interval", &mut parser)?);
            }
            Short('a') | Long("reentrytime") => {
                options.reentry = any_duration("--reentrytime", &mut parser)?;
            }
            Short('w') | Long("weight") => options.weight = weight(&mut parser)?,
            Short('S') | Long("scale") => options.scale = scale(&mut parser)?,
            Short('M') | Long("method") => options.method = method(&mut parser)?,
            Short('f') | Long("fwmark") => options.mark = Some(mark(&mut parser)?),
            Short('u') | Long("udp") => options.check.udp = true,
            Short('s') | Long("send_string") => options.check.send = Some(parser.value()?),
            Short('x') | Long("expect_string") => options.check.expect = Some(parser.value()?),
            Long("regex") => options.check.is_pattern = true,
            Short('e') | Long("send_program") => options.check.program = Some(parser.value()?),
            Short('T') | Long("suppress") => options.check.is_literal = true,
            Short('q') | Long("quiesce_server") => options.quiesce = true,
            Short('U') | Long("loadcmd") => options.load_data = Some(parser.value()?.string()?),
            Short('I') | Long("ipvsadm") => drop(parser.value()?),
            Short('c') | Long("nofork") => options.no_fork = true,
            Short('n') | Long("nodaemon") => options.no_daemon = true,
            Short('v') | Long("verbose") => options.verbose = true,
            Long("test-start" | "norun") => options.report_only = true,
            Long("lvs") => options.lvs = true,
            Long("fos") => options.fos = true,
            Short('?') | Long("help") => return Err(Stop::Text(format!("{USAGE}\n{HELP}"))),
            Long("usage") => return Err(Stop::Text(USAGE.to_owned())),
            Long("version") => {
                return Err(Stop::Text(format!("nanny {}\n", env!("CARGO_PKG_VERSION"))));
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options.check()?)
}

impl Options {
    fn check(self) -> Result<Settings, Usage> {
        let kind = match (self.lvs, self.fos) {
            (true, false) => Kind::RealServer,
            (false, true) => Kind::Failover,
            (false, false) => return Err(Usage::NoKind),
            (true, true) => return Err(Usage::TwoKinds),
        };
        let server = self.server.ok_or(Usage::Missing("--server"))?;
        let service = match (&self.virtual_address, kind) {
            (Some(name), _) => Some(host(name, None)?),
            (None, Kind::RealServer) => return Err(Usage::Missing("--virtaddress")),
            (None, Kind::Failover) => None,
        };
        let name = server.parse::<IpAddr>().is_err().then(|| server.clone());
        let server = host(&server, service)?;
        // A failover service has its own address, or needs none.
        let service = service.unwrap_or(server);
        if service.is_ipv4() != server.is_ipv4() {
            return Err(Usage::Families { server, service });
        }
        let server = SocketAddr::new(server, self.real_port.unwrap_or(self.port));
        let udp = self.check.udp;
        let probe = self.check.probe(self.port, server)?;
        let (timeout, interval) = timeout_and_interval(self.timeout, self.interval);
        Ok(Settings {
            kind,
            service: SocketAddr::new(service, self.port),
            udp,
            mark: self.mark,
            server,
            name,
            probe,
            method: self.method,
            timeout,
            interval,
            reentry: self.reentry,
            weight: self.weight,
            scale: self.scale,
            quiesce: self.quiesce,
            load_data: match (self.load_data, kind) {
                (Some(word), Kind::RealServer) if word != "none" && !word.trim().is_empty() => {
                    Some(word)
                }
                _ => None,
            },
            report_only: self.report_only,
            mode: match (self.no_daemon, self.no_fork, kind) {
                (true, _, _) => Mode::Foreground,
                // The parent of a watch waits for its exit status.
                (false, true, _) | (false, false, Kind::Failover) => Mode::NoFork,
                (false, false, Kind::RealServer) => Mode::Background,
            },
            verbose: self.verbose,
        })
    }
}

/// Parses an address or resolves a name, preferring the family of `like`.
fn host(name: &str, like: Option<IpAddr>) -> Result<IpAddr, Usage> {
    if let Ok(address) = name.parse() {
        return Ok(address);
    }
    let scoped = || Usage::Scoped {
        name: name.to_owned(),
    };
    // With an unknown interface the resolver would report an unknown host.
    if name
        .split_once('%')
        .is_some_and(|(address, _)| address.parse::<Ipv6Addr>().is_ok())
    {
        return Err(scoped());
    }
    let unknown = |source| Usage::Host {
        name: name.to_owned(),
        source,
    };
    let found = (name, 0).to_socket_addrs().map_err(unknown)?;
    let found: Vec<SocketAddr> = found.collect();
    let address = found
        .iter()
        .find(|address| like.is_none_or(|like| like.is_ipv4() == address.is_ipv4()))
        .or(found.first())
        .ok_or_else(|| unknown(std::io::ErrorKind::NotFound.into()))?;
    match address {
        SocketAddr::V6(address) if address.scope_id() != 0 => Err(scoped()),
        address => Ok(address.ip()),
    }
}

/// Parses the value of an option with `read`, which returns the problem with an invalid one.
fn value<T>(
    option: &'static str,
    parser: &mut lexopt::Parser,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Usage> {
    let value = parser.value()?.string()?;
    read(&value).map_err(|problem| Usage::Value {
        option,
        value,
        problem,
    })
}

fn port(option: &'static str, parser: &mut lexopt::Parser) -> Result<u16, Usage> {
    value(option, parser, |text| match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err("expected 1 to 65535".to_owned()),
    })
}

fn weight(parser: &mut lexopt::Parser) -> Result<u32, Usage> {
    value("--weight", parser, |text| match text.parse() {
        Ok(weight) if weight <= LARGEST_WEIGHT => Ok(weight),
        _ => Err(format!("expected 0 to {LARGEST_WEIGHT}")),
    })
}

fn mark(parser: &mut lexopt::Parser) -> Result<NonZeroU32, Usage> {
    value("--fwmark", parser, |text| match text.parse() {
        Ok(mark) => Ok(mark),
        Err(_) => Err(format!("expected 1 to {}", u32::MAX)),
    })
}

fn scale(parser: &mut lexopt::Parser) -> Result<u32, Usage> {
    value("--scale", parser, |text| match text.parse() {
        Ok(scale) if (1..=LARGEST_WEIGHT).contains(&scale) => Ok(scale),
        _ => Err(format!("expected 1 to {LARGEST_WEIGHT}")),
    })
}

fn method(parser: &mut lexopt::Parser) -> Result<Method, Usage> {
    value("--method", parser, |text| {
        match text.strip_prefix('-').unwrap_or(text) {
            "m" => Ok(Method::Masquerade),
            "g" => Ok(Method::Direct),
            "i" => Ok(Method::Tunnel),
            _ => Err("expected m, g or i".to_owned()),
        }
    })
}

fn any_duration(option: &'static str, parser: &mut lexopt::Parser) -> Result<Duration, Usage> {
    value(option, parser, |text| {
        duration::parse(text).map_err(|error| error.to_string())
    })
}

fn period(option: &'static str, parser: &mut lexopt::Parser) -> Result<Duration, Usage> {
    value(option, parser, |text| match duration::parse(text) {
        Ok(duration) if duration >= SHORTEST => Ok(duration),
        Ok(_) => Err("expected 0.000001 or more".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

#[cfg(test)]
mod tests;
