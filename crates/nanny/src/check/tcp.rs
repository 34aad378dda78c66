//! A connection over TCP, and what is said on it.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::dialogue::Dialogue;
use super::reply::{Expect, Match, Reply};
use super::{Act, Failure, Step, Target, errno};

/// How many bytes of a reply are read at once, at most.
const CHUNK: usize = 1024;

/// An exchange with the server. Dropping it ends it, without leaving a connection behind.
#[derive(Debug)]
pub(super) struct Exchange {
    socket: Socket,
    stage: Stage,
    reply: Reply,
}

/// How far an exchange has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The kernel is connecting.
    Connecting,
    /// Connected; this much of the request is sent.
    Sending(usize),
    /// The request is sent; a reply is expected.
    Reading,
}

impl Exchange {
    /// Begins to connect, without waiting.
    ///
    /// # Errors
    /// The failure that the system could tell at once.
    pub(super) fn start(target: &Target<'_>) -> Result<Self, Failure> {
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
            reply: Reply::default(),
        })
    }

    /// What it waits for.
    pub(super) fn source(&self) -> PollFd<'_> {
        let interest = match self.stage {
            Stage::Connecting | Stage::Sending(_) => PollFlags::POLLOUT,
            Stage::Reading => PollFlags::POLLIN,
        };
        PollFd::new(self.socket.as_fd(), interest)
    }

    /// Whether the connection stands.
    pub(super) fn is_connected(&self) -> bool {
        self.stage != Stage::Connecting
    }

    /// Goes on as far as the socket lets it, once that is ready: `None` if it has to wait again,
    /// else pass or failure.
    pub(super) fn advance(
        &mut self,
        target: &Target<'_>,
        dialogue: &Dialogue,
    ) -> Option<Result<(), Failure>> {
        loop {
            let step = match self.stage {
                Stage::Connecting => self.connected(),
                Stage::Sending(sent) => self.send(target, dialogue, sent),
                Stage::Reading => self.read(dialogue.expect.as_ref()),
            };
            match step {
                Step::On(stage) => self.stage = stage,
                Step::Wait => return None,
                Step::Done(outcome) => return Some(outcome),
            }
        }
    }

    /// What the server is asked to do, unless what has come is enough; `is_last` when its time is
    /// up.
    pub(super) fn so_far(&mut self, dialogue: &Dialogue, is_last: bool) -> Result<(), Act> {
        match (self.stage, &dialogue.expect) {
            (Stage::Connecting, _) => Err(Act::Connect),
            (Stage::Sending(_), _) => Err(Act::Send),
            (Stage::Reading, Some(expect)) if self.reply.is_enough(expect, is_last) => Ok(()),
            (Stage::Reading, _) => Err(Act::Read),
        }
    }

    fn connected(&self) -> Step<Stage> {
        match self.socket.take_error() {
            Ok(None) => Step::On(Stage::Sending(0)),
            Ok(Some(error)) | Err(error) => Step::failed(Act::Connect, &error),
        }
    }

    fn send(&self, target: &Target<'_>, dialogue: &Dialogue, sent: usize) -> Step<Stage> {
        if sent == 0 && target.is_other_end_of(&self.socket) {
            return Step::Done(Err(Failure::System(Act::Connect, Errno::ECONNREFUSED)));
        }
        let rest = dialogue.send.get(sent..).unwrap_or_default();
        if rest.is_empty() {
            return Step::On(Stage::Reading);
        }
        match self.socket.send(rest) {
            Ok(length) => Step::On(Stage::Sending(sent + length)),
            Err(error) => Step::wait_or_fail(Act::Send, &error),
        }
    }

    fn read(&mut self, expect: Option<&Expect>) -> Step<Stage> {
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
                return match Step::wait_or_fail(Act::Read, &error) {
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
            Match::SoFar => Step::On(Stage::Reading),
        }
    }
}
