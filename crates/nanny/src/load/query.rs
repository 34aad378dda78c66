//! One query of the load: its source, fallbacks and timeout.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::poll::{PollFd, PollFlags};

use super::command::CommandLine;
use super::failure::Failure;
use super::rwho::{self, Found};
use super::{Load, names, rstat, text};
use crate::child::{Ended, Running, Stderr};
use crate::settings::Settings;
use crate::wait::{NO_SOURCES, Sources};

/// Maximum length of a command's output, unless it covers several hosts: a load average is one
/// line.
const OUTPUT: usize = 8 * 1024;

/// Source of load data.
#[derive(Debug)]
enum Source {
    /// A command that prints the load.
    Command(CommandLine),
    /// The rwho files, or `ruptime` without them.
    Ruptime,
    /// An rstat query, or `rup` if that fails.
    Rup,
}

/// Step of a query.
#[derive(Debug)]
enum Step {
    /// A command is running.
    Run(Running, Purpose),
    /// An rstat query is in flight.
    Rstat(rstat::Query),
}

/// Purpose of a command's output.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    /// It contains the load.
    Command,
    /// It contains the load, possibly of other hosts too.
    Ruptime,
    /// It contains the load; rstat has failed with this error.
    Rup(rstat::Failure),
    /// It contains the server's names, for the rwho files.
    Names,
}

/// Result of a query.
pub(super) type Answer = Result<Load, Failure>;

/// Queries of one source, one at a time.
#[derive(Debug)]
pub(super) struct Query {
    source: Source,
    server: IpAddr,
    timeout: Duration,
    pub(super) spool: &'static Path,
    /// The host name in the settings.
    pub(super) given_name: Option<String>,
    /// The known host names.
    pub(super) names: Vec<String>,
    /// The query in flight, and its deadline.
    in_flight: Option<(Step, Instant)>,
}

impl Query {
    /// Creates the queries; `None` if the settings name no source.
    pub(super) fn new(settings: &Settings) -> Option<Self> {
        let word = settings.load_data.as_deref()?;
        let (server, timeout) = (settings.server.ip(), settings.timeout);
        let source = match word {
            "ruptime" => Source::Ruptime,
            "rup" => Source::Rup,
            word => Source::Command(CommandLine::new(word, server, timeout)?),
        };
        Some(Self {
            source,
            server,
            timeout,
            spool: Path::new(rwho::SPOOL),
            given_name: settings.name.clone(),
            names: settings.name.iter().cloned().collect(),
            in_flight: None,
        })
    }

    /// Whether a query is in flight.
    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Cancels the query in flight.
    pub(super) fn stop(&mut self) {
        self.in_flight = None;
    }

    /// The descriptors to poll.
    pub(super) fn sources(&self) -> Sources<'_> {
        let source = |fd| PollFd::new(fd, PollFlags::POLLIN);
        match &self.in_flight {
            None => NO_SOURCES,
            Some((Step::Rstat(query), _)) => [Some(source(query.as_fd())), None, None],
            Some((Step::Run(running, _), _)) => running.sources().map(|fd| fd.map(source)),
        }
    }

    /// The next timer.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.in_flight.as_ref()? {
            (Step::Rstat(query), _) => Some(query.deadline()),
            (Step::Run(..), until) => Some(*until),
        }
    }

    /// Starts a query. Returns a result that is available at once.
    pub(super) fn start(&mut self, now: Instant) -> Option<Answer> {
        let until = now + self.timeout;
        match &self.source {
            Source::Command(line) => {
                let running = start(&line.program, &line.args);
                self.run(running, Purpose::Command, until)
            }
            Source::Ruptime => self.search_spool(true, until),
            Source::Rup => {
                let port_mapper = SocketAddr::new(self.server, rstat::PORT_MAPPER);
                // Half of the timeout is left for rup.
                match rstat::Query::start(port_mapper, now, now + self.timeout / 2) {
                    Ok(query) => {
                        self.in_flight = Some((Step::Rstat(query), until));
                        None
                    }
                    Err(failure) => self.run_rup(failure, until),
                }
            }
        }
    }

    /// Advances the query in flight.
    pub(super) fn advance(&mut self, is_ready: bool, now: Instant) -> Option<Answer> {
        let (step, until) = self.in_flight.as_mut()?;
        let until = *until;
        match step {
            Step::Rstat(query) => {
                let answer = query.advance(now)?;
                self.in_flight = None;
                match answer {
                    Ok(load) => Some(Ok(load)),
                    Err(failure) => self.run_rup(failure, until),
                }
            }
            Step::Run(running, purpose) => {
                let purpose = *purpose;
                // An output within the timeout counts, even if this process reads it late.
                let ended = match is_ready.then(|| running.advance()).flatten() {
                    Some(Ok(ended)) => Ok(ended),
                    Some(Err(error)) => {
                        self.in_flight = None;
                        return Some(Err(self.not_run(purpose, error)));
                    }
                    None if now < until => return None,
                    None => Err(running.stderr_line()),
                };
                self.in_flight = None;
                self.ended(ended, purpose, until)
            }
        }
    }

    /// Evaluates the output of a command that exited, or the standard error of one that timed out.
    fn ended(
        &mut self,
        ended: Result<Ended, String>,
        purpose: Purpose,
        until: Instant,
    ) -> Option<Answer> {
        let program = self.program(purpose).to_owned();
        let Ended {
            output,
            status,
            stderr_line,
            ..
        } = match ended {
            Ok(ended) => ended,
            Err(stderr_line) => {
                return Some(Err(match purpose {
                    Purpose::Rup(failure) => Failure::Rstat(failure),
                    Purpose::Command | Purpose::Ruptime | Purpose::Names => {
                        Failure::TimedOut(program, stderr_line)
                    }
                }));
            }
        };
        let load = match purpose {
            Purpose::Command => text::load(&output),
            Purpose::Ruptime | Purpose::Rup(_) => text::load_of(&self.server.to_string(), &output),
            Purpose::Names => {
                let found = names::read(&output);
                self.names = self.given_name.iter().cloned().chain(found).collect();
                return self.search_spool(false, until);
            }
        };
        Some(load.ok_or(match purpose {
            Purpose::Rup(failure) => Failure::Rstat(failure),
            Purpose::Command | Purpose::Ruptime | Purpose::Names => {
                Failure::Output(program, status, stderr_line)
            }
        }))
    }

    /// Searches the rwho files. If they have no record of the server and `looks_up_names` is set, queries its
    /// names.
    fn search_spool(&mut self, looks_up_names: bool, until: Instant) -> Option<Answer> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        match rwho::find(self.spool, &self.names, time.unwrap_or_default()) {
            Ok(Found::Load(load)) => Some(Ok(load)),
            Ok(Found::Unusable) => Some(Err(Failure::Unusable)),
            Ok(Found::Nothing) if looks_up_names => {
                let running = start(names::PROGRAM, &names::arguments(self.server));
                self.run(running, Purpose::Names, until)
            }
            Ok(Found::Nothing) => Some(Err(Failure::NoRecord)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let running = start("ruptime", &[self.server.to_string()]);
                self.run(running, Purpose::Ruptime, until)
            }
            Err(error) => Some(Err(Failure::Spool(error))),
        }
    }

    /// Runs `rup` after a failure of rstat. `rup` queries rstat as well, so that failure is
    /// reported in the end.
    fn run_rup(&mut self, failure: rstat::Failure, until: Instant) -> Option<Answer> {
        let running = start("rup", &[self.server.to_string()]);
        self.run(running, Purpose::Rup(failure), until)
    }

    /// Records a started command, or returns the failure.
    fn run(
        &mut self,
        running: io::Result<Running>,
        purpose: Purpose,
        until: Instant,
    ) -> Option<Answer> {
        match running {
            Ok(running) => {
                let running = match purpose {
                    Purpose::Ruptime => running,
                    Purpose::Command | Purpose::Rup(_) | Purpose::Names => running.keep(OUTPUT),
                };
                self.in_flight = Some((Step::Run(running, purpose), until));
                None
            }
            Err(error) => Some(Err(self.not_run(purpose, error))),
        }
    }

    /// The failure if a command could not be executed.
    fn not_run(&self, purpose: Purpose, error: io::Error) -> Failure {
        match purpose {
            Purpose::Command | Purpose::Ruptime => {
                let program = self.program(purpose).to_owned();
                let is_missing = error.kind() == io::ErrorKind::NotFound;
                if is_missing && exists(&program) {
                    Failure::NoInterpreter(program)
                } else {
                    Failure::Start(program, error)
                }
            }
            // A later rstat query may succeed.
            Purpose::Rup(failure) => Failure::Rstat(failure),
            // No further names can be found.
            Purpose::Names => Failure::NoRecord,
        }
    }

    fn program(&self, purpose: Purpose) -> &str {
        match (purpose, &self.source) {
            (Purpose::Command, Source::Command(line)) => &line.program,
            (Purpose::Names, _) => names::PROGRAM,
            (Purpose::Ruptime, _) | (Purpose::Command, Source::Ruptime) => "ruptime",
            (Purpose::Rup(_), _) | (Purpose::Command, Source::Rup) => "rup",
        }
    }
}

/// Whether the program exists.
fn exists(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).exists())
}

fn start(program: &str, args: &[String]) -> io::Result<Running> {
    Running::start(program.as_ref(), args, Stderr::LastLine)
}
