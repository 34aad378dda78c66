//! How a check can fail, and the line of the log that says so.

use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;

use nix::errno::Errno;

use super::Excerpt;

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
    /// Too many programs that were killed have not ended: no other is started.
    Undead,
    /// The server closed before its reply was whole.
    Closed,
    /// The reply is not what was expected, but this.
    Unexpected(Excerpt),
    /// The program's output is not what was expected, but this.
    Output(Excerpt),
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
    /// The failure as one line of the log, with the name of the server, and that of the program
    /// that was to check it, if one was.
    pub(crate) fn of<'a>(
        self,
        server: SocketAddr,
        program: Option<&'a OsStr>,
    ) -> impl fmt::Display + use<'a> {
        Line {
            failure: self,
            server,
            program,
        }
    }

    /// What was being done.
    fn act(self) -> Act {
        match self {
            Self::TimedOut(act, _) | Self::System(act, _) => act,
            Self::Closed | Self::Unexpected(_) => Act::Read,
            Self::Undead | Self::Output(_) | Self::Status(_) | Self::Signal(_) => Act::Run,
        }
    }
}

/// A failure as one line.
struct Line<'a> {
    failure: Failure,
    server: SocketAddr,
    program: Option<&'a OsStr>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.server;
        match (self.failure.act(), self.program) {
            (Act::Connect, _) => write!(f, "CONNECT to {server} "),
            (Act::Send, _) => write!(f, "SEND to {server} "),
            (Act::Read, _) => write!(f, "READ to {server} "),
            (Act::Run, Some(name)) => write!(f, "PROGRAM {} for {server} ", name.display()),
            (Act::Run, None) => write!(f, "PROGRAM for {server} "),
        }?;
        match self.failure {
            // It may be the program that hangs, and not the service.
            Failure::TimedOut(Act::Run, Host::Answers) => {
                f.write_str("timed out: the host answers a ping")
            }
            Failure::TimedOut(_, host) => write!(f, "timed out{host}"),
            // A lack of processes or of ports, which the table of messages calls "Try again".
            Failure::System(_, Errno::EAGAIN) => {
                f.write_str("failed: this router: Resource temporarily unavailable")
            }
            Failure::System(act, errno) if is_own(act, errno) => {
                write!(f, "failed: this router: {}", errno.desc())
            }
            Failure::System(Act::Run, errno) => {
                write!(f, "failed: cannot run it: {}", errno.desc())?;
                // The system says the same of both.
                let is_either = errno == Errno::ENOENT;
                f.write_str(if is_either {
                    " (it or its interpreter)"
                } else {
                    ""
                })
            }
            Failure::System(_, errno) => write!(f, "failed: {}", errno.desc()),
            Failure::Undead => f.write_str(
                "failed: this router: too many programs that were killed have not ended",
            ),
            Failure::Closed => f.write_str("failed: closed before the whole reply came"),
            Failure::Unexpected(came) => {
                write!(f, "failed: the reply is not as expected: {came}")
            }
            Failure::Output(came) => write!(f, "failed: the output is not as expected: {came}"),
            Failure::Status(status) => write!(f, "failed: exit status {status}"),
            Failure::Signal(signal) => write!(f, "failed: killed by signal {signal}"),
        }
    }
}

/// Whether it is this router that lacks something, or forbids it: the server is not to blame.
fn is_own(act: Act, errno: Errno) -> bool {
    match errno {
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::ENOBUFS | Errno::EADDRNOTAVAIL => {
            true
        }
        // A packet filter's word on what goes out. Of a program it is about its file.
        Errno::EPERM => act != Act::Run,
        _ => false,
    }
}

/// What follows the words "timed out".
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => Ok(()),
            Self::Answers => f.write_str(": service down, the host answers a ping"),
            Self::Silent => f.write_str(": the host does not answer a ping"),
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
                "PROGRAM /x/check for 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Act::Run, Host::Answers),
                "PROGRAM /x/check for 1.2.3.4:80 timed out: the host answers a ping",
            ),
            (
                Failure::TimedOut(Act::Read, Host::Answers),
                "READ to 1.2.3.4:80 timed out: service down, the host answers a ping",
            ),
            (
                Failure::TimedOut(Act::Connect, Host::Silent),
                "CONNECT to 1.2.3.4:80 timed out: the host does not answer a ping",
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
                "PROGRAM /x/check for 1.2.3.4:80 failed: cannot run it: No such file or directory \
                 (it or its interpreter)",
            ),
            (
                Failure::System(Act::Run, Errno::EACCES),
                "PROGRAM /x/check for 1.2.3.4:80 failed: cannot run it: Permission denied",
            ),
            (
                Failure::System(Act::Connect, Errno::EADDRNOTAVAIL),
                "CONNECT to 1.2.3.4:80 failed: this router: Cannot assign requested address",
            ),
            (
                Failure::System(Act::Send, Errno::EPERM),
                "SEND to 1.2.3.4:80 failed: this router: Operation not permitted",
            ),
            (
                Failure::System(Act::Run, Errno::EAGAIN),
                "PROGRAM /x/check for 1.2.3.4:80 failed: this router: \
                 Resource temporarily unavailable",
            ),
            (
                Failure::System(Act::Run, Errno::EPERM),
                "PROGRAM /x/check for 1.2.3.4:80 failed: cannot run it: Operation not permitted",
            ),
            (
                Failure::Undead,
                "PROGRAM /x/check for 1.2.3.4:80 failed: this router: \
                 too many programs that were killed have not ended",
            ),
            (
                Failure::Closed,
                "READ to 1.2.3.4:80 failed: closed before the whole reply came",
            ),
            (
                Failure::Unexpected(Excerpt::from(&b"SSH-2.0"[..])),
                "READ to 1.2.3.4:80 failed: the reply is not as expected: \"SSH-2.0\"",
            ),
            (
                Failure::Output(Excerpt::default()),
                "PROGRAM /x/check for 1.2.3.4:80 failed: the output is not as expected: \"\"",
            ),
            (
                Failure::Status(2),
                "PROGRAM /x/check for 1.2.3.4:80 failed: exit status 2",
            ),
            (
                Failure::Signal(11),
                "PROGRAM /x/check for 1.2.3.4:80 failed: killed by signal 11",
            ),
        ] {
            let program = (failure.act() == Act::Run).then_some(OsStr::new("/x/check"));
            assert_eq!(failure.of(server, program).to_string(), line);
        }
    }
}
