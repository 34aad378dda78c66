//! ICMP echo to the host of a server that does not reply. It never decides a check: the log reports
//! whether the host is unreachable or the service down.
//!
//! Uses a ping socket if `net.ipv4.ping_group_range` permits it, otherwise a raw socket, which
//! needs `CAP_NET_RAW`. Without either no echo is sent.

mod packet;

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use socket2::{Domain, Protocol, Socket, Type};

use self::packet::{Family, LENGTH, Request};
use super::{Host, errno};

/// Maximum number of packets read per call: a raw socket receives every ICMP message of the host.
const READS: usize = 16;

/// Echo requests to one host, and their result.
#[derive(Debug)]
pub(super) struct Echo {
    /// `None` once the result is final, and without a usable socket.
    socket: Option<Socket>,
    /// Whether packets from the socket start with the IP header.
    has_ip_header: bool,
    request: Request,
    host: Host,
}

impl Echo {
    /// Opens the socket for the host of `server`. Sends nothing.
    pub(super) fn new(server: SocketAddr) -> Self {
        let family = Family::of(server);
        let (socket, kind) = [Type::DGRAM, Type::RAW]
            .into_iter()
            .find_map(|kind| Some((open(server, kind).ok()?, kind)))
            .unzip();
        let is_raw = kind == Some(Type::RAW);
        // Random, so that other processes' echoes do not match.
        let token = RandomState::new().hash_one(());
        Self {
            socket,
            has_ip_header: is_raw && family == Family::V4,
            request: Request {
                family,
                // The kernel sets and filters the identifier of a ping socket.
                identifier: is_raw.then_some((token >> 16) as u16),
                token,
                sequence: 0,
            },
            host: Host::Unknown,
        }
    }

    /// Sends an echo request, unless the result is final.
    pub(super) fn send(&mut self) {
        let Some(socket) = &self.socket else {
            return;
        };
        self.request.sequence = self.request.sequence.wrapping_add(1);
        match socket.send(&self.request.encode()) {
            Ok(_) => self.host = Host::Silent,
            Err(error) if is_temporary(&error) => {}
            Err(error) => self.failed(&error),
        }
    }

    /// The descriptor to poll.
    pub(super) fn source(&self) -> Option<PollFd<'_>> {
        let socket = self.socket.as_ref()?;
        Some(PollFd::new(socket.as_fd(), PollFlags::POLLIN))
    }

    /// Reads the received packets.
    pub(super) fn receive(&mut self) {
        // Large enough for the longest IP header. A longer packet is truncated, and is no reply.
        let mut room = [0; 60 + LENGTH];
        for _ in 0..READS {
            let Some(mut socket) = self.socket.as_ref() else {
                return;
            };
            match socket.read(&mut room) {
                Ok(length) => {
                    if self
                        .request
                        .is_answered_by(&room[..length], self.has_ip_header)
                    {
                        self.host = Host::Answers;
                        self.socket = None;
                    }
                }
                Err(error) if is_temporary(&error) => return,
                Err(error) => self.failed(&error),
            }
        }
    }

    /// The result so far.
    pub(super) fn host(&self) -> Host {
        self.host
    }

    /// Records an error of the socket as the final result.
    fn failed(&mut self, error: &io::Error) {
        self.socket = None;
        self.host = match errno(error) {
            errno @ (Errno::EHOSTUNREACH
            | Errno::ENETUNREACH
            | Errno::EHOSTDOWN
            | Errno::ENETDOWN) => Host::Unreachable(errno),
            // From a packet filter, for example: it says nothing about the host.
            _ => Host::Unknown,
        };
    }
}

fn open(server: SocketAddr, kind: Type) -> io::Result<Socket> {
    let domain = Domain::for_address(server);
    let protocol = match Family::of(server) {
        Family::V4 => Protocol::ICMPV4,
        Family::V6 => Protocol::ICMPV6,
    };
    let socket = Socket::new(domain, kind.nonblocking(), Some(protocol))?;
    // A connected socket receives packets from this address only. The port has no meaning.
    socket.connect(&SocketAddr::new(server.ip(), 0).into())?;
    // Deliver ICMP unreachable messages of routers as errors.
    match Family::of(server) {
        Family::V4 => setsockopt(&socket, Ipv4RecvErr, &true)?,
        Family::V6 => setsockopt(&socket, Ipv6RecvErr, &true)?,
    }
    Ok(socket)
}

/// Whether the error is temporary.
fn is_temporary(error: &io::Error) -> bool {
    matches!(
        errno(error),
        Errno::EAGAIN | Errno::EINTR | Errno::ENOBUFS | Errno::ENOMEM
    )
}

#[cfg(test)]
mod tests;
