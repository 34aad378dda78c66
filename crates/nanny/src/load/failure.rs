//! Reasons why a server's load could not be read.

use std::fmt;
use std::io;
use std::process::ExitStatus;

use nix::errno::Errno;

use super::{rstat, rwho};

/// Reasons why a server's load could not be read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A program could not be started.
    Start(String, io::Error),
    /// A program exists, but its interpreter does not.
    NoInterpreter(String),
    /// A program timed out; with the last line of its standard error.
    TimedOut(String, String),
    /// The output of a program contains no load; with its exit status and the last line of its
    /// standard error.
    Output(String, ExitStatus, String),
    /// The rwho files cannot be read.
    Spool(io::Error),
    /// The rwho files have no record of the server.
    NoRecord,
    /// The record of the server is stale or invalid.
    Unusable,
    /// The rstat query failed.
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
            Self::TimedOut(program, stderr_line) => {
                write!(f, "{program} timed out{}", Suffix(stderr_line))
            }
            Self::Output(program, status, stderr_line) => {
                let suffix = Suffix(stderr_line);
                write!(
                    f,
                    "no load average in the output of {program} ({status}){suffix}"
                )
            }
            Self::Spool(error) => write!(f, "cannot read {spool}: {}", Reason(error)),
            Self::NoRecord => write!(f, "no record of the server in {spool}"),
            Self::Unusable => write!(f, "the record of the server in {spool} is stale or invalid"),
            Self::Rstat(failure) => write!(f, "{failure}"),
        }
    }
}

/// `: LINE`, or nothing for an empty line.
struct Suffix<'a>(&'a str);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            stderr_line => write!(f, ": {stderr_line}"),
        }
    }
}

/// A system error without the errno number that std appends.
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
    fn formats_every_failure() {
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
            (Failure::TimedOut(ssh(), String::new()), "ssh timed out"),
            (
                Failure::TimedOut(ssh(), "slow".to_owned()),
                "ssh timed out: slow",
            ),
            (
                Failure::Output(ssh(), ExitStatus::from_raw(255 << 8), String::new()),
                "no load average in the output of ssh (exit status: 255)",
            ),
            (
                Failure::Output(
                    ssh(),
                    ExitStatus::from_raw(255 << 8),
                    "Host key verification failed.".to_owned(),
                ),
                "no load average in the output of ssh (exit status: 255): Host key verification failed.",
            ),
            (
                Failure::Spool(denied()),
                "cannot read /var/spool/rwho: Permission denied",
            ),
            (
                Failure::NoRecord,
                "no record of the server in /var/spool/rwho",
            ),
            (
                Failure::Unusable,
                "the record of the server in /var/spool/rwho is stale or invalid",
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
                "no reply from rstat",
            ),
            (
                Failure::Rstat(rstat::Failure::Refused(Program::Rstat, Refusal::NoVersion)),
                "rstat: program version not available",
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
