//! Messages that the kernel multicasts.

use crate::socket::Socket;
use netlink_packet_core::{NetlinkDeserializable, NetlinkPayload};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd};

/// Room for one datagram. Notifications are single messages of some hundred bytes.
const ROOM: usize = 32 * 1024;

/// A subscription to multicast groups, for an event loop: readable when there is something.
#[derive(Debug)]
pub struct Notifications<T> {
    socket: Socket,
    buffer: Vec<u8>,
    messages: PhantomData<T>,
}

impl<T: NetlinkDeserializable> Notifications<T> {
    /// Subscribes to groups of a protocol: see [`Socket::subscribe`].
    ///
    /// # Errors
    /// Those of [`Socket::subscribe`].
    pub fn open(protocol: isize, groups: &[u32]) -> io::Result<Self> {
        let socket = Socket::subscribe(protocol, groups)?;
        Ok(Self {
            socket,
            buffer: Vec::new(),
            messages: PhantomData,
        })
    }

    /// Returns the messages of the next datagram without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: there is none. `ENOBUFS`: the kernel dropped some, so whatever they were about
    /// has to be read anew. `InvalidData`: not decodable.
    pub fn receive(&mut self) -> io::Result<Vec<T>> {
        self.buffer.clear();
        self.buffer.reserve(ROOM);
        let datagram = self.socket.receive(&mut self.buffer, false)?;
        if !datagram.from_kernel {
            return Ok(Vec::new());
        }
        let messages = crate::decode(&self.buffer)?;
        let inner = |payload| match payload {
            NetlinkPayload::InnerMessage(message) => Some(message),
            _ => None,
        };
        Ok(messages
            .into_iter()
            .filter_map(|message| inner(message.payload))
            .collect())
    }
}

impl<T> AsFd for Notifications<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_route::RouteNetlinkMessage;
    use netlink_sys::protocols::NETLINK_ROUTE;

    #[test]
    fn empty_queue_does_not_block() {
        const RTNLGRP_LINK: u32 = 1;
        let mut links = Notifications::<RouteNetlinkMessage>::open(NETLINK_ROUTE, &[RTNLGRP_LINK])
            .expect("a socket");
        let error = loop {
            // Another process may change links meanwhile.
            if let Err(error) = links.receive() {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
