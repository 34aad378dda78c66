//! Requests and their replies, matched by sequence number.

use crate::socket::{REPLY_LIMIT, Socket};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable,
};
use std::io;
use std::marker::PhantomData;
use std::time::Instant;

/// Changes in one send: their acknowledgements fit the default receive buffer.
const BATCH: usize = 64;
/// Room for one datagram of replies: what the kernel fills for a dump at most.
const ROOM: usize = 32 * 1024;
/// How often an interrupted dump is made again.
const DUMP_ATTEMPTS: usize = 8;
/// Set in a dump whose table changed meanwhile (`linux/netlink.h`).
const NLM_F_DUMP_INTR: u16 = 0x10;

/// A connection to the kernel for messages `T`.
#[derive(Debug)]
pub struct Requests<T> {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
    messages: PhantomData<T>,
}

impl<T: NetlinkSerializable + NetlinkDeserializable> Requests<T> {
    /// Opens a socket of a protocol of `linux/netlink.h`.
    ///
    /// # Errors
    /// Those of [`Socket::open`].
    pub fn open(protocol: isize) -> io::Result<Self> {
        let socket = Socket::open(protocol)?;
        Ok(Self {
            socket,
            sequence: 0,
            buffer: Vec::new(),
            messages: PhantomData,
        })
    }

    /// Returns every message of the reply to a dump request.
    ///
    /// # Errors
    /// The kernel's refusal; `InvalidData` for a reply that cannot be decoded; `Interrupted` for a
    /// table that changed during each of eight attempts; `TimedOut` without a reply.
    pub fn dump(&mut self, request: &T) -> io::Result<Vec<T>>
    where
        T: Clone,
    {
        for _ in 0..DUMP_ATTEMPTS {
            if let Some(messages) = self.dump_once(request.clone())? {
                return Ok(messages);
            }
        }
        Err(io::Error::new(
            io::ErrorKind::Interrupted,
            "the table changes too often to be read",
        ))
    }

    /// `None` where the table changed meanwhile.
    fn dump_once(&mut self, request: T) -> io::Result<Option<Vec<T>>> {
        let mut bytes = Vec::new();
        let sequence = self.append(&mut bytes, request, NLM_F_DUMP);
        self.socket.send(&bytes)?;
        let deadline = Instant::now() + REPLY_LIMIT;
        let mut found = Vec::new();
        let mut is_whole = true;
        loop {
            for message in self.receive(deadline)? {
                if message.header.sequence_number != sequence {
                    continue;
                }
                is_whole &= message.header.flags & NLM_F_DUMP_INTR == 0;
                match message.payload {
                    NetlinkPayload::InnerMessage(message) => found.push(message),
                    NetlinkPayload::Done(_) => return Ok(is_whole.then_some(found)),
                    NetlinkPayload::Error(error) if error.code.is_some() => {
                        return Err(error.to_io());
                    }
                    _ => {}
                }
            }
        }
    }

    /// Makes changes, many in a send, and returns each one's own result in order. The flags of a
    /// change are those beside `NLM_F_REQUEST` and `NLM_F_ACK`.
    pub fn change(&mut self, changes: Vec<(T, u16)>) -> Vec<io::Result<()>> {
        let mut results = Vec::with_capacity(changes.len());
        let mut changes = changes.into_iter().peekable();
        while changes.peek().is_some() {
            let batch: Vec<_> = changes.by_ref().take(BATCH).collect();
            let count = batch.len();
            match self.change_batch(batch) {
                Ok(batch) => results.extend(batch),
                Err(error) => {
                    let copy = || match error.raw_os_error() {
                        Some(code) => io::Error::from_raw_os_error(code),
                        None => io::Error::new(error.kind(), error.to_string()),
                    };
                    results.extend((0..count).map(|_| Err(copy())));
                }
            }
        }
        results
    }

    fn change_batch(&mut self, changes: Vec<(T, u16)>) -> io::Result<Vec<io::Result<()>>> {
        let mut results: Vec<Option<io::Result<()>>> = changes.iter().map(|_| None).collect();
        let mut bytes = Vec::new();
        let first = self.sequence.wrapping_add(1);
        for (message, flags) in changes {
            self.append(&mut bytes, message, NLM_F_ACK | flags);
        }
        self.socket.send(&bytes)?;
        let deadline = Instant::now() + REPLY_LIMIT;
        while results.iter().any(Option::is_none) {
            for message in self.receive(deadline)? {
                let NetlinkPayload::Error(error) = message.payload else {
                    continue;
                };
                let place = message.header.sequence_number.wrapping_sub(first) as usize;
                if let Some(result) = results.get_mut(place) {
                    *result = Some(if error.code.is_none() {
                        Ok(())
                    } else {
                        Err(error.to_io())
                    });
                }
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Appends a request and returns its sequence number.
    fn append(&mut self, bytes: &mut Vec<u8>, message: T, flags: u16) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
        message.finalize();
        let start = bytes.len();
        bytes.resize(start + message.buffer_len(), 0);
        message.serialize(&mut bytes[start..]);
        self.sequence
    }

    /// Receives the messages of one datagram.
    fn receive(&mut self, deadline: Instant) -> io::Result<Vec<NetlinkMessage<T>>> {
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.buffer.clear();
        self.buffer.reserve(ROOM);
        let datagram = match self.socket.receive(&mut self.buffer, true) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Vec::new()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            datagram => datagram?,
        };
        if !datagram.from_kernel {
            return Ok(Vec::new());
        }
        if datagram.length > self.buffer.len() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a reply was cut off",
            ));
        }
        crate::decode(&self.buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_route::address::AddressMessage;
    use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
    use netlink_sys::protocols::NETLINK_ROUTE;

    fn rtnetlink() -> Requests<RouteNetlinkMessage> {
        Requests::open(NETLINK_ROUTE).expect("a socket")
    }

    #[test]
    fn dump_lists_loopback() {
        let mut request = AddressMessage::default();
        request.header.family = AddressFamily::Inet;
        let request = RouteNetlinkMessage::GetAddress(request);
        let mut kernel = rtnetlink();
        for _ in 0..3 {
            let found = kernel.dump(&request).expect("a dump");
            let is_address = |message: &RouteNetlinkMessage| {
                matches!(message, RouteNetlinkMessage::NewAddress(_))
            };
            assert!(
                !found.is_empty() && found.iter().all(is_address),
                "{found:?}"
            );
        }
    }

    #[test]
    fn each_change_has_its_own_error() {
        let mut nowhere = AddressMessage::default();
        nowhere.header.family = AddressFamily::Inet;
        nowhere.header.index = 0x7fff_ffff;
        let change = (RouteNetlinkMessage::DelAddress(nowhere), 0);
        let results = rtnetlink().change(vec![change; 2 * BATCH + 1]);
        assert_eq!(results.len(), 2 * BATCH + 1);
        // No such device; or, without CAP_NET_ADMIN, no permission.
        assert!(results.iter().all(Result::is_err), "{results:?}");
    }
}
