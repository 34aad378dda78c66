//! A second opinion on a server that does not answer: an ICMP echo to its host. What comes of it
//! decides nothing; it tells in the log whether the host or the service is down.
//!
//! A ping socket is used where `net.ipv4.ping_group_range` allows it, else a raw one, which needs
//! `CAP_NET_RAW`. Where neither can be had, nothing is asked.

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

/// How many packets are looked at before everything else has its turn again: a raw socket gets
/// every ICMP message of the host.
const READS: usize = 16;

/// An echo that is asked for as often as is wished.
#[derive(Debug)]
pub(super) struct Echo {
    /// `None` once the answer is known, and where none can be had.
    socket: Option<Socket>,
    /// Whether the socket shows the IP header.
    has_ip_header: bool,
    request: Request,
    host: Host,
}

impl Echo {
    /// One for the host of this address. Nothing is sent yet.
    pub(super) fn new(server: SocketAddr) -> Self {
        let family = Family::of(server);
        let (socket, kind) = [Type::DGRAM, Type::RAW]
            .into_iter()
            .find_map(|kind| Some((open(server, kind).ok()?, kind)))
            .unzip();
        let is_raw = kind == Some(Type::RAW);
        // What nobody else can have sent.
        let token = RandomState::new().hash_one(());
        Self {
            socket,
            has_ip_header: is_raw && family == Family::V4,
            request: Request {
                family,
                // The kernel sets its own on a ping socket, and shows no other's.
                identifier: is_raw.then_some((token >> 16) as u16),
                token,
                sequence: 0,
            },
            host: Host::NotAsked,
        }
    }

    /// Asks, unless the answer is known.
    pub(super) fn ask(&mut self) {
        let Some(socket) = &self.socket else {
            return;
        };
        self.request.sequence = self.request.sequence.wrapping_add(1);
        match socket.send(&self.request.encode()) {
            Ok(_) => self.host = Host::Silent,
            Err(error) if is_for_now(&error) => {}
            Err(error) => self.failed(&error),
        }
    }

    /// What it waits for.
    pub(super) fn source(&self) -> Option<PollFd<'_>> {
        let socket = self.socket.as_ref()?;
        Some(PollFd::new(socket.as_fd(), PollFlags::POLLIN))
    }

    /// Looks at what came.
    pub(super) fn listen(&mut self) {
        // Room for the longest IP header; what is longer is cut off, and no answer.
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
                Err(error) if is_for_now(&error) => return,
                Err(error) => self.failed(&error),
            }
        }
    }

    /// What is known of the host.
    pub(super) fn host(&self) -> Host {
        self.host
    }

    /// Takes in an error of the socket, which is the answer: nothing more is asked.
    fn failed(&mut self, error: &io::Error) {
        self.socket = None;
        self.host = match errno(error) {
            errno @ (Errno::EHOSTUNREACH
            | Errno::ENETUNREACH
            | Errno::EHOSTDOWN
            | Errno::ENETDOWN) => Host::Unreachable(errno),
            // A packet filter's, say: it tells nothing about the host.
            _ => Host::NotAsked,
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
    // Connected, it gets what comes from this address alone. The port has no meaning.
    socket.connect(&SocketAddr::new(server.ip(), 0).into())?;
    // A router's word that there is no way to the host is wanted too.
    match Family::of(server) {
        Family::V4 => setsockopt(&socket, Ipv4RecvErr, &true)?,
        Family::V6 => setsockopt(&socket, Ipv6RecvErr, &true)?,
    }
    Ok(socket)
}

/// Whether an error says nothing but "not now".
fn is_for_now(error: &io::Error) -> bool {
    matches!(
        errno(error),
        Errno::EAGAIN | Errno::EINTR | Errno::ENOBUFS | Errno::ENOMEM
    )
}

#[cfg(test)]
mod tests;
