//! The command line, with the options and the manners of 0.8.6.
//!
//! Read with lexopt, unlike the other programs': a thousand nannies run side by side, and clap
//! leaves some 60 KiB of dirty memory behind in each (docs/dependencies.md).

use std::ffi::OsString;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::time::Duration;

use daemon::cli::Ending;
use lexopt::prelude::*;

use crate::check::question;
use crate::duration;
use crate::error::Usage;
use crate::settings::{
    DEFAULT_PORT, DEFAULT_REENTRY, DEFAULT_SCALE, DEFAULT_WEIGHT, Kind, LARGEST_WEIGHT, Method,
    Settings, Stage, timeout_and_interval,
};

/// The shortest timeout and interval: shorter than any check, and not nothing.
const SHORTEST: Duration = Duration::from_micros(1);

const USAGE: &str = "\
Usage: nanny -h SERVER -V VIP [-p PORT] [-r RPORT] [-t SECONDS] [--interval SECONDS]
             [-a SECONDS] [-w WEIGHT] [-S SCALE] [-M m|g|i] [-f FWMARK] [-u] [-s SEND]
             [-x EXPECT] [--regex] [-e PROGRAM] [-T] [-q] [-U LOADCMD] [-I IPVSADM] [-c] [-n]
             [-v] [--test-start] [--norun] --lvs|--fos
";

const HELP: &str = "\
Watches one real server and keeps it in the IPVS table while it is well; or watches the partner's
failover service and ends when it fails.

  -h, --server SERVER        real server to watch
  -V, --virtaddress VIP      virtual address
  -p, --port PORT            virtual port [80]
  -r, --rport PORT           port of the real server [the virtual port]
  -t, --timeout SECONDS      time without a passed check after which the server goes out [10]
      --interval SECONDS     time between checks [2, at most a third of the timeout]; without
                             --timeout, the timeout
  -a, --reentrytime SECONDS  time of passed checks after which it comes in again [180]
  -w, --weight WEIGHT        weight of the server [1]
  -S, --scale SCALE          how many times its weight an idle server gets at most [10]
  -M, --method m|g|i         masquerading, direct routing or tunneling [m]
  -f, --fwmark FWMARK        firewall mark that the virtual service is known by, 1 to 4294967295
  -u, --udp                  the service is a UDP one
  -s, --send_string SEND     what is sent to the service
  -x, --expect_string EXPECT what its reply begins with; * stands for any byte
      --regex                EXPECT is an extended regular expression for the reply
  -e, --send_program PROGRAM run this instead, with %h and %p as address and port: what it
                             prints is to be EXPECT, or its exit status 0
  -T, --suppress             take SEND and EXPECT as they are, without escapes such as \\n
  -q, --quiesce_server       out means weight 0: the server keeps the connections it has
  -U, --loadcmd LOADCMD      how the server's load is asked for: rsh, ssh, ruptime, rup, a program
                             that gets the server's address, or none [none]
  -I, --ipvsadm IPVSADM      accepted and unused
  -c, --nofork               stay in this process, without its terminal
  -n, --nodaemon             stay in this process and write to its stdout
  -v, --verbose              log every check
      --test-start, --norun  log verdicts and leave the IPVS table alone
      --lvs                  watch a server of a virtual server
      --fos                  watch a failover service: status 0 when it has failed, 1 when it never
                             came up within the timeout
  -?, --help                 print this help and exit
      --usage                print a short usage text and exit
      --version              print the version and exit
";

/// Reads the arguments of this process.
///
/// # Errors
/// The [`Ending`] for help, usage, version and every wrong command line.
pub fn parse() -> Result<Settings, Ending> {
    read(lexopt::Parser::from_env()).map_err(ending)
}

/// Reads `args`, without the program's name.
///
/// # Errors
/// As [`parse`].
pub fn parse_from(args: impl IntoIterator<Item = OsString>) -> Result<Settings, Ending> {
    let args: Vec<OsString> = args.into_iter().collect();
    read(lexopt::Parser::from_args(args)).map_err(ending)
}

/// Why there are no settings.
enum Stop {
    /// The user asked for this text.
    Text(String),
    /// The command line is wrong.
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

/// The options as they are written; of one given twice, the last.
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
    check: question::Options,
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
        check: question::Options::default(),
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
        // A failover service has an address of its own, or none that matters here.
        let service = service.unwrap_or(server);
        if service.is_ipv4() != server.is_ipv4() {
            return Err(Usage::Families { server, service });
        }
        let server = SocketAddr::new(server, self.real_port.unwrap_or(self.port));
        let udp = self.check.udp;
        let question = self.check.question(self.port, server)?;
        let (timeout, interval) = timeout_and_interval(self.timeout, self.interval);
        Ok(Settings {
            kind,
            service: SocketAddr::new(service, self.port),
            udp,
            mark: self.mark,
            server,
            name,
            question,
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
            stage: match (self.no_daemon, self.no_fork, kind) {
                (true, _, _) => Stage::Foreground,
                // The starter of a watch waits for its status.
                (false, true, _) | (false, false, Kind::Failover) => Stage::NoFork,
                (false, false, Kind::RealServer) => Stage::Background,
            },
            verbose: self.verbose,
        })
    }
}

/// An address, or what a name resolves to; of the family of `like` if there is such a one.
fn host(name: &str, like: Option<IpAddr>) -> Result<IpAddr, Usage> {
    if let Ok(address) = name.parse() {
        return Ok(address);
    }
    let scoped = || Usage::Scoped {
        name: name.to_owned(),
    };
    // An interface that there is not would be called an unknown host.
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

/// The value of an option, read by `read`, which knows what is wrong with it.
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
