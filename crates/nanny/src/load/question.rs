//! One question for the load: who is asked, in which order, and what is waited for.

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

/// So much of a command's output is kept, unless it tells of many hosts: a load is one line.
const OUTPUT: usize = 8 * 1024;

/// Who is asked.
#[derive(Debug)]
enum Source {
    /// A command, which prints the load.
    Command(CommandLine),
    /// The rwho daemon's files, or `ruptime` where there are none.
    Ruptime,
    /// rstat, or `rup` where that gives nothing.
    Rup,
}

/// What is going on.
#[derive(Debug)]
enum Step {
    /// A command runs, for its output.
    Run(Running, Purpose),
    /// rstat is asked.
    Rstat(rstat::Question),
}

/// What a command's output is for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    /// It tells the load.
    Command,
    /// It tells the load, maybe that of others too.
    Ruptime,
    /// It tells the load, after rstat has failed so.
    Rup(rstat::Failure),
    /// It tells the server's names, for the rwho daemon's files.
    Names,
}

/// What a question came to.
pub(super) type Answer = Result<Load, Failure>;

/// The questions to one source, one at a time.
#[derive(Debug)]
pub(super) struct Questions {
    source: Source,
    server: IpAddr,
    timeout: Duration,
    pub(super) spool: &'static Path,
    /// What the nanny was told that the server is called.
    pub(super) given_name: Option<String>,
    /// What it is called, as far as that is known.
    pub(super) names: Vec<String>,
    /// The question that is going on, and until when.
    going: Option<(Step, Instant)>,
}

impl Questions {
    /// The questions that the settings want; `None` where they want none.
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
            going: None,
        })
    }

    /// Whether a question is going on.
    pub(super) fn is_going(&self) -> bool {
        self.going.is_some()
    }

    /// Lets go of the question that is going on.
    pub(super) fn stop(&mut self) {
        self.going = None;
    }

    /// What the question waits for.
    pub(super) fn sources(&self) -> Sources<'_> {
        let source = |fd| PollFd::new(fd, PollFlags::POLLIN);
        match &self.going {
            None => NO_SOURCES,
            Some((Step::Rstat(question), _)) => [Some(source(question.as_fd())), None, None],
            Some((Step::Run(running, _), _)) => running.sources().map(|fd| fd.map(source)),
        }
    }

    /// The next moment at which the question has something to do, whatever comes.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.going.as_ref()? {
            (Step::Rstat(question), _) => Some(question.deadline()),
            (Step::Run(..), until) => Some(*until),
        }
    }

    /// Asks. An answer that takes no waiting comes at once.
    pub(super) fn begin(&mut self, now: Instant) -> Option<Answer> {
        let until = now + self.timeout;
        match &self.source {
            Source::Command(line) => {
                let running = start(&line.program, &line.args);
                self.run(running, Purpose::Command, until)
            }
            Source::Ruptime => self.look(true, until),
            Source::Rup => {
                let port_mapper = SocketAddr::new(self.server, rstat::PORT_MAPPER);
                // Half of the time is left for rup.
                match rstat::Question::start(port_mapper, now, now + self.timeout / 2) {
                    Ok(question) => {
                        self.going = Some((Step::Rstat(question), until));
                        None
                    }
                    Err(failure) => self.rup(failure, until),
                }
            }
        }
    }

    /// Goes on with the question that is going on.
    pub(super) fn go_on(&mut self, is_ready: bool, now: Instant) -> Option<Answer> {
        let (step, until) = self.going.as_mut()?;
        let until = *until;
        match step {
            Step::Rstat(question) => {
                let answer = question.go_on(now)?;
                self.going = None;
                match answer {
                    Ok(load) => Some(Ok(load)),
                    Err(failure) => self.rup(failure, until),
                }
            }
            Step::Run(running, purpose) => {
                let purpose = *purpose;
                // An answer that came in time counts, even where this process was late to look.
                let ended = match is_ready.then(|| running.advance()).flatten() {
                    Some(Ok(ended)) => Ok(ended),
                    Some(Err(error)) => {
                        self.going = None;
                        return Some(Err(self.not_run(purpose, error)));
                    }
                    None if now < until => return None,
                    None => Err(running.complaint()),
                };
                self.going = None;
                self.ended(ended, purpose, until)
            }
        }
    }

    /// Reads the output of a command that ended; or did not in time, and complained so.
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
            complaint,
            ..
        } = match ended {
            Ok(ended) => ended,
            Err(complaint) => {
                return Some(Err(match purpose {
                    Purpose::Rup(failure) => Failure::Rstat(failure),
                    Purpose::Command | Purpose::Ruptime | Purpose::Names => {
                        Failure::TimedOut(program, complaint)
                    }
                }));
            }
        };
        let told = match purpose {
            Purpose::Command => text::load(&output),
            Purpose::Ruptime | Purpose::Rup(_) => text::load_of(&self.server.to_string(), &output),
            Purpose::Names => {
                let found = names::read(&output);
                self.names = self.given_name.iter().cloned().chain(found).collect();
                return self.look(false, until);
            }
        };
        Some(told.ok_or(match purpose {
            Purpose::Rup(failure) => Failure::Rstat(failure),
            Purpose::Command | Purpose::Ruptime | Purpose::Names => {
                Failure::Output(program, status, complaint)
            }
        }))
    }

    /// Looks into the rwho daemon's files. Where they have no record of the server, its names are
    /// asked for if `asks`.
    fn look(&mut self, asks: bool, until: Instant) -> Option<Answer> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        match rwho::find(self.spool, &self.names, time.unwrap_or_default()) {
            Ok(Found::Load(load)) => Some(Ok(load)),
            Ok(Found::Unusable) => Some(Err(Failure::Unusable)),
            Ok(Found::Nothing) if asks => {
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

    /// Runs `rup`, as rstat has failed. It speaks to rstat as well, so what is told in the end is
    /// how that failed.
    fn rup(&mut self, failure: rstat::Failure, until: Instant) -> Option<Answer> {
        let running = start("rup", &[self.server.to_string()]);
        self.run(running, Purpose::Rup(failure), until)
    }

    /// Waits for a command that was started, or tells that it was not.
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
                self.going = Some((Step::Run(running, purpose), until));
                None
            }
            Err(error) => Some(Err(self.not_run(purpose, error))),
        }
    }

    /// What it means that a command could not be run.
    fn not_run(&self, purpose: Purpose, error: io::Error) -> Failure {
        match purpose {
            Purpose::Command | Purpose::Ruptime => {
                let program = self.program(purpose).to_owned();
                let is_missing = error.kind() == io::ErrorKind::NotFound;
                if is_missing && is_there(&program) {
                    Failure::NoInterpreter(program)
                } else {
                    Failure::Start(program, error)
                }
            }
            // rstat may answer another time.
            Purpose::Rup(failure) => Failure::Rstat(failure),
            // The names that are known are all there are.
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

/// Whether there is such a program, where the system looks for it.
fn is_there(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).exists())
}

fn start(program: &str, args: &[String]) -> io::Result<Running> {
    Running::start(program.as_ref(), args, Stderr::LastLine)
}
