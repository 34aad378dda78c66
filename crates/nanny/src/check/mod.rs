//! One check of the service: probe, protocol and failure.

pub mod dialogue;
mod echo;
mod excerpt;
mod failure;
pub(crate) mod in_flight;
pub mod probe;
mod program;
pub mod reply;
mod tcp;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use socket2::{SockAddr, Socket};

pub use self::excerpt::Excerpt;
pub use self::failure::{Failure, Host, Phase};
use self::probe::Probe;

/// A server and the check to run against it.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    address: SocketAddr,
    socket_address: SockAddr,
    probe: &'a Probe,
    timeout: Duration,
}

impl<'a> Target<'a> {
    /// Creates the target at `address`; `timeout` applies to each check.
    pub(crate) fn new(address: SocketAddr, probe: &'a Probe, timeout: Duration) -> Self {
        Self {
            address,
            socket_address: address.into(),
            probe,
            timeout,
        }
    }

    /// Whether a socket is connected to itself, which can happen when it connects to one of this
    /// host's own ephemeral ports (RFC 9293, 3.5).
    fn is_self_connection(&self, socket: &Socket) -> bool {
        let own = socket.local_addr().ok().and_then(|own| own.as_socket());
        own == Some(self.address)
    }
}

/// Result of one call on a socket.
enum Step<S> {
    /// Continue in this state.
    On(S),
    /// Wait until the socket is ready.
    Wait,
    /// The check is decided.
    Done(Result<(), Failure>),
}

impl<S> Step<S> {
    fn failed(phase: Phase, error: &io::Error) -> Self {
        Self::Done(Err(Failure::System(phase, errno(error))))
    }

    fn wait_or_fail(phase: Phase, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::WouldBlock {
            Self::Wait
        } else {
            Self::failed(phase, error)
        }
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}
