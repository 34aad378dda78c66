//! A connection over TCP, and what is said on it.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::dialogue::{Match, compare};
use super::{Act, Failure, Target};

/// How many bytes of a reply are read at once, at most.
const CHUNK: usize = 256;

/// How far an exchange has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The kernel is connecting.
    Connecting,
    /// Connected; this much of the request is sent.
    Sending(usize),
    /// The request is sent; this much of the reply is as expected.
    Reading(usize),
}

/// An exchange with the server. Dropping it ends it, without leaving a connection behind.
#[derive(Debug)]
pub(crate) struct Exchange {
    socket: Socket,
    stage: Stage,
}

impl Exchange {
    /// Begins to connect, without waiting.
    ///
    /// # Errors
    /// The failure that the system could tell at once.
    pub(crate) fn start(target: &Target) -> Result<Self, Failure> {
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
        Ok(Self { socket, stage })
    }

    /// What it waits for.
    pub(crate) fn source(&self) -> PollFd<'_> {
        let interest = match self.stage {
            Stage::Connecting | Stage::Sending(_) => PollFlags::POLLOUT,
            Stage::Reading(_) => PollFlags::POLLIN,
        };
        PollFd::new(self.socket.as_fd(), interest)
    }

    /// Goes on as far as the socket lets it, once that is ready: `None` if it has to wait again,
    /// else pass or failure.
    pub(crate) fn advance(&mut self, target: &Target) -> Option<Result<(), Failure>> {
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

    /// What it is waiting for the server to do.
    pub(crate) fn act(&self) -> Act {
        match self.stage {
            Stage::Connecting => Act::Connect,
            Stage::Sending(_) => Act::Send,
            Stage::Reading(_) => Act::Read,
        }
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
