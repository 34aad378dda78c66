//! The socket as the exchange of messages sees it, and its buffers.

use std::io;

pub(super) use lvs_netlink::Datagram;
use lvs_netlink::Socket;
use netlink_sys::protocols::NETLINK_GENERIC;

/// Bytes of socket buffer one acknowledgement can take, its bookkeeping included: the kernel
/// allots 768 with `NETLINK_CAP_ACK` and some text, and up to 1280 where the option is missing.
const ACK_COST: usize = 1536;

/// Bytes of receive buffer to ask for; the kernel doubles them. They hold the answers of the requests
/// that one send takes, should all of them fail.
const RECEIVE_BUFFER: usize = 512 * 1024;

/// Bytes of send buffer to ask for; the kernel doubles them. A send is never larger, and one that is
/// larger than the buffer fails.
const SEND_BUFFER: usize = 128 * 1024;

/// Most requests under way at once.
const MAX_WINDOW: usize = 640;

/// What the exchange of messages needs of a socket.
pub(super) trait Link {
    /// Sends one datagram to the kernel.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Receives one datagram, storing it in the empty `buffer` as far as its capacity goes.
    ///
    /// Waits at most [`lvs_netlink::REPLY_LIMIT`], or not at all; `WouldBlock` means there was nothing.
    fn receive(&mut self, buffer: &mut Vec<u8>, wait: bool) -> io::Result<Datagram>;

    /// How many answers the socket's buffer holds for certain.
    fn window(&self) -> usize;
}

/// A blocking generic netlink socket.
pub(super) struct NetlinkSocket {
    socket: Socket,
    window: usize,
}

impl NetlinkSocket {
    /// Opens the socket.
    pub(super) fn open() -> io::Result<Self> {
        let socket = Socket::open(NETLINK_GENERIC)?;
        socket.shorten_acknowledgements();
        // Limits, not memory that is set aside.
        socket.enlarge_buffers(RECEIVE_BUFFER, SEND_BUFFER);
        let window = (socket.receive_buffer()? / ACK_COST).clamp(1, MAX_WINDOW);
        Ok(Self { socket, window })
    }
}

impl Link for NetlinkSocket {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send(bytes)
    }

    fn receive(&mut self, buffer: &mut Vec<u8>, wait: bool) -> io::Result<Datagram> {
        self.socket.receive(buffer, wait)
    }

    fn window(&self) -> usize {
        self.window
    }
}
