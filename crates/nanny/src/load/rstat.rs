//! Queries the load by Sun's rstat: one call to the server's port mapper for the port, and one to
//! `rstatd` on that port, both over UDP and repeated until a reply arrives.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::Load;
use super::rpc::{Call, Reader, Refusal, reply};

/// Port of the port mapper (RFC 1833).
pub const PORT_MAPPER: u16 = 111;

/// Program and version of the port mapper.
const PMAP: (u32, u32) = (100_000, 2);
/// `PMAPPROC_GETPORT`
const GET_PORT: u32 = 3;
/// Program and version of rstat. Version 3 has a fixed number of integers.
const RSTAT: (u32, u32) = (100_001, 3);
/// `RSTATPROC_STATS`
const STATS: u32 = 1;
/// `IPPROTO_UDP`
const UDP: u32 = 17;

/// Number of integers of a `statstime` before its load averages: processor times, disk transfers,
/// pages, interrupts, packets, context switches.
const BEFORE_LOADS: usize = 18;

/// Fixed-point scale of the load averages (`FSCALE`).
const SCALE: f64 = 256.0;

/// Time until the call is repeated without a reply; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Size of the receive buffer, larger than any valid reply.
const ROOM: usize = 512;

/// The RPC program of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The port mapper, for rstat's port.
    PortMapper,
    /// rstat, for the statistics.
    Rstat,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PortMapper => "port mapper",
            Self::Rstat => "rstat",
        })
    }
}

/// Failures of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A system error in a call of this program.
    System(Program, Errno),
    /// The program refused the call.
    Refused(Program, Refusal),
    /// No reply from the program in time.
    NoAnswer(Program),
    /// rstat is not registered with the port mapper.
    NotRegistered,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(program, errno) => write!(f, "{program}: {}", errno.desc()),
            Self::Refused(program, refusal) => write!(f, "{program}: {refusal}"),
            Self::NoAnswer(program) => write!(f, "no reply from {program}"),
            Self::NotRegistered => f.write_str("rstat is not registered with the port mapper"),
        }
    }
}

/// Decodes the port from the port mapper's results.
#[must_use]
pub fn port(mut results: Reader<'_>) -> Option<u32> {
    results.word()
}

/// Decodes the load from rstat's results.
#[must_use]
pub fn load(mut results: Reader<'_>) -> Option<Load> {
    results.skip_words(BEFORE_LOADS)?;
    let fixed = results.word()?.cast_signed();
    Load::new(f64::from(fixed) / SCALE)
}

/// A query in flight.
#[derive(Debug)]
pub struct Query {
    server: IpAddr,
    program: Program,
    /// Connected: it receives datagrams of the server only, and reports a closed port.
    socket: UdpSocket,
    xid: u32,
    pause: Duration,
    next_call: Instant,
    until: Instant,
}

impl Query {
    /// Calls the port mapper at `at` without blocking. `until` is the deadline for both replies.
    ///
    /// # Errors
    /// A system error.
    pub fn start(at: SocketAddr, now: Instant, until: Instant) -> Result<Self, Failure> {
        let mut query = Self {
            server: at.ip(),
            program: Program::PortMapper,
            socket: connect(at).map_err(|error| system(Program::PortMapper, &error))?,
            // Random, so that a host that cannot see the call cannot forge a reply.
            xid: RandomState::new().build_hasher().finish() as u32,
            pause: FIRST_PAUSE,
            next_call: now,
            until,
        };
        query.call(now)?;
        Ok(query)
    }

    /// The next timer.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.next_call.min(self.until)
    }

    /// Advances the query; `None` while it waits for the socket to be readable or for the
    /// [`Query::deadline`].
    pub fn advance(&mut self, now: Instant) -> Option<Result<Load, Failure>> {
        self.poll(now).transpose()
    }

    fn poll(&mut self, now: Instant) -> Result<Option<Load>, Failure> {
        // A reply within the deadline counts, even if this process reads it late.
        if let Some(load) = self.receive(now)? {
            return Ok(Some(load));
        }
        if now >= self.until {
            return Err(Failure::NoAnswer(self.program));
        }
        if now >= self.next_call {
            self.call(now)?;
        }
        Ok(None)
    }

    /// Sends the call, for the first time or again.
    fn call(&mut self, now: Instant) -> Result<(), Failure> {
        let ((program, version), procedure, args): (_, _, &[u32]) = match self.program {
            Program::PortMapper => (PMAP, GET_PORT, &[RSTAT.0, RSTAT.1, UDP, 0]),
            Program::Rstat => (RSTAT, STATS, &[]),
        };
        let call = Call {
            xid: self.xid,
            program,
            version,
            procedure,
            args,
        };
        let sent = self.socket.send(&call.encode());
        sent.map_err(|error| system(self.program, &error))?;
        self.next_call = now + self.pause;
        self.pause *= 2;
        Ok(())
    }

    /// Reads the received datagrams. A bounded number per call keeps a flood from blocking the
    /// event loop.
    fn receive(&mut self, now: Instant) -> Result<Option<Load>, Failure> {
        for _ in 0..16 {
            let mut room = [0; ROOM];
            let length = match self.socket.recv(&mut room) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(system(self.program, &error)),
            };
            let datagram = room.get(..length).unwrap_or(&room);
            let Some(results) = reply(datagram, self.xid) else {
                continue;
            };
            let refused = |refusal| Failure::Refused(self.program, refusal);
            let results = results.map_err(refused)?;
            let garbled = refused(Refusal::Garbled);
            match self.program {
                Program::PortMapper => {
                    let port = port(results).ok_or(garbled)?;
                    self.call_rstat(port, now)?;
                }
                Program::Rstat => return load(results).ok_or(garbled).map(Some),
            }
        }
        Ok(None)
    }

    /// Calls rstat at the port from the port mapper.
    fn call_rstat(&mut self, port: u32, now: Instant) -> Result<(), Failure> {
        let port = match u16::try_from(port) {
            Ok(0) => return Err(Failure::NotRegistered),
            Ok(port) => port,
            Err(_) => return Err(Failure::Refused(Program::PortMapper, Refusal::Garbled)),
        };
        self.program = Program::Rstat;
        let socket = connect(SocketAddr::new(self.server, port));
        self.socket = socket.map_err(|error| system(self.program, &error))?;
        // A late reply to the first call must not match the second.
        self.xid = self.xid.wrapping_add(1);
        self.pause = FIRST_PAUSE;
        self.call(now)
    }
}

impl AsFd for Query {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The failure for a system error in a call of `program`.
fn system(program: Program, error: &io::Error) -> Failure {
    let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
    Failure::System(program, errno)
}

/// Opens a socket connected to `peer`.
fn connect(peer: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.set_nonblocking(true)?;
    socket.connect(peer)?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
