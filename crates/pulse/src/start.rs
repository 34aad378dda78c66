//! The start of pulse: everything that can be refused is refused here, on the admin's terminal.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use daemon::daemonize::{Background, Side, fork_to_background};
use daemon::exit::failure;
use daemon::log::Logging;
use daemon::pid_file::PidFile;
use tracing::{error, info, warn};

use crate::actor::{Actor, Tools, clear_table, drop_addresses};
use crate::announce::Announcer;
use crate::cli::Cli;
use crate::error::Error;
use crate::log::Message;
use crate::lvsd::{self, Launch};
use crate::rtnl::Rtnl;
use crate::settings::Settings;
use crate::{host, links, table};

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
    // The daemon changes its directory, lvsd opens the file again.
    let file = std::path::absolute(&file).unwrap_or(file);
    let loaded = match lvs_cf::load(&file, &lvs_cf::SystemResolver::new()) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprint!("{}", error.report("pulse"));
            return ExitCode::FAILURE;
        }
    };
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    if !cli.no_daemon {
        eprint!("{}", loaded.report("pulse"));
    }
    match start(cli, &file, &loaded.config, &warnings) {
        Ok(status) => status,
        Err(error) => failure("pulse", &error),
    }
}

fn start(
    cli: &Cli,
    file: &Path,
    config: &lvs_cf::Config,
    warnings: &[String],
) -> Result<ExitCode, Error> {
    let own = host::own_addresses().map_err(Error::OwnAddresses)?;
    let settings = Settings::new(config, &own, file)?;
    let background = if cli.no_daemon {
        None
    } else {
        match fork_to_background()? {
            Side::Starter(status) => return Ok(status),
            Side::Daemon(background) => Some(background),
        }
    };
    if !cli.trial {
        table::check()?;
    }
    let sockets = links::bind(&settings.links, settings.port)?;
    let tools = if cli.trial { None } else { Some(open_tools()?) };
    let pid_file = background.as_ref().map(|_| take_pid_file()).transpose()?;
    Logging {
        ident: "pulse",
        stdout: cli.no_daemon.then_some("pulse"),
        syslog: !cli.no_daemon,
        verbose: cli.verbose,
    }
    .install();
    let launch = Launch {
        program: cli.lvsd.clone().unwrap_or_else(lvsd::default_path),
        file: file.to_owned(),
        foreground: cli.no_daemon,
        verbose: cli.verbose,
    };
    info!("{}", Message::Starting(settings.rules.role));
    for warning in warnings {
        warn!("{}", Message::Configuration(file, warning));
    }
    let result = serve(cli, settings, launch, tools, sockets, background);
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

fn take_pid_file() -> Result<PidFile, Error> {
    let mut pid_file = PidFile::take(&PathBuf::from(PID_FILE))?;
    pid_file.write()?;
    Ok(pid_file)
}

/// From the last check to the end of pulse.
fn serve(
    cli: &Cli,
    settings: Settings,
    launch: Launch,
    mut tools: Option<Tools>,
    sockets: Vec<UdpSocket>,
    background: Option<Background>,
) -> Result<(), Error> {
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
        if let Err(error) = daemon::ready::tell() {
            warn!("{}", Message::NotTold(&error));
        }
        actor.run(first).await
    });
    ran.map_err(Error::EventLoop)
}
