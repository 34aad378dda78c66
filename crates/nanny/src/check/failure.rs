//! Failures of a check, and their log lines.

use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;

use nix::errno::Errno;

use super::Excerpt;

/// The phase in which a check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Connecting.
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
    /// The timeout expired; with the result of the ICMP echo.
    TimedOut(Phase, Host),
    /// A system call failed.
    System(Phase, Errno),
    /// Too many killed programs are still running, so no other is started.
    Unreaped,
    /// The server closed the connection before the reply was complete.
    Closed,
    /// The reply differs from the expected one.
    Unexpected(Excerpt),
    /// The program's output differs from the expected one.
    Output(Excerpt),
    /// The program exited with this status.
    Status(i32),
    /// The program was killed by this signal.
    Signal(i32),
}

/// Result of an ICMP echo to the server's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Unknown: no echo could be sent.
    Unknown,
    /// The host replied: only the service is down.
    Answers,
    /// The host did not reply, or is configured not to.
    Silent,
    /// The system or a router reports that the host is unreachable.
    Unreachable(Errno),
}

impl Failure {
    /// Formats the failure as a log line, with the name of the server, and that of the check
    /// program if there is one.
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

    /// The phase in which a check failed.
    fn phase(self) -> Phase {
        match self {
            Self::TimedOut(phase, _) | Self::System(phase, _) => phase,
            Self::Closed | Self::Unexpected(_) => Phase::Read,
            Self::Unreaped | Self::Output(_) | Self::Status(_) | Self::Signal(_) => Phase::Run,
        }
    }
}

/// A failure as a log line.
struct Line<'a> {
    failure: Failure,
    server: SocketAddr,
    program: Option<&'a OsStr>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.server;
        match (self.failure.phase(), self.program) {
            (Phase::Connect, _) => write!(f, "CONNECT to {server} "),
            (Phase::Send, _) => write!(f, "SEND to {server} "),
            (Phase::Read, _) => write!(f, "READ to {server} "),
            (Phase::Run, Some(name)) => write!(f, "PROGRAM {} for {server} ", name.display()),
            (Phase::Run, None) => write!(f, "PROGRAM for {server} "),
        }?;
        match self.failure {
            // The program may hang, rather than the service.
            Failure::TimedOut(Phase::Run, Host::Answers) => {
                f.write_str("timed out: the host answers a ping")
            }
            Failure::TimedOut(_, host) => write!(f, "timed out{host}"),
            // A lack of processes or of ports. `Errno::desc` gives "Try again".
            Failure::System(_, Errno::EAGAIN) => {
                f.write_str("failed: this router: Resource temporarily unavailable")
            }
            Failure::System(phase, errno) if is_own(phase, errno) => {
                write!(f, "failed: this router: {}", errno.desc())
            }
            Failure::System(Phase::Run, errno) => {
                write!(f, "failed: cannot execute: {}", errno.desc())?;
                // execve(2) returns ENOENT for both.
                let is_either = errno == Errno::ENOENT;
                f.write_str(if is_either {
                    " (program or interpreter)"
                } else {
                    ""
                })
            }
            Failure::System(_, errno) => write!(f, "failed: {}", errno.desc()),
            Failure::Unreaped => {
                f.write_str("failed: this router: too many killed programs still running")
            }
            Failure::Closed => f.write_str("failed: connection closed before complete reply"),
            Failure::Unexpected(excerpt) => {
                write!(f, "failed: unexpected reply: {excerpt}")
            }
            Failure::Output(excerpt) => write!(f, "failed: unexpected output: {excerpt}"),
            Failure::Status(status) => write!(f, "failed: exit status {status}"),
            Failure::Signal(signal) => write!(f, "failed: killed by signal {signal}"),
        }
    }
}

/// Whether this router lacks a resource or forbids the operation, so that the server is not at
/// fault.
fn is_own(phase: Phase, errno: Errno) -> bool {
    match errno {
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::ENOBUFS | Errno::EADDRNOTAVAIL => {
            true
        }
        // From a packet filter for outgoing packets. For a program it concerns its file.
        Errno::EPERM => phase != Phase::Run,
        _ => false,
    }
}

/// The suffix of a timeout line.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
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
    fn formats_every_failure() {
        let server: SocketAddr = "1.2.3.4:80".parse().expect("an address");
        for (failure, line) in [
            (
                Failure::TimedOut(Phase::Connect, Host::Unknown),
                "CONNECT to 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Phase::Send, Host::Unknown),
                "SEND to 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Phase::Read, Host::Unknown),
                "READ to 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Phase::Run, Host::Unknown),
                "PROGRAM /x/check for 1.2.3.4:80 timed out",
            ),
            (
                Failure::TimedOut(Phase::Run, Host::Answers),
                "PROGRAM /x/check for 1.2.3.4:80 timed out: the host answers a ping",
            ),
            (
                Failure::TimedOut(Phase::Read, Host::Answers),
                "READ to 1.2.3.4:80 timed out: service down, the host answers a ping",
            ),
            (
                Failure::TimedOut(Phase::Connect, Host::Silent),
                "CONNECT to 1.2.3.4:80 timed out: the host does not answer a ping",
            ),
            (
                Failure::TimedOut(Phase::Connect, Host::Unreachable(Errno::EHOSTUNREACH)),
                "CONNECT to 1.2.3.4:80 timed out: host unreachable, No route to host",
            ),
            (
                Failure::System(Phase::Connect, Errno::ECONNREFUSED),
                "CONNECT to 1.2.3.4:80 failed: Connection refused",
            ),
            (
                Failure::System(Phase::Read, Errno::ECONNRESET),
                "READ to 1.2.3.4:80 failed: Connection reset by peer",
            ),
            (
                Failure::System(Phase::Run, Errno::ENOENT),
                "PROGRAM /x/check for 1.2.3.4:80 failed: cannot execute: No such file or directory \
                 (program or interpreter)",
            ),
            (
                Failure::System(Phase::Run, Errno::EACCES),
                "PROGRAM /x/check for 1.2.3.4:80 failed: cannot execute: Permission denied",
            ),
            (
                Failure::System(Phase::Connect, Errno::EADDRNOTAVAIL),
                "CONNECT to 1.2.3.4:80 failed: this router: Cannot assign requested address",
            ),
            (
                Failure::System(Phase::Send, Errno::EPERM),
                "SEND to 1.2.3.4:80 failed: this router: Operation not permitted",
            ),
            (
                Failure::System(Phase::Run, Errno::EAGAIN),
                "PROGRAM /x/check for 1.2.3.4:80 failed: this router: \
                 Resource temporarily unavailable",
            ),
            (
                Failure::System(Phase::Run, Errno::EPERM),
                "PROGRAM /x/check for 1.2.3.4:80 failed: cannot execute: Operation not permitted",
            ),
            (
                Failure::Unreaped,
                "PROGRAM /x/check for 1.2.3.4:80 failed: this router: \
                 too many killed programs still running",
            ),
            (
                Failure::Closed,
                "READ to 1.2.3.4:80 failed: connection closed before complete reply",
            ),
            (
                Failure::Unexpected(Excerpt::from(&b"SSH-2.0"[..])),
                "READ to 1.2.3.4:80 failed: unexpected reply: \"SSH-2.0\"",
            ),
            (
                Failure::Output(Excerpt::default()),
                "PROGRAM /x/check for 1.2.3.4:80 failed: unexpected output: \"\"",
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
            let program = (failure.phase() == Phase::Run).then_some(OsStr::new("/x/check"));
            assert_eq!(failure.of(server, program).to_string(), line);
        }
    }
}
