//! The command line, with the options and the manners of 0.8.6.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use clap::Parser;
use daemon::cli::Ending;

use crate::duration;
use crate::error::Error;
use crate::settings::{
    DEFAULT_PORT, DEFAULT_REENTRY, DEFAULT_WEIGHT, LARGEST_WEIGHT, Method, SCALE, Settings, Stage,
    timeout_and_interval,
};

/// The options as they are written.
#[derive(Debug, Parser)]
#[command(
    name = "nanny",
    about = "Watches one real server and keeps it in the IPVS table while it is well",
    rename_all = "snake_case"
)]
struct Args {
    /// Real server to watch
    #[arg(short = 'h', long, value_name = "SERVER")]
    server: String,
    /// Virtual address
    #[arg(short = 'V', long, value_name = "VIP")]
    virtaddress: String,
    /// Virtual port
    #[arg(short, long, default_value_t = DEFAULT_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Port of the real server [default: the virtual port]
    #[arg(short, long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    rport: Option<u16>,
    /// Time without a passed check after which the server goes out [default: 10]
    #[arg(short, long, value_name = "SECONDS", value_parser = positive_duration)]
    timeout: Option<Duration>,
    /// Time between checks [default: 2]; without --timeout, the timeout
    #[arg(long, value_name = "SECONDS", value_parser = positive_duration)]
    interval: Option<Duration>,
    /// Time of passed checks after which the server comes in again [default: 180]
    #[arg(short = 'a', long, value_name = "SECONDS", value_parser = duration::parse)]
    reentrytime: Option<Duration>,
    /// Weight of the server
    #[arg(short, long, default_value_t = DEFAULT_WEIGHT,
        value_parser = clap::value_parser!(u32).range(0..=i64::from(LARGEST_WEIGHT)))]
    weight: u32,
    /// Forwarding method: m masquerading, g direct routing, i tunneling [default: m]
    #[arg(short = 'M', long, value_name = "m|g|i", value_parser = method, allow_hyphen_values = true)]
    method: Option<Method>,
    /// Source of load data; this version reads none and keeps the weight
    #[arg(short = 'U', long, value_name = "LOADCMD", allow_hyphen_values = true)]
    loadcmd: Option<String>,
    /// Accepted and unused
    #[arg(short = 'I', long, value_name = "PATH", allow_hyphen_values = true)]
    ipvsadm: Option<OsString>,
    /// Stay in this process, without its terminal
    #[arg(short = 'c', long)]
    nofork: bool,
    /// Stay in this process and write to its stdout
    #[arg(short, long)]
    nodaemon: bool,
    /// Log every check
    #[arg(short, long)]
    verbose: bool,
    /// Log verdicts and leave the IPVS table alone
    #[arg(long = "test-start")]
    test_start: bool,
    /// The same as --test-start
    #[arg(long)]
    norun: bool,
    /// Watch a server of a virtual server
    #[arg(long)]
    lvs: bool,
    #[command(flatten)]
    later: Later,
}

/// Options of 0.8.6 that this version knows and refuses.
#[derive(Debug, clap::Args)]
#[command(rename_all = "snake_case")]
struct Later {
    #[arg(short, long, hide = true, allow_hyphen_values = true)]
    send_string: Option<OsString>,
    #[arg(short = 'x', long, hide = true, allow_hyphen_values = true)]
    expect_string: Option<OsString>,
    #[arg(long, hide = true)]
    regex: bool,
    #[arg(short = 'e', long, hide = true, allow_hyphen_values = true)]
    send_program: Option<OsString>,
    #[arg(short, long, hide = true)]
    udp: bool,
    #[arg(short, long, hide = true)]
    quiesce_server: bool,
    #[arg(short, long, hide = true, allow_hyphen_values = true)]
    fwmark: Option<OsString>,
    #[arg(short = 'T', long, hide = true)]
    suppress: bool,
    #[arg(short = 'S', long, hide = true, allow_hyphen_values = true)]
    scale: Option<String>,
    #[arg(long, hide = true)]
    fos: bool,
}

impl Later {
    /// The first of these options that was given, by its long name.
    fn given(&self) -> Option<&'static str> {
        let other_scale = |scale: &String| scale.parse() != Ok(SCALE);
        [
            (self.fos, "--fos"),
            (self.send_program.is_some(), "--send_program"),
            (self.send_string.is_some(), "--send_string"),
            (self.expect_string.is_some(), "--expect_string"),
            (self.regex, "--regex"),
            (self.suppress, "--suppress"),
            (self.udp, "--udp"),
            (self.fwmark.is_some(), "--fwmark"),
            (self.quiesce_server, "--quiesce_server"),
            (self.scale.as_ref().is_some_and(other_scale), "--scale"),
        ]
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
    }
}

/// Reads the arguments of this process.
///
/// # Errors
/// The [`Ending`] for help, usage, version and every wrong command line.
pub fn parse() -> Result<Settings, Ending> {
    settings(daemon::cli::parse()?)
}

/// Reads `args`, the first of which is the program's name.
///
/// # Errors
/// As [`parse`].
pub fn parse_from(args: impl IntoIterator<Item = OsString>) -> Result<Settings, Ending> {
    settings(daemon::cli::parse_from(args)?)
}

fn settings(args: Args) -> Result<Settings, Ending> {
    let wrong = |error: Error| Ending {
        is_error: true,
        text: format!("nanny: {}\n", daemon::exit::chain(&error)),
    };
    check(args).map_err(wrong)
}

fn check(args: Args) -> Result<Settings, Error> {
    if let Some(option) = args.later.given() {
        return Err(Error::Unsupported(option));
    }
    if !args.lvs {
        return Err(Error::NoKind);
    }
    let service = host(&args.virtaddress, None)?;
    let server = host(&args.server, Some(service))?;
    if service.is_ipv4() != server.is_ipv4() {
        return Err(Error::Families);
    }
    let (timeout, interval) = timeout_and_interval(args.timeout, args.interval);
    Ok(Settings {
        service: SocketAddr::new(service, args.port),
        server: SocketAddr::new(server, args.rport.unwrap_or(args.port)),
        method: args.method.unwrap_or(Method::Masquerade),
        timeout,
        interval,
        reentry: args.reentrytime.unwrap_or(DEFAULT_REENTRY),
        weight: args.weight,
        load_data: args.loadcmd.filter(|word| word != "none"),
        report_only: args.test_start || args.norun,
        stage: match (args.nodaemon, args.nofork) {
            (true, _) => Stage::Foreground,
            (false, true) => Stage::NoFork,
            (false, false) => Stage::Background,
        },
        verbose: args.verbose,
    })
}

/// An address, or what a name resolves to; of the family of `like` if there is such a one.
fn host(name: &str, like: Option<IpAddr>) -> Result<IpAddr, Error> {
    if let Ok(address) = name.parse() {
        return Ok(address);
    }
    let unknown = |source| Error::Host {
        name: name.to_owned(),
        source,
    };
    let found = (name, 0).to_socket_addrs().map_err(unknown)?;
    let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    found
        .iter()
        .find(|address| like.is_none_or(|like| like.is_ipv4() == address.is_ipv4()))
        .or(found.first())
        .copied()
        .ok_or_else(|| unknown(std::io::ErrorKind::NotFound.into()))
}

fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Ok(Duration::ZERO) => Err("must be longer than 0".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

fn method(text: &str) -> Result<Method, &'static str> {
    match text.strip_prefix('-').unwrap_or(text) {
        "m" => Ok(Method::Masquerade),
        "g" => Ok(Method::Direct),
        "i" => Ok(Method::Tunnel),
        _ => Err("expected m, g or i"),
    }
}
