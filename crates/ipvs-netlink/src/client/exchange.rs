//! Requests and their answers, matched by sequence number.

use std::io;
use std::time::Instant;

use lvs_netlink::REPLY_LIMIT;
use netlink_packet_core::{
    DecodeError, Emitable, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, ParseableParametrized,
};
use netlink_packet_generic::{GenlFamily, GenlHeader};
use nix::errno::Errno;

use super::failure::Failure;
use super::frame::{self, Content};
use super::link::Link;
use crate::Change;
use crate::message::{FAMILY_VERSION, Message, request};

/// Room for the answer to anything but a dump. Only the bytes that are used cost memory.
const ANSWER_ROOM: usize = 4096;

/// Room for a datagram of a dump: the kernel fills as much as was asked for, up to this.
pub(super) const DUMP_ROOM: usize = 32 * 1024;

/// Least room for a datagram of a dump: what the kernel fills however little is asked for
/// (`NLMSG_GOODSIZE`: a page, and at most this).
pub(super) const LEAST_DUMP_ROOM: usize = 8 * 1024;

/// Most bytes of requests sent at once, but for the last one: below the link's send buffer.
const SEND_LIMIT: usize = 64 * 1024;

/// What became of the requests of a window.
pub(super) struct Window {
    /// Those that were refused, by their place among those sent.
    pub(super) refused: Vec<(usize, Failure)>,
    /// Why nothing is known of the others. Without it they were carried out.
    pub(super) failure: Option<Failure>,
}

/// Requests over a link, one conversation at a time.
pub(super) struct Exchange<L> {
    pub(super) link: L,
    sequence: u32,
    request: Vec<u8>,
    answer: Vec<u8>,
    /// Most room a dump was given. The kernel fills that much from then on, whoever asks.
    widest: usize,
    /// An earlier conversation broke off, so parts of it may still be queued.
    stale: bool,
}

impl<L: Link> Exchange<L> {
    /// Starts over a link.
    pub(super) fn new(link: L) -> Self {
        Self {
            link,
            sequence: 0,
            request: Vec::new(),
            answer: Vec::new(),
            widest: 0,
            stale: false,
        }
    }

    /// Bytes of memory held between conversations.
    #[cfg(test)]
    pub(super) fn buffers(&self) -> usize {
        self.request.capacity() + self.answer.capacity()
    }

    /// Asks one thing and passes every message of the answer to `take`.
    pub(super) fn ask<M>(
        &mut self,
        message: &M,
        family: u16,
        mut take: impl FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), Failure>
    where
        M: GenlFamily + Emitable,
    {
        self.begin();
        let sequence = self.append_message(message, family, NLM_F_REQUEST | NLM_F_ACK);
        let result =
            self.converse(|exchange| exchange.read_answers(sequence, ANSWER_ROOM, &mut take));
        self.rest();
        result.map(drop)
    }

    /// Asks for a list and passes its messages to `take` as they come. Tells whether it was all
    /// made in one go, so that no change can have come between its parts.
    ///
    /// `room` is what a datagram may take: from [`LEAST_DUMP_ROOM`], which costs little memory, to
    /// [`DUMP_ROOM`], which makes more lists fit one. The kernel goes by the most that was ever given
    /// on this socket, so later dumps have no less.
    pub(super) fn dump(
        &mut self,
        message: &Message,
        family: u16,
        room: usize,
        mut take: impl FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<bool, Failure> {
        self.begin();
        let sequence = self.append_message(message, family, NLM_F_REQUEST | NLM_F_DUMP);
        self.widest = self.widest.max(room);
        let room = self.widest;
        let result = self.converse(|exchange| exchange.read_answers(sequence, room, &mut take));
        self.rest();
        result
    }

    /// Sends as many of the requests at once as their answers are sure to fit, at least one if there
    /// is one, and reads the result of each.
    ///
    /// Only the last one asks for an acknowledgement. The kernel carries them out in order and
    /// answers those that fail, asked or not, so what has no answer before that of the last one was
    /// carried out. Receiving an answer costs more than making a change.
    ///
    /// The buffers are kept for the next window: [`Exchange::rest`] comes after the last one.
    pub(super) fn window<'a>(
        &mut self,
        changes: impl IntoIterator<Item = &'a Change>,
        family: u16,
    ) -> Window {
        self.begin();
        let first = self.sequence.wrapping_add(1);
        // Grown bit by bit it would touch twice the memory.
        self.request.reserve(SEND_LIMIT + ANSWER_ROOM);
        let (mut sent, mut last) = (0, 0);
        for change in changes.into_iter().take(self.link.window().max(1)) {
            last = self.request.len();
            let header = GenlHeader {
                cmd: request::command(change) as u8,
                version: FAMILY_VERSION,
            };
            self.append(header, family, NLM_F_REQUEST, |buffer| {
                request::append(buffer, change);
            });
            sent += 1;
            if self.request.len() >= SEND_LIMIT {
                break;
            }
        }
        let mut refused = Vec::new();
        if sent == 0 {
            return Window {
                refused,
                failure: None,
            };
        }
        if let Some(request) = self.request.get_mut(last..) {
            frame::add_flags(request, NLM_F_ACK);
        }
        let failure = self
            .converse(|exchange| exchange.read_window(first, sent, &mut refused))
            .err();
        Window { refused, failure }
    }

    /// Begins a conversation: an empty request, and nothing left over from a broken one.
    fn begin(&mut self) {
        self.request.clear();
        if std::mem::take(&mut self.stale) {
            // The kernel refuses a new dump while the old one is not read to its end. Other late
            // answers would do no harm, having other numbers, but take up room.
            let start = Instant::now();
            while start.elapsed() < REPLY_LIMIT {
                self.answer.clear();
                self.answer.reserve(ANSWER_ROOM);
                match self.link.receive(&mut self.answer, false) {
                    Ok(_) => {}
                    // Behind these there may be more.
                    Err(error) if is_passing(&error) => {}
                    Err(_) => break,
                }
            }
        }
    }

    /// Appends a message as a request and returns its sequence number. `family` is that of messages
    /// whose family has no fixed number.
    fn append_message<M>(&mut self, message: &M, family: u16, flags: u16) -> u32
    where
        M: GenlFamily + Emitable,
    {
        let family = match message.family_id() {
            0 => family,
            fixed => fixed,
        };
        let header = GenlHeader {
            cmd: message.command(),
            version: message.version(),
        };
        self.append(header, family, flags, |buffer| {
            let start = buffer.len();
            buffer.resize(start + message.buffer_len(), 0);
            message.emit(&mut buffer[start..]);
        })
    }

    /// Appends a request, whose attributes `fill` appends, and returns its sequence number.
    #[inline]
    fn append(
        &mut self,
        header: GenlHeader,
        family: u16,
        flags: u16,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        let frame = (family, flags, self.sequence);
        frame::append(&mut self.request, frame, header, fill);
        self.sequence
    }

    /// Sends what was appended and reads the answer.
    fn converse<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let result = self
            .link
            .send(&self.request)
            .map_err(|error| Failure::Socket("send", error))
            .and_then(|()| read(self));
        self.stale = matches!(
            result,
            Err(Failure::TimedOut
                | Failure::Truncated { .. }
                | Failure::Decode(_)
                | Failure::Lost
                | Failure::Socket("recv", _))
        );
        result
    }

    /// Gives large buffers back, at the end of a call.
    pub(super) fn rest(&mut self) {
        self.request.clear();
        self.request.shrink_to(ANSWER_ROOM);
        self.answer.clear();
        self.answer.shrink_to(ANSWER_ROOM);
    }

    /// Reads up to the end of the answer to `sequence`. Tells whether its messages came in one
    /// datagram, with no change of the table noticed.
    fn read_answers(
        &mut self,
        sequence: u32,
        room: usize,
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<bool, Failure> {
        let mut datagrams = 0;
        let (mut interrupted, mut overrun) = (false, false);
        loop {
            self.receive(room, &mut overrun)?;
            interrupted |= overrun;
            let mut rest = self.answer.as_slice();
            let mut has_messages = false;
            while let Some(frame) = frame::next(&mut rest).map_err(Failure::Decode)? {
                if frame.sequence != sequence {
                    continue;
                }
                interrupted |= frame.interrupted;
                match frame.content {
                    Content::Message(payload) => {
                        has_messages = true;
                        take(payload).map_err(Failure::Decode)?;
                    }
                    Content::Refused(errno, text) => return Err(Failure::Refused(errno, text)),
                    Content::Done => {
                        return Ok(datagrams + u32::from(has_messages) <= 1 && !interrupted);
                    }
                    Content::Nothing => {}
                }
            }
            datagrams += u32::from(has_messages);
        }
    }

    /// Reads up to the answer to the last of the `sent` requests from `first` on.
    fn read_window(
        &mut self,
        first: u32,
        sent: usize,
        refused: &mut Vec<(usize, Failure)>,
    ) -> Result<(), Failure> {
        let mut overrun = false;
        let mut is_open = sent > 0;
        while is_open {
            self.receive(ANSWER_ROOM, &mut overrun)?;
            let mut rest = self.answer.as_slice();
            while let Some(frame) = frame::next(&mut rest).map_err(Failure::Decode)? {
                let index = frame.sequence.wrapping_sub(first) as usize;
                if index >= sent {
                    continue;
                }
                match frame.content {
                    Content::Refused(errno, text) => {
                        refused.push((index, Failure::Refused(errno, text)));
                    }
                    Content::Done => {}
                    Content::Message(_) | Content::Nothing => continue,
                }
                is_open &= index + 1 < sent;
            }
        }
        // A refusal may be among what was dropped.
        if overrun { Err(Failure::Lost) } else { Ok(()) }
    }

    /// Receives one datagram of the kernel's, whole.
    ///
    /// The kernel tells once that it dropped something. Whatever it did not drop is queued by
    /// then, so from there on nothing is waited for, and an empty queue means the answer is lost.
    fn receive(&mut self, room: usize, overrun: &mut bool) -> Result<(), Failure> {
        // Looked at only when needed: it is a system call where there is no vDSO, as expensive as
        // the receive itself.
        let mut start = None;
        loop {
            self.answer.clear();
            self.answer.reserve(room);
            match self.link.receive(&mut self.answer, !*overrun) {
                Ok(datagram) if !datagram.from_kernel => {}
                Ok(datagram) if datagram.length > self.answer.len() => {
                    let (length, room) = (datagram.length, self.answer.len());
                    return Err(Failure::Truncated { length, room });
                }
                Ok(_) => return Ok(()),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock if *overrun => return Err(Failure::Lost),
                    io::ErrorKind::WouldBlock => return Err(Failure::TimedOut),
                    _ if is_passing(&error) => {
                        *overrun |= error.kind() != io::ErrorKind::Interrupted;
                    }
                    _ => return Err(Failure::Socket("recv", error)),
                },
            }
            // Strangers and signals must not stretch the wait for ever.
            if start.get_or_insert_with(Instant::now).elapsed() > REPLY_LIMIT {
                return Err(Failure::TimedOut);
            }
        }
    }
}

/// Whether the socket is as good as before: a signal came, or the kernel tells that it dropped
/// something.
fn is_passing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
        || error.raw_os_error() == Some(Errno::ENOBUFS as i32)
}

/// Reads a message of the family from what follows a netlink header.
pub(crate) fn decode(payload: &[u8]) -> Result<Message, DecodeError> {
    let header = GenlHeader::parse(payload)?;
    // The header was long enough, so the slice is.
    Message::parse_with_param(&payload[header.buffer_len()..], header)
}
