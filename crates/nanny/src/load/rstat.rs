//! The load by Sun's rstat: one call to the server's port mapper, which tells the port, and one to
//! `rstatd` there, both over UDP and repeated while nobody answers.

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

/// Where the port mapper listens (RFC 1833).
pub const PORT_MAPPER: u16 = 111;

/// The port mapper's program, version 2, and what it is asked.
const PMAP: (u32, u32) = (100_000, 2);
/// `PMAPPROC_GETPORT`
const GET_PORT: u32 = 3;
/// rstat's program, version 3, which has the statistics as integers of fixed number.
const RSTAT: (u32, u32) = (100_001, 3);
/// `RSTATPROC_STATS`
const STATS: u32 = 1;
/// `IPPROTO_UDP`
const UDP: u32 = 17;

/// The integers of a `statstime` before its load averages: processor times, disk transfers, pages,
/// interrupts, packets, context switches.
const BEFORE_LOADS: usize = 18;

/// How many processes make a load average of 1 in the statistics (`FSCALE`).
const SCALE: f64 = 256.0;

/// After so long without an answer the call is repeated, then after twice that, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// More than any answer has that is of use.
const ROOM: usize = 512;

/// Who is asked.
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

/// Why there is no load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The system said so when this program was asked.
    System(Program, Errno),
    /// The program did not do what it was asked.
    Refused(Program, Refusal),
    /// The program did not answer in time.
    NoAnswer(Program),
    /// rstat is not registered with the port mapper.
    NotRegistered,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(program, errno) => write!(f, "{program}: {}", errno.desc()),
            Self::Refused(program, refusal) => write!(f, "{program}: {refusal}"),
            Self::NoAnswer(program) => write!(f, "{program} does not answer"),
            Self::NotRegistered => f.write_str("rstat is not registered with the port mapper"),
        }
    }
}

/// The port in the port mapper's results; `None` if there is none in them.
#[must_use]
pub fn port(mut results: Reader<'_>) -> Option<u32> {
    results.word()
}

/// The load in rstat's results; `None` if there is none in them.
#[must_use]
pub fn load(mut results: Reader<'_>) -> Option<Load> {
    results.skip_words(BEFORE_LOADS)?;
    let fixed = results.word()?.cast_signed();
    Load::new(f64::from(fixed) / SCALE)
}

/// A question that is going on.
#[derive(Debug)]
pub struct Question {
    server: IpAddr,
    program: Program,
    /// Connected: datagrams from elsewhere do not come in, and a closed port is told.
    socket: UdpSocket,
    xid: u32,
    pause: Duration,
    next_call: Instant,
    until: Instant,
}

impl Question {
    /// Asks the port mapper at `at`, without waiting. Until `until` there is time for both answers.
    ///
    /// # Errors
    /// What the system could tell at once.
    pub fn start(at: SocketAddr, now: Instant, until: Instant) -> Result<Self, Failure> {
        let mut question = Self {
            server: at.ip(),
            program: Program::PortMapper,
            socket: connect(at).map_err(|error| system(Program::PortMapper, &error))?,
            // Not to be guessed by somebody who cannot see the call.
            xid: RandomState::new().build_hasher().finish() as u32,
            pause: FIRST_PAUSE,
            next_call: now,
            until,
        };
        question.call(now)?;
        Ok(question)
    }

    /// The next moment at which it has something to do.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.next_call.min(self.until)
    }

    /// Goes on as far as it can; `None` if it has to wait again, for the socket to be readable or
    /// for the [`Question::deadline`].
    pub fn go_on(&mut self, now: Instant) -> Option<Result<Load, Failure>> {
        self.advance(now).transpose()
    }

    fn advance(&mut self, now: Instant) -> Result<Option<Load>, Failure> {
        // What came in time counts, even where this process was late to look.
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

    /// Calls, for the first time or again.
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

    /// Reads what came. As much as that may be, a few datagrams at a time are enough.
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
                    self.turn_to(port, now)?;
                }
                Program::Rstat => return load(results).ok_or(garbled).map(Some),
            }
        }
        Ok(None)
    }

    /// Asks rstat, at the port that the port mapper told.
    fn turn_to(&mut self, port: u32, now: Instant) -> Result<(), Failure> {
        let port = match u16::try_from(port) {
            Ok(0) => return Err(Failure::NotRegistered),
            Ok(port) => port,
            Err(_) => return Err(Failure::Refused(Program::PortMapper, Refusal::Garbled)),
        };
        self.program = Program::Rstat;
        let socket = connect(SocketAddr::new(self.server, port));
        self.socket = socket.map_err(|error| system(self.program, &error))?;
        // A late answer to the first call is none to the second.
        self.xid = self.xid.wrapping_add(1);
        self.pause = FIRST_PAUSE;
        self.call(now)
    }
}

impl AsFd for Question {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What the system said when `program` was asked.
fn system(program: Program, error: &io::Error) -> Failure {
    let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
    Failure::System(program, errno)
}

/// A socket that speaks to `peer` alone.
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
