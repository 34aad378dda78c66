//! A dialogue in datagrams. The socket is connected, so that it gets the server's datagrams alone,
//! and its host's word that nobody listens on the port.

use std::io::{self, Read};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::dialogue::Dialogue;
use super::reply::{Expect, Match, Reply};
use super::{Act, Failure, Step, Target, errno};
use crate::pages::Pages;

/// Room on the stack for the start of a datagram.
const CHUNK: usize = 1024;

/// How many datagrams are read before everything else has its turn again: empty ones could come
/// without end.
const READS: usize = 64;

/// An exchange with the server.
#[derive(Debug)]
pub(super) struct Exchange {
    socket: Socket,
    /// Whether the request is still to be sent, for the first time or again.
    is_to_send: bool,
    reply: Reply,
}

impl Exchange {
    /// Opens the socket. The request goes out at the first [`Exchange::advance`].
    ///
    /// # Errors
    /// The failure that the system could tell at once.
    pub(super) fn start(target: &Target<'_>) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::System(Act::Connect, errno(&error));
        let domain = Domain::for_address(target.address);
        let socket =
            Socket::new(domain, Type::DGRAM.nonblocking(), Some(Protocol::UDP)).map_err(failed)?;
        socket.connect(&target.socket_address).map_err(failed)?;
        if target.is_other_end_of(&socket) {
            return Err(Failure::System(Act::Connect, Errno::ECONNREFUSED));
        }
        Ok(Self {
            socket,
            is_to_send: true,
            reply: Reply::default(),
        })
    }

    /// Has the request sent once more: datagrams get lost.
    pub(super) fn again(&mut self) {
        self.is_to_send = true;
    }

    /// What it waits for.
    pub(super) fn source(&self) -> PollFd<'_> {
        let interest = if self.is_to_send {
            PollFlags::POLLIN | PollFlags::POLLOUT
        } else {
            PollFlags::POLLIN
        };
        PollFd::new(self.socket.as_fd(), interest)
    }

    /// Goes on as far as the socket lets it: `None` if it has to wait again, else pass or failure.
    pub(super) fn advance(&mut self, dialogue: &Dialogue) -> Option<Result<(), Failure>> {
        if self.is_to_send {
            // Without something to send, an empty datagram asks for an answer.
            match self.socket.send(&dialogue.send) {
                Ok(_) => self.is_to_send = false,
                Err(error) => match Step::<()>::wait_or_fail(Act::Send, &error) {
                    Step::Done(outcome) => return Some(outcome),
                    Step::On(()) | Step::Wait => {}
                },
            }
        }
        for _ in 0..READS {
            match self.read(dialogue.expect.as_ref()) {
                Step::On(()) => {}
                Step::Wait => return None,
                Step::Done(outcome) => return Some(outcome),
            }
        }
        None
    }

    /// What the server is asked to do, unless what has come is enough; `is_last` when its time is
    /// up.
    pub(super) fn so_far(&mut self, dialogue: &Dialogue, is_last: bool) -> Result<(), Act> {
        match &dialogue.expect {
            _ if self.is_to_send => Err(Act::Send),
            Some(expect) if self.reply.is_enough(expect, is_last) => Ok(()),
            _ => Err(Act::Read),
        }
    }

    fn read(&mut self, expect: Option<&Expect>) -> Step<()> {
        let missing = expect.map_or(0, |expect| self.reply.missing(expect));
        let mut short = [0; CHUNK];
        let mut long = Pages::new(missing);
        // What does not find room is lost.
        let read = if missing <= CHUNK {
            (&self.socket)
                .read(&mut short)
                .map(|length| &short[..length])
        } else {
            long.fill(|room| (&self.socket).read(room)).map(|()| &*long)
        };
        let datagram = match read {
            Ok(datagram) => datagram,
            Err(error) => {
                return match (Step::wait_or_fail(Act::Read, &error), expect) {
                    (Step::Wait, Some(expect)) if self.reply.pause(expect) == Match::Yes => {
                        Step::Done(Ok(()))
                    }
                    (step, _) => step,
                };
            }
        };
        let Some(expect) = expect else {
            return Step::Done(Ok(()));
        };
        match self.reply.take(expect, datagram) {
            Match::Yes => Step::Done(Ok(())),
            Match::No => Step::Done(Err(Failure::Unexpected(self.reply.start()))),
            Match::SoFar => Step::On(()),
        }
    }
}
