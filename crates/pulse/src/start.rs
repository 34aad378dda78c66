//! The start of pulse: everything that can be refused is refused here, on the admin's terminal.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use daemon::daemonize::{Background, Side, fork_to_background};
use daemon::exit::{failure, strip_errno};
use daemon::log::Logging;
use daemon::pid_file::PidFile;
use nix::sys::signal::{SigSet, Signal};
use tracing::{error, info, warn};

use crate::actor::{Actor, Tools, clear_table, drop_addresses};
use crate::announce::Announcer;
use crate::cli::Cli;
use crate::error::Error;
use crate::log::Message;
use crate::lvsd::{self, Launch, Stamp};
use crate::rtnl::Rtnl;
use crate::settings::Settings;
use crate::{host, links, table, text};

/// Where the pid of a pulse in the background stands.
const PID_FILE: &str = "/var/run/pulse.pid";

/// Runs pulse by its command line; the status it exits with.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    if cli.fos.is_some() {
        eprintln!("pulse: option --fos is not supported in this version");
        return ExitCode::FAILURE;
    }
    let file = cli.config_file.clone().unwrap_or_else(lvs_cf::default_path);
    // The daemon changes its directory, and the file is named and looked at later.
    let file = std::path::absolute(&file).unwrap_or(file);
    let stamp = Stamp::of(&file);
    let loaded = match lvs_cf::load(&file, &lvs_cf::SystemResolver::new()) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprint!("{}", error.report("pulse"));
            return ExitCode::FAILURE;
        }
    };
    if !cli.no_daemon {
        eprint!("{}", loaded.report("pulse"));
    }
    let launch = Launch {
        program: lvsd_program(cli),
        text: text::with_addresses(&loaded),
        file,
        stamp,
        foreground: cli.no_daemon,
        verbose: cli.verbose,
    };
    match start(cli, launch, &loaded) {
        Ok(status) => status,
        Err(error) => failure("pulse", &error),
    }
}

fn start(cli: &Cli, launch: Launch, loaded: &lvs_cf::Loaded) -> Result<ExitCode, Error> {
    let own = host::own_addresses().map_err(Error::OwnAddresses)?;
    let settings = Settings::new(&loaded.config, &own, &launch.file)?;
    let missing = missing_programs(&launch, &loaded.config);
    if !cli.no_daemon {
        for missing in &missing {
            eprintln!("pulse: {missing}");
        }
    }
    let warnings: Vec<String> = loaded
        .warnings
        .iter()
        .map(|warning| Message::Configuration(&launch.file, &warning.to_string()).to_string())
        .chain(missing)
        .collect();
    let background = if cli.no_daemon {
        None
    } else {
        match fork_to_background()? {
            Side::Starter(status) => return Ok(status),
            Side::Daemon(background) => Some(background),
        }
    };
    // From here on there is something to tidy up: a signal waits until the event loop hears it.
    let held = hold_signals()?;
    let pid_file = if cli.trial {
        None
    } else {
        Some(checked_and_alone()?)
    };
    let result = serve(cli, settings, launch, &warnings, background, &held);
    if let Some(pid_file) = pid_file {
        pid_file.remove();
    }
    result.map(|()| ExitCode::SUCCESS)
}

fn open_tools() -> Result<Tools, Error> {
    Ok(Tools {
        rtnl: Rtnl::open().map_err(Error::Netlink)?,
        announcer: Announcer::open().map_err(Error::PacketSocket)?,
    })
}

/// Makes sure that there is an IPVS table to serve from, and that no other pulse serves: two of
/// them would take the addresses from each other.
fn checked_and_alone() -> Result<PidFile, Error> {
    table::check()?;
    let mut pid_file = PidFile::take(Path::new(PID_FILE))?;
    pid_file.write()?;
    Ok(pid_file)
}

/// Blocks the signals that pulse acts on.
fn hold_signals() -> Result<SigSet, Error> {
    let held: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP]
        .into_iter()
        .collect();
    held.thread_block()
        .map_err(|errno| Error::EventLoop(errno.into()))?;
    Ok(held)
}

/// The program to start as lvsd. A path is made absolute, as the daemon changes its directory; a
/// bare word is looked up in PATH.
fn lvsd_program(cli: &Cli) -> PathBuf {
    let program = cli.lvsd.clone().unwrap_or_else(lvsd::default_path);
    let is_path = program.as_os_str().as_bytes().contains(&b'/');
    let absolute = is_path
        .then(|| std::path::absolute(&program).ok())
        .flatten();
    absolute.unwrap_or(program)
}

/// A line for each program that this router could not start if it had to serve. A backup would find
/// that out at the takeover, when it is too late.
fn missing_programs(launch: &Launch, config: &lvs_cf::Config) -> Vec<String> {
    let search_path = std::env::var_os("PATH");
    let mut programs = vec![launch.program.as_path()];
    for service in config.active_virtual_servers() {
        let monitor = Path::new(service.client_monitor.as_str());
        // lvsd takes a relative path from its own directory.
        let is_sure = monitor.is_absolute() || monitor.components().count() == 1;
        if is_sure && service.active_servers().next().is_some() && !programs.contains(&monitor) {
            programs.push(monitor);
        }
    }
    let missing = |program: &&Path| {
        let found = daemon::program::find(program.as_os_str(), search_path.as_deref());
        let error = found.err()?;
        Some(strip_errno(
            &Message::CannotServe(program, &error).to_string(),
        ))
    };
    programs.iter().filter_map(missing).collect()
}

/// From the last checks to the end of pulse.
fn serve(
    cli: &Cli,
    settings: Settings,
    launch: Launch,
    warnings: &[String],
    background: Option<Background>,
    held: &SigSet,
) -> Result<(), Error> {
    let sockets = links::bind(&settings.links, settings.port)?;
    let mut tools = if cli.trial { None } else { Some(open_tools()?) };
    Logging {
        ident: "pulse",
        stdout: cli.no_daemon.then_some("pulse"),
        syslog: !cli.no_daemon,
        verbose: cli.verbose,
    }
    .install();
    info!("{}", Message::Starting(settings.rules.role));
    for warning in warnings {
        warn!("{warning}");
    }
    // What a killed predecessor left must not make two owners. A router that will be active at
    // once takes it over instead.
    let starts_inactive = settings.rules.has_partner && !cli.force_active;
    if let Some(tools) = tools.as_mut().filter(|_| starts_inactive) {
        drop_addresses(&mut tools.rtnl, &settings.floating);
        clear_table(&settings.services);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::EventLoop)?;
    let ran = runtime.block_on(async {
        let links = links::Links::new(&settings.links, settings.port, sockets)?;
        let (actor, first) = Actor::new(settings, launch, tools, links, cli.force_active);
        if let Some(background) = background
            && let Err(error) = background.ready()
        {
            error!("{error}");
        }
        if let Err(error) = daemon::ready::notify() {
            warn!("{}", Message::NotTold(&error));
        }
        actor.run(first, held).await
    });
    ran.map_err(Error::EventLoop)
}
