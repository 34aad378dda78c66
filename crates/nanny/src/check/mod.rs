//! One check of the service: what is asked, what is tried, and how it can fail.

pub(crate) mod attempt;
pub mod dialogue;
mod echo;
mod excerpt;
mod failure;
mod program;
pub mod question;
pub mod reply;
mod tcp;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use socket2::{SockAddr, Socket};

pub use self::excerpt::Excerpt;
pub use self::failure::{Act, Failure, Host};
use self::question::Question;

/// What one server is asked at each check.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    address: SocketAddr,
    socket_address: SockAddr,
    question: &'a Question,
    timeout: Duration,
}

impl<'a> Target<'a> {
    /// The server at `address`, which has so long for each check.
    pub(crate) fn new(address: SocketAddr, question: &'a Question, timeout: Duration) -> Self {
        Self {
            address,
            socket_address: address.into(),
            question,
            timeout,
        }
    }

    /// Whether a socket is connected to itself, which a connect to one of this host's own
    /// ephemeral ports can be (RFC 9293, 3.5).
    fn is_other_end_of(&self, socket: &Socket) -> bool {
        let own = socket.local_addr().ok().and_then(|own| own.as_socket());
        own == Some(self.address)
    }
}

/// What one call on a socket came to.
enum Step<S> {
    /// Go on in this stage.
    On(S),
    /// Wait until the socket is ready.
    Wait,
    /// The check is decided.
    Done(Result<(), Failure>),
}

impl<S> Step<S> {
    fn failed(act: Act, error: &io::Error) -> Self {
        Self::Done(Err(Failure::System(act, errno(error))))
    }

    fn wait_or_fail(act: Act, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::WouldBlock {
            Self::Wait
        } else {
            Self::failed(act, error)
        }
    }
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}
