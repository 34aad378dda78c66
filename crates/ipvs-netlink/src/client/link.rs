//! The netlink socket: bytes out, bytes in, never waiting without end.

use std::io;
use std::time::Duration;

use netlink_sys::protocols::NETLINK_GENERIC;
use netlink_sys::{Socket, SocketAddr};
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

/// How long one receive waits. The kernel has its answer queued before the send returns, so this
/// only runs out when there will be none.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

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

/// One datagram as it was received.
pub(super) struct Datagram {
    /// Its length, which can be more than what was stored.
    pub(super) length: usize,
    /// Whether the kernel sent it; anything else is a stranger.
    pub(super) from_kernel: bool,
}

/// What the exchange of messages needs of a socket.
pub(super) trait Link {
    /// Sends one datagram to the kernel.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Receives one datagram, storing it in the empty `buffer` as far as its capacity goes.
    ///
    /// Waits at most [`PATIENCE`], or not at all; `WouldBlock` means there was nothing.
    fn receive(&mut self, buffer: &mut Vec<u8>, wait: bool) -> io::Result<Datagram>;

    /// How many answers the socket's buffer holds for certain.
    fn window(&self) -> usize;
}

/// A blocking generic netlink socket, connected to the kernel, closed on exec.
pub(super) struct NetlinkSocket {
    socket: Socket,
    window: usize,
}

impl NetlinkSocket {
    /// Opens the socket.
    pub(super) fn open() -> io::Result<Self> {
        let socket = Socket::new(NETLINK_GENERIC)?;
        // Connected, no process but the kernel can send to it.
        socket.connect(&SocketAddr::new(0, 0))?;
        let seconds = i64::try_from(PATIENCE.as_secs()).unwrap_or(i64::MAX);
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(seconds))?;
        // Linux 4.2 and 4.12. Without them errors still come, with the request repeated in them
        // and without text, and both forms are read.
        let _ = socket.set_cap_ack(true);
        let _ = socket.set_ext_ack(true);
        // Beyond the system's limits, which takes the capability that changes need anyway. They are
        // limits, not memory that is set aside.
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER);
        let _ = setsockopt(&socket, sockopt::SndBufForce, &SEND_BUFFER);
        let window = (socket.get_rx_buf_sz()? / ACK_COST).clamp(1, MAX_WINDOW);
        Ok(Self { socket, window })
    }
}

impl Link for NetlinkSocket {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        loop {
            match self.socket.send(bytes, 0) {
                Ok(sent) if sent == bytes.len() => return Ok(()),
                Ok(_) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn receive(&mut self, buffer: &mut Vec<u8>, wait: bool) -> io::Result<Datagram> {
        let mut flags = MsgFlags::MSG_TRUNC;
        if !wait {
            flags |= MsgFlags::MSG_DONTWAIT;
        }
        let (length, sender) = self.socket.recv_from(buffer, flags.bits())?;
        Ok(Datagram {
            length,
            from_kernel: sender.port_number() == 0,
        })
    }

    fn window(&self) -> usize {
        self.window
    }
}
