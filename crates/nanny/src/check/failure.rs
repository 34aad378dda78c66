//! How a check can fail, and the line of the log that says so.

use std::fmt;
use std::net::SocketAddr;

use nix::errno::Errno;

/// What was being done when a check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Making the connection.
    Connect,
    /// Sending the request.
    Send,
    /// Reading the reply.
    Read,
    /// Running a program.
    Run,
}

/// Why a check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The time for the check was up; what the host said to an echo meanwhile.
    TimedOut(Act, Host),
    /// The system said so.
    System(Act, Errno),
    /// The server closed before its reply was whole.
    Closed,
    /// The reply is not what was expected.
    Unexpected,
    /// The program's output is not what was expected.
    Output,
    /// The program ended with this status.
    Status(i32),
    /// The program was ended by this signal.
    Signal(i32),
}

/// What an ICMP echo says of the server's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// No echo could be sent.
    NotAsked,
    /// It answers: it is the service that is down.
    Answers,
    /// It does not answer. It may be told not to.
    Silent,
    /// The system or a router says that there is no way to it.
    Unreachable(Errno),
}

impl Failure {
    /// The failure as one line of the log, with the server's name.
    #[must_use]
    pub fn of(self, server: SocketAddr) -> impl fmt::Display {
        struct Line(Failure, SocketAddr);
        impl fmt::Display for Line {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Self(failure, server) = *self;
                match failure {
                    Failure::TimedOut(act, host) => {
                        write!(f, "{act} {server} timed out{host}")
                    }
                    Failure::System(act, errno) => {
                        write!(f, "{act} {server} failed: {}", errno.desc())
                    }
                    Failure::Closed => write!(
                        f,
                        "{} {server} failed: closed before the whole reply came",
                        Act::Read
                    ),
                    Failure::Unexpected => write!(
                        f,
                        "{} {server} failed: the reply is not as expected",
                        Act::Read
                    ),
                    Failure::Output => write!(
                        f,
                        "{} {server} failed: the output is not as expected",
                        Act::Run
                    ),
                    Failure::Status(status) => {
                        write!(f, "{} {server} failed: exit status {status}", Act::Run)
                    }
                    Failure::Signal(signal) => {
                        write!(f, "{} {server} failed: killed by signal {signal}", Act::Run)
                    }
                }
            }
        }
        Line(self, server)
    }
}

/// With the word that leads to the server's name.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "CONNECT to",
            Self::Send => "SEND to",
            Self::Read => "READ to",
            Self::Run => "PROGRAM for",
        })
    }
}

/// What follows the words "timed out".
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => Ok(()),
            Self::Answers => f.write_str(": service down, the host answers a ping"),
            Self::Silent => f.write_str(": host unreachable, it does not answer a ping"),
            Self::Unreachable(errno) => write!(f, ": host unreachable, {}", errno.desc()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_line() {
        let server: SocketAddr = "1.2.3.4:80".parse().expect("an address");
        for (failure, line) in [
            (
                Failure::TimedOut(Act::Connect, Host::NotAsked),
                "CONNECT to 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Act::Send, Host::NotAsked),
                "SEND to 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Act::Read, Host::NotAsked),
                "READ to 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Act::Run, Host::NotAsked),
                "PROGRAM for 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Act::Read, Host::Answers),
                "READ to 1.2.3.4:80 timed out: service down, the host answers a ping",
            ),
            (
                Failure::TimedOut(Act::Connect, Host::Silent),
                "CONNECT to 1.2.3.4:80 timed out: host unreachable, it does not answer a ping",
            ),
            (
                Failure::TimedOut(Act::Connect, Host::Unreachable(Errno::EHOSTUNREACH)),
                "CONNECT to 1.2.3.4:80 timed out: host unreachable, No route to host",
            ),
            (
                Failure::System(Act::Connect, Errno::ECONNREFUSED),
                "CONNECT to 1.2.3.4:80 failed: Connection refused",
            ),
            (
                Failure::System(Act::Read, Errno::ECONNRESET),
                "READ to 1.2.3.4:80 failed: Connection reset by peer",
            ),
            (
                Failure::System(Act::Run, Errno::ENOENT),
                "PROGRAM for 1.2.3.4:80 failed: No such file or directory",
            ),
            (
                Failure::Closed,
                "READ to 1.2.3.4:80 failed: closed before the whole reply came",
            ),
            (
                Failure::Unexpected,
                "READ to 1.2.3.4:80 failed: the reply is not as expected",
            ),
            (
                Failure::Output,
                "PROGRAM for 1.2.3.4:80 failed: the output is not as expected",
            ),
            (
                Failure::Status(2),
                "PROGRAM for 1.2.3.4:80 failed: exit status 2",
            ),
            (
                Failure::Signal(11),
                "PROGRAM for 1.2.3.4:80 failed: killed by signal 11",
            ),
        ] {
            assert_eq!(failure.of(server).to_string(), line);
        }
    }
}
