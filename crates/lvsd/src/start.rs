//! From the command line to the running daemon, or to what a start would do.
//!
//! The order is for speed and for safety: whatever can be wrong with the file or the machine is
//! found before the table is touched, and nothing slow stands before the first monitor.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use daemon::daemonize::{self, Background, Side, fork_to_background};
use daemon::exit;
use daemon::log::Logging;
use daemon::pid_file::PidFile;
use ipvs_netlink::{Client, Plan, Table, Timeouts};
use lvs_cf::{Config, LoadError, Loaded, SystemResolver};
use nix::sys::signal::{SigSet, Signal};

use crate::cli::Cli;
use crate::error::Error;
use crate::fd_limit::FdLimit;
use crate::log::Message;
use crate::monitors::Spec;
use crate::programs::Programs;
use crate::run::{Job, run_to_the_end};
use crate::table::{clear, made};
use crate::wanted::{LeftAside, Wanted, WantedService, wanted as decide};
use crate::watch::Watch;

/// The name in error messages and in syslog, whatever name the program is called by.
const PROGRAM: &str = "lvsd";
const PID_FILE: &str = "/var/run/lvs.pid";
/// Signals that wait until the event loop can take them.
const HANDLED: [Signal; 4] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGCHLD,
];

/// Runs `lvsd` as `cli` says, and gives its exit status.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    // A reload that comes while this starts must not end it.
    let _ = SigSet::from_iter([Signal::SIGHUP]).thread_block();
    if !cli.test_start {
        Logging {
            ident: PROGRAM,
            stdout: cli.no_daemon.then_some("lvs"),
            syslog: !cli.no_daemon,
            verbose: cli.verbose,
        }
        .install();
    }
    let path = match cli.config_path() {
        Ok(path) => path,
        Err(error) => return failure(&error, cli),
    };
    let loaded = match load(&path) {
        Ok(loaded) => loaded,
        Err(error) => {
            let report = error.report(PROGRAM);
            eprint!("{report}");
            log_too(&report, |line| Message::Failed { line }, cli);
            return ExitCode::FAILURE;
        }
    };
    let report = loaded.report(PROGRAM);
    eprint!("{report}");
    log_too(&report, |line| Message::Doubtful { line }, cli);
    let result = if cli.test_start {
        test_start(&loaded.config, cli.verbose)
    } else {
        start(&loaded.config, cli)
    };
    result.unwrap_or_else(|error| failure(&error, cli))
}

/// Loads the file: what pulse took, where pulse starts this, else what the file says now.
fn load(path: &Path) -> Result<Loaded, LoadError> {
    let resolver = SystemResolver::new();
    match daemon::handed::take(path) {
        Some(text) => Ok(lvs_cf::check(path, text, &resolver)?),
        None => lvs_cf::load(path, &resolver),
    }
}

/// Says on stderr, and in the log, what ends the program.
fn failure(error: &dyn std::error::Error, cli: &Cli) -> ExitCode {
    log_too(&exit::chain(error), |line| Message::Failed { line }, cli);
    exit::failure(PROGRAM, error)
}

/// Logs the lines of a text that stderr has too. Nobody may read that: it is `/dev/null` under a
/// pulse in the background. In the foreground, and where nothing is started, somebody does.
fn log_too<'a>(text: &'a str, message: impl Fn(&'a str) -> Message<'a>, cli: &Cli) {
    if cli.no_daemon || cli.test_start {
        return;
    }
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        // Syslog has the program's name already.
        let line = line.strip_prefix("lvsd: ").unwrap_or(line);
        message(line).log();
    }
}

/// Prints what a start would do.
fn test_start(config: &Config, verbose: bool) -> Result<ExitCode, Error> {
    let search_path = std::env::var_os("PATH");
    check_programs(config, &mut Programs::new(search_path.as_deref()))?;
    let (wanted, plan, _client) = prepare(config, verbose)?;
    let monitors: String = wanted
        .monitors
        .iter()
        .map(|monitor| format!("{}\n", monitor.command_line))
        .collect();
    for aside in &wanted.left_aside {
        eprintln!("{PROGRAM}: {}", message(aside));
    }
    let timeouts = wanted.timeouts.map_or_else(String::new, |timeouts| {
        let Timeouts { tcp, tcp_fin, udp } = timeouts;
        format!("ipvsadm --set {tcp} {tcp_fin} {udp}\n")
    });
    write!(io::stdout(), "{timeouts}{plan}{monitors}").map_err(|source| Error::System {
        attempt: "write to stdout",
        source,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Finds every program that is to be started.
fn check_programs(config: &Config, programs: &mut Programs<'_>) -> Result<(), Error> {
    config
        .active_virtual_servers()
        .filter(|service| service.active_servers().next().is_some())
        .try_for_each(|service| programs.find(&service.client_monitor).map(drop))
}

/// Reads the kernel's table and decides what to do, having touched nothing.
fn prepare(config: &Config, verbose: bool) -> Result<(Wanted, Plan, Client), Error> {
    let mut client = Client::open()?;
    let present = Table::read(&mut client)?;
    let wanted = decide(config, &present, verbose);
    let plan = present.diff(&wanted.table);
    Ok((wanted, plan, client))
}

/// Starts everything and stays until the end.
fn start(config: &Config, cli: &Cli) -> Result<ExitCode, Error> {
    // Before the fork: the daemon has another directory, from which `./nanny` is not found.
    let search_path = std::env::var_os("PATH");
    let mut programs = Programs::new(search_path.as_deref());
    check_programs(config, &mut programs)?;
    let by_itself = !cli.no_daemon && !cli.no_fork;
    let mut pid_file = by_itself
        .then(|| PidFile::take(Path::new(PID_FILE)))
        .transpose()?;
    let mut background = None;
    if by_itself {
        match fork_to_background()? {
            Side::Starter(status) => return Ok(status),
            Side::Daemon(daemon) => background = Some(daemon),
        }
    }
    if let Some(pid_file) = &mut pid_file {
        pid_file.write()?;
    }
    let result = start_here(config, cli, programs, background);
    if let Some(pid_file) = pid_file {
        pid_file.remove();
    }
    result
}

/// Starts everything in this process, which is the one that stays.
fn start_here(
    config: &Config,
    cli: &Cli,
    mut programs: Programs<'_>,
    background: Option<Background>,
) -> Result<ExitCode, Error> {
    let held = SigSet::from_iter(HANDLED);
    let failed = |attempt| move |source| Error::System { attempt, source };
    held.thread_block()
        .map_err(|errno| failed("block signals")(errno.into()))?;

    let (wanted, plan, mut client) = prepare(config, cli.verbose)?;
    let mut specs = Vec::with_capacity(wanted.monitors.len());
    for monitor in &wanted.monitors {
        specs.push(Spec {
            program: programs.find(&monitor.command_line.program)?,
            command_line: monitor.command_line.clone(),
        });
    }
    let limit = FdLimit::ensure(specs.len())?;
    for aside in &wanted.left_aside {
        message(aside).log();
    }
    if let Some(timeouts) = &wanted.timeouts {
        client.set_timeouts(timeouts)?;
    }
    program_table(&mut client, &plan, &wanted.services)?;

    let job = Job {
        client,
        watch: Watch::new(&wanted.services, &wanted.table),
        services: wanted.services,
        monitors: wanted.monitors,
        specs,
        limit,
        hard_shutdown: *config.hard_shutdown,
        foreground: cli.no_daemon,
    };
    let result = detach(background, cli)
        .and_then(|()| run_to_the_end(job, &held).map_err(failed("run the event loop")));
    if result.is_err() {
        // The event loop would have done this, and did not come to it.
        let services = decide(config, &Table::new(), cli.verbose).services;
        match Client::open() {
            Ok(mut client) => {
                clear(&mut client, &services);
            }
            Err(error) => Message::Table {
                error: &exit::chain(&error),
            }
            .log(),
        }
    }
    result
}

/// Lets go of the terminal, unless the admin wants it kept.
fn detach(background: Option<Background>, cli: &Cli) -> Result<(), Error> {
    match background {
        Some(background) => background.ready()?,
        None if cli.no_fork && !cli.no_daemon => {
            // Fails only where this process leads a group already, as a shell's child does.
            let _ = nix::unistd::setsid();
            daemonize::detach()?;
        }
        None => {}
    }
    Ok(())
}

/// Makes the changes. If one fails, takes this file's services out again.
fn program_table(
    client: &mut Client,
    plan: &Plan,
    services: &[WantedService],
) -> Result<(), Error> {
    let mut failures = made(&plan.changes, plan.apply(client));
    let Some(error) = failures.next() else {
        for service in services {
            Message::ServiceStarted {
                name: &service.name,
                port: service.port,
            }
            .log();
        }
        return Ok(());
    };
    // The first one is what ends the program, which says so.
    for error in failures {
        Message::Table {
            error: &exit::chain(&error),
        }
        .log();
    }
    clear(client, services);
    Err(error.into())
}

fn message(aside: &LeftAside) -> Message<'_> {
    match aside {
        LeftAside::Service { name, first } => Message::ServiceTwice { name, first },
        LeftAside::RealServer { label, first } => Message::RealServerTwice { label, first },
    }
}
