//! One check of the service: what is tried, and how it can fail.

pub(crate) mod attempt;
pub mod dialogue;
mod tcp;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use socket2::SockAddr;

use self::dialogue::Dialogue;

/// What one server is asked at each check.
#[derive(Debug)]
pub(crate) struct Target {
    address: SocketAddr,
    socket_address: SockAddr,
    dialogue: Option<Dialogue>,
    timeout: Duration,
}

impl Target {
    /// The server at `address`, which has so long for each check.
    pub(crate) fn new(address: SocketAddr, dialogue: Option<Dialogue>, timeout: Duration) -> Self {
        Self {
            address,
            socket_address: address.into(),
            dialogue,
            timeout,
        }
    }
}

/// What was being done when a check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Making the connection.
    Connect,
    /// Sending the request.
    Send,
    /// Reading the reply.
    Read,
}

/// Why a check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The time for the check was up.
    TimedOut(Act),
    /// The system said so.
    System(Act, Errno),
    /// The server closed before its reply was whole.
    Closed,
    /// The reply is not what was expected.
    Unexpected,
}

impl Failure {
    /// The failure as one line of the log, with the server's name.
    #[must_use]
    pub fn of(self, server: SocketAddr) -> impl fmt::Display {
        struct Line(Failure, SocketAddr);
        impl fmt::Display for Line {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Self(failure, server) = self;
                match failure {
                    Failure::TimedOut(act) => write!(f, "{act} to {server} timed out"),
                    Failure::System(act, errno) => {
                        write!(f, "{act} to {server} failed: {}", errno.desc())
                    }
                    Failure::Closed => {
                        write!(
                            f,
                            "READ to {server} failed: closed before the whole reply came"
                        )
                    }
                    Failure::Unexpected => {
                        write!(f, "READ to {server} failed: the reply is not as expected")
                    }
                }
            }
        }
        Line(self, server)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "CONNECT",
            Self::Send => "SEND",
            Self::Read => "READ",
        })
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
                Failure::TimedOut(Act::Connect),
                "CONNECT to 1.2.3.4:80 timed out",
            ),
            (Failure::TimedOut(Act::Send), "SEND to 1.2.3.4:80 timed out"),
            (Failure::TimedOut(Act::Read), "READ to 1.2.3.4:80 timed out"),
            (
                Failure::System(Act::Connect, Errno::ECONNREFUSED),
                "CONNECT to 1.2.3.4:80 failed: Connection refused",
            ),
            (
                Failure::System(Act::Read, Errno::ECONNRESET),
                "READ to 1.2.3.4:80 failed: Connection reset by peer",
            ),
            (
                Failure::Closed,
                "READ to 1.2.3.4:80 failed: closed before the whole reply came",
            ),
            (
                Failure::Unexpected,
                "READ to 1.2.3.4:80 failed: the reply is not as expected",
            ),
        ] {
            assert_eq!(failure.of(server).to_string(), line);
        }
    }
}
