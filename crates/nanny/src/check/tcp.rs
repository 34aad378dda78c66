//! A dialogue over TCP.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::dialogue::Dialogue;
use super::reply::{Expect, Match, Reply};
use super::{Failure, Phase, Step, Target, errno};

/// Maximum size of one read in bytes.
const CHUNK: usize = 1024;

/// A dialogue in progress. Dropping it closes the connection.
#[derive(Debug)]
pub(super) struct Exchange {
    socket: Socket,
    state: State,
    reply: Reply,
}

/// State of the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The kernel is connecting.
    Connecting,
    /// Connected; this many bytes of the request are sent.
    Sending(usize),
    /// The request is sent; a reply is expected.
    Reading,
}

impl Exchange {
    /// Starts to connect without blocking.
    ///
    /// # Errors
    /// A failure that the system reports at once.
    pub(super) fn start(target: &Target<'_>) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::System(Phase::Connect, errno(&error));
        let domain = Domain::for_address(target.address);
        let socket =
            Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP)).map_err(failed)?;
        // Closing resets the connection, so that no TIME_WAIT remains on the router for each check.
        socket.set_linger(Some(Duration::ZERO)).map_err(failed)?;
        let state = match socket.connect(&target.socket_address) {
            Ok(()) => State::Sending(0),
            Err(error) if errno(&error) == Errno::EINPROGRESS => State::Connecting,
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            socket,
            state,
            reply: Reply::default(),
        })
    }

    /// The descriptor to poll.
    pub(super) fn source(&self) -> PollFd<'_> {
        let interest = match self.state {
            State::Connecting | State::Sending(_) => PollFlags::POLLOUT,
            State::Reading => PollFlags::POLLIN,
        };
        PollFd::new(self.socket.as_fd(), interest)
    }

    /// Whether the connection is established.
    pub(super) fn is_connected(&self) -> bool {
        self.state != State::Connecting
    }

    /// Advances the dialogue as far as possible without blocking, once the socket is ready; `None`
    /// while it is undecided.
    pub(super) fn advance(
        &mut self,
        target: &Target<'_>,
        dialogue: &Dialogue,
    ) -> Option<Result<(), Failure>> {
        loop {
            let step = match self.state {
                State::Connecting => self.connected(),
                State::Sending(sent) => self.send(target, dialogue, sent),
                State::Reading => self.read(dialogue.expect.as_ref()),
            };
            match step {
                Step::On(state) => self.state = state,
                Step::Wait => return None,
                Step::Done(outcome) => return Some(outcome),
            }
        }
    }

    /// Returns the phase that is still pending, unless the reply so far is sufficient; `is_last` at
    /// the timeout.
    pub(super) fn conclude(&mut self, dialogue: &Dialogue, is_last: bool) -> Result<(), Phase> {
        match (self.state, &dialogue.expect) {
            (State::Connecting, _) => Err(Phase::Connect),
            (State::Sending(_), _) => Err(Phase::Send),
            (State::Reading, Some(expect)) if self.reply.is_enough(expect, is_last) => Ok(()),
            (State::Reading, _) => Err(Phase::Read),
        }
    }

    fn connected(&self) -> Step<State> {
        match self.socket.take_error() {
            Ok(None) => Step::On(State::Sending(0)),
            Ok(Some(error)) | Err(error) => Step::failed(Phase::Connect, &error),
        }
    }

    fn send(&self, target: &Target<'_>, dialogue: &Dialogue, sent: usize) -> Step<State> {
        if sent == 0 && target.is_self_connection(&self.socket) {
            return Step::Done(Err(Failure::System(Phase::Connect, Errno::ECONNREFUSED)));
        }
        let rest = dialogue.send.get(sent..).unwrap_or_default();
        if rest.is_empty() {
            return Step::On(State::Reading);
        }
        match self.socket.send(rest) {
            Ok(length) => Step::On(State::Sending(sent + length)),
            Err(error) => Step::wait_or_fail(Phase::Send, &error),
        }
    }

    fn read(&mut self, expect: Option<&Expect>) -> Step<State> {
        let Some(expect) = expect else {
            return Step::Done(Ok(()));
        };
        let missing = self.reply.missing(expect);
        if missing == 0 {
            return Step::Done(Ok(()));
        }
        let mut room = [0; CHUNK];
        let length = match (&self.socket).read(&mut room[..missing.min(CHUNK)]) {
            Ok(length) => length,
            Err(error) => {
                return match Step::wait_or_fail(Phase::Read, &error) {
                    Step::Wait if self.reply.pause(expect) == Match::Yes => Step::Done(Ok(())),
                    step => step,
                };
            }
        };
        if length == 0 {
            return Step::Done(match (self.reply.ended(expect), expect) {
                (Match::Yes, _) => Ok(()),
                (_, Expect::Bytes(_)) => Err(Failure::Closed),
                (_, Expect::Pattern(_)) => Err(Failure::Unexpected(self.reply.start())),
            });
        }
        match self.reply.take(expect, &room[..length]) {
            Match::Yes => Step::Done(Ok(())),
            Match::No => Step::Done(Err(Failure::Unexpected(self.reply.start()))),
            Match::Partial => Step::On(State::Reading),
        }
    }
}
