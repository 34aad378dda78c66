//! A dialogue over UDP. The socket is connected, so that it receives only datagrams of the server,
//! and ICMP port-unreachable messages as errors.

use std::io::{self, Read};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::dialogue::Dialogue;
use super::reply::{Expect, Match, Reply};
use super::{Failure, Phase, Step, Target, errno};
use crate::pages::Pages;

/// Size of the stack buffer for a datagram.
const CHUNK: usize = 1024;

/// Maximum number of datagrams read per call: a flood of empty ones must not block the event loop.
const READS: usize = 64;

/// A dialogue in progress.
#[derive(Debug)]
pub(super) struct Exchange {
    socket: Socket,
    /// Whether the request is to be sent, for the first time or again.
    is_to_send: bool,
    reply: Reply,
}

impl Exchange {
    /// Opens the socket. The first [`Exchange::advance`] sends the request.
    ///
    /// # Errors
    /// A failure that the system reports at once.
    pub(super) fn start(target: &Target<'_>) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::System(Phase::Connect, errno(&error));
        let domain = Domain::for_address(target.address);
        let socket =
            Socket::new(domain, Type::DGRAM.nonblocking(), Some(Protocol::UDP)).map_err(failed)?;
        socket.connect(&target.socket_address).map_err(failed)?;
        if target.is_self_connection(&socket) {
            return Err(Failure::System(Phase::Connect, Errno::ECONNREFUSED));
        }
        Ok(Self {
            socket,
            is_to_send: true,
            reply: Reply::default(),
        })
    }

    /// Schedules the request again: the first may have been lost.
    pub(super) fn resend(&mut self) {
        self.is_to_send = true;
    }

    /// The descriptor to poll.
    pub(super) fn source(&self) -> PollFd<'_> {
        let interest = if self.is_to_send {
            PollFlags::POLLIN | PollFlags::POLLOUT
        } else {
            PollFlags::POLLIN
        };
        PollFd::new(self.socket.as_fd(), interest)
    }

    /// Advances the dialogue as far as possible without blocking; `None` while it is undecided.
    pub(super) fn advance(&mut self, dialogue: &Dialogue) -> Option<Result<(), Failure>> {
        if self.is_to_send {
            // Without a string to send, an empty datagram is the request.
            match self.socket.send(&dialogue.send) {
                Ok(_) => self.is_to_send = false,
                Err(error) => match Step::<()>::wait_or_fail(Phase::Send, &error) {
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

    /// Returns the phase that is still pending, unless the reply so far is sufficient; `is_last` at
    /// the timeout.
    pub(super) fn conclude(&mut self, dialogue: &Dialogue, is_last: bool) -> Result<(), Phase> {
        match &dialogue.expect {
            _ if self.is_to_send => Err(Phase::Send),
            Some(expect) if self.reply.is_enough(expect, is_last) => Ok(()),
            _ => Err(Phase::Read),
        }
    }

    fn read(&mut self, expect: Option<&Expect>) -> Step<()> {
        let missing = expect.map_or(0, |expect| self.reply.missing(expect));
        let mut short = [0; CHUNK];
        let mut long = Pages::new(missing);
        // The rest of a longer datagram is lost.
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
                return match (Step::wait_or_fail(Phase::Read, &error), expect) {
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
            Match::Partial => Step::On(()),
        }
    }
}
