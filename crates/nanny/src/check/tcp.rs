//! One attempt over TCP, a step at a time: the loop polls the socket together with everything
//! else it waits for, so that a stop takes effect in the middle of an attempt.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::PollFlags;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::dialogue::{Dialogue, Match, compare};
use super::{Act, Failure};

/// How many bytes of a reply are read at once, at most.
const CHUNK: usize = 256;

/// What one server is asked at each check.
#[derive(Debug)]
pub struct Target {
    address: SocketAddr,
    socket_address: SockAddr,
    dialogue: Option<Dialogue>,
}

impl Target {
    /// The server at `address`, asked as its port is by default.
    #[must_use]
    pub fn new(address: SocketAddr, dialogue: Option<Dialogue>) -> Self {
        Self {
            address,
            socket_address: address.into(),
            dialogue,
        }
    }
}

/// How far an attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The kernel is connecting.
    Connecting,
    /// Connected; this much of the request is sent.
    Sending(usize),
    /// The request is sent; this much of the reply is as expected.
    Reading(usize),
}

/// An attempt that is going on. Dropping it ends it, without leaving a connection behind.
#[derive(Debug)]
pub struct Attempt {
    socket: Socket,
    stage: Stage,
    started: Instant,
}

impl Attempt {
    /// Begins to connect, without waiting.
    ///
    /// # Errors
    /// The failure that the system could tell at once.
    pub fn start(target: &Target, now: Instant) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::System(Act::Connect, errno(&error));
        let domain = Domain::for_address(target.address);
        let socket =
            Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP)).map_err(failed)?;
        // Closing resets the connection, so that no TIME_WAIT stays on the router for each check.
        socket.set_linger(Some(Duration::ZERO)).map_err(failed)?;
        let stage = match socket.connect(&target.socket_address) {
            Ok(()) => Stage::Sending(0),
            Err(error) if errno(&error) == Errno::EINPROGRESS => Stage::Connecting,
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            socket,
            stage,
            started: now,
        })
    }

    /// When the attempt started.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// What to poll the socket for.
    #[must_use]
    pub fn interest(&self) -> PollFlags {
        match self.stage {
            Stage::Connecting | Stage::Sending(_) => PollFlags::POLLOUT,
            Stage::Reading(_) => PollFlags::POLLIN,
        }
    }

    /// Goes on as far as the socket lets it, once that is ready: `None` if it has to wait again,
    /// else pass or failure.
    pub fn advance(&mut self, target: &Target) -> Option<Result<(), Failure>> {
        loop {
            let step = match self.stage {
                Stage::Connecting => self.connected(),
                Stage::Sending(sent) => self.send(target, sent),
                Stage::Reading(matched) => self.read(target, matched),
            };
            match step {
                Step::On(stage) => self.stage = stage,
                Step::Wait => return None,
                Step::Done(outcome) => return Some(outcome),
            }
        }
    }

    /// The failure of an attempt whose time is up.
    #[must_use]
    pub fn timed_out(&self) -> Failure {
        Failure::TimedOut(match self.stage {
            Stage::Connecting => Act::Connect,
            Stage::Sending(_) => Act::Send,
            Stage::Reading(_) => Act::Read,
        })
    }

    fn connected(&self) -> Step {
        match self.socket.take_error() {
            Ok(None) => Step::On(Stage::Sending(0)),
            Ok(Some(error)) | Err(error) => Step::failed(Act::Connect, &error),
        }
    }

    fn send(&self, target: &Target, sent: usize) -> Step {
        // A connect to one of this host's own ephemeral ports can meet itself (RFC 9293, 3.5).
        let meets_itself = || {
            let own = self
                .socket
                .local_addr()
                .ok()
                .and_then(|own| own.as_socket());
            own == Some(target.address)
        };
        if sent == 0 && meets_itself() {
            return Step::Done(Err(Failure::System(Act::Connect, Errno::ECONNREFUSED)));
        }
        let Some(dialogue) = &target.dialogue else {
            return Step::Done(Ok(()));
        };
        let rest = dialogue.send.get(sent..).unwrap_or_default();
        if rest.is_empty() {
            return Step::On(Stage::Reading(0));
        }
        match self.socket.send(rest) {
            Ok(length) => Step::On(Stage::Sending(sent + length)),
            Err(error) => Step::wait_or_fail(Act::Send, &error),
        }
    }

    fn read(&self, target: &Target, mut matched: usize) -> Step {
        let expect = target
            .dialogue
            .as_ref()
            .map_or(&[][..], |dialogue| &dialogue.expect);
        let missing = expect.len().saturating_sub(matched);
        if missing == 0 {
            return Step::Done(Ok(()));
        }
        let mut room = [0; CHUNK];
        let length = match (&self.socket).read(&mut room[..missing.min(CHUNK)]) {
            Ok(0) => return Step::Done(Err(Failure::Closed)),
            Ok(length) => length,
            Err(error) => return Step::wait_or_fail(Act::Read, &error),
        };
        match compare(expect, &mut matched, &room[..length]) {
            Match::Yes => Step::Done(Ok(())),
            Match::No => Step::Done(Err(Failure::Unexpected)),
            Match::SoFar => Step::On(Stage::Reading(matched)),
        }
    }
}

impl AsFd for Attempt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What one call on the socket came to.
enum Step {
    /// Go on in this stage.
    On(Stage),
    /// Wait until the socket is ready.
    Wait,
    /// The check is decided.
    Done(Result<(), Failure>),
}

impl Step {
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
