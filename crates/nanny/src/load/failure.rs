//! Why a server's load could not be read.

use std::fmt;
use std::io;
use std::process::ExitStatus;

use nix::errno::Errno;

use super::{rstat, rwho};

/// Why a server's load could not be read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A program could not be started.
    Start(String, io::Error),
    /// A program is there, but not what is to run it.
    NoInterpreter(String),
    /// A program did not end in time, and complained so.
    TimedOut(String, String),
    /// There is no load in the output of a program, which ended so, and complained so.
    Output(String, ExitStatus, String),
    /// The rwho daemon's files cannot be read.
    Spool(io::Error),
    /// They have no record of the server.
    NoRecord,
    /// The record of the server is too old, or broken.
    Unusable,
    /// rstat does not tell.
    Rstat(rstat::Failure),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spool = rwho::SPOOL;
        match self {
            Self::Start(program, error) => write!(f, "cannot run {program}: {}", Reason(error)),
            Self::NoInterpreter(program) => {
                write!(f, "cannot run {program}: its interpreter is missing")
            }
            Self::TimedOut(program, complaint) => {
                write!(f, "{program} did not end in time{}", Said(complaint))
            }
            Self::Output(program, status, complaint) => {
                let said = Said(complaint);
                write!(f, "no load in the output of {program} ({status}){said}")
            }
            Self::Spool(error) => write!(f, "cannot read {spool}: {}", Reason(error)),
            Self::NoRecord => write!(f, "no record of it in {spool}"),
            Self::Unusable => write!(f, "its record in {spool} is too old or broken"),
            Self::Rstat(failure) => write!(f, "{failure}"),
        }
    }
}

/// `: COMPLAINT`, or nothing.
struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            complaint => write!(f, ": {complaint}"),
        }
    }
}

/// What the system said, without the number that std adds.
struct Reason<'a>(&'a io::Error);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.raw_os_error() {
            Some(errno) => f.write_str(Errno::from_raw(errno).desc()),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::rpc::Refusal;
    use crate::load::rstat::Program;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn every_failure_has_its_line() {
        let denied = || io::Error::from_raw_os_error(nix::libc::EACCES);
        let ssh = || "ssh".to_owned();
        for (failure, line) in [
            (
                Failure::Start(ssh(), denied()),
                "cannot run ssh: Permission denied",
            ),
            (
                Failure::NoInterpreter(ssh()),
                "cannot run ssh: its interpreter is missing",
            ),
            (
                Failure::TimedOut(ssh(), String::new()),
                "ssh did not end in time",
            ),
            (
                Failure::TimedOut(ssh(), "slow".to_owned()),
                "ssh did not end in time: slow",
            ),
            (
                Failure::Output(ssh(), ExitStatus::from_raw(255 << 8), String::new()),
                "no load in the output of ssh (exit status: 255)",
            ),
            (
                Failure::Output(
                    ssh(),
                    ExitStatus::from_raw(255 << 8),
                    "Host key verification failed.".to_owned(),
                ),
                "no load in the output of ssh (exit status: 255): Host key verification failed.",
            ),
            (
                Failure::Spool(denied()),
                "cannot read /var/spool/rwho: Permission denied",
            ),
            (Failure::NoRecord, "no record of it in /var/spool/rwho"),
            (
                Failure::Unusable,
                "its record in /var/spool/rwho is too old or broken",
            ),
            (
                Failure::Rstat(rstat::Failure::System(
                    Program::PortMapper,
                    Errno::ECONNREFUSED,
                )),
                "port mapper: Connection refused",
            ),
            (
                Failure::Rstat(rstat::Failure::NoAnswer(Program::Rstat)),
                "rstat does not answer",
            ),
            (
                Failure::Rstat(rstat::Failure::Refused(Program::Rstat, Refusal::NoVersion)),
                "rstat: there is no such version of the program",
            ),
            (
                Failure::Rstat(rstat::Failure::NotRegistered),
                "rstat is not registered with the port mapper",
            ),
        ] {
            assert_eq!(failure.to_string(), line);
        }
    }
}
