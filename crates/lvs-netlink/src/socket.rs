//! One netlink socket: datagrams out, datagrams in.

use netlink_sys::{Socket as SysSocket, SocketAddr};
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Longest wait for a reply. The kernel queues its reply before the send returns, so this expires
/// only where there will be none.
pub const REPLY_LIMIT: Duration = Duration::from_secs(2);

/// One datagram as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Its length in bytes, which can exceed what was stored.
    pub length: usize,
    /// Whether the kernel sent it. Datagrams of other processes are to be ignored.
    pub from_kernel: bool,
}

/// A blocking netlink socket, close-on-exec.
#[derive(Debug)]
pub struct Socket {
    inner: SysSocket,
}

impl Socket {
    /// Opens a socket of a protocol of `linux/netlink.h` and connects it to the kernel, so that no
    /// other process can send to it.
    ///
    /// # Errors
    /// Those of socket(2), connect(2) and setsockopt(2).
    pub fn open(protocol: isize) -> io::Result<Self> {
        let inner = SysSocket::new(protocol)?;
        inner.connect(&SocketAddr::new(0, 0))?;
        let seconds = i64::try_from(REPLY_LIMIT.as_secs()).unwrap_or(i64::MAX);
        setsockopt(&inner, sockopt::ReceiveTimeout, &TimeVal::seconds(seconds))?;
        Ok(Self { inner })
    }

    /// Opens a socket that receives what the kernel multicasts to `groups` (`RTNLGRP_*` of
    /// `linux/rtnetlink.h` for rtnetlink).
    ///
    /// # Errors
    /// Those of socket(2), bind(2) and setsockopt(2).
    pub fn subscribe(protocol: isize, groups: &[u32]) -> io::Result<Self> {
        let mut inner = SysSocket::new(protocol)?;
        inner.bind_auto()?;
        for group in groups {
            inner.add_membership(*group)?;
        }
        Ok(Self { inner })
    }

    /// Asks the kernel for short acknowledgements (Linux 4.2) and for its text about errors
    /// (Linux 4.12). Older kernels send longer ones without text.
    pub fn shorten_acknowledgements(&self) {
        let _ = self.inner.set_cap_ack(true);
        let _ = self.inner.set_ext_ack(true);
    }

    /// Asks for buffers of so many bytes, beyond the system's limits where `CAP_NET_ADMIN` allows
    /// it. The kernel doubles both.
    pub fn enlarge_buffers(&self, receive: usize, send: usize) {
        let _ = setsockopt(&self.inner, sockopt::RcvBufForce, &receive);
        let _ = setsockopt(&self.inner, sockopt::SndBufForce, &send);
    }

    /// Returns the size of the receive buffer in bytes, as the kernel accounts it.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn receive_buffer(&self) -> io::Result<usize> {
        self.inner.get_rx_buf_sz()
    }

    /// Sends one datagram to the kernel.
    ///
    /// # Errors
    /// Those of send(2); `WriteZero` for a datagram that was cut off.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        loop {
            match self.inner.send(bytes, 0) {
                Ok(sent) if sent == bytes.len() => return Ok(()),
                Ok(_) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Receives one datagram into the empty `buffer`, as far as its capacity goes. Waits at most
    /// [`REPLY_LIMIT`], or not at all.
    ///
    /// # Errors
    /// Those of recv(2). `WouldBlock`: there was none. `ENOBUFS`: the kernel dropped some.
    pub fn receive(&self, buffer: &mut Vec<u8>, wait: bool) -> io::Result<Datagram> {
        let mut flags = MsgFlags::MSG_TRUNC;
        if !wait {
            flags |= MsgFlags::MSG_DONTWAIT;
        }
        let (length, sender) = self.inner.recv_from(buffer, flags.bits())?;
        Ok(Datagram {
            length,
            from_kernel: sender.port_number() == 0,
        })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}
