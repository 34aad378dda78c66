//! One attempt on its way: connect, ask, read to the end, without ever blocking.

use super::{Attempt, Outcome, READ, WRITE};
use nix::poll::PollFlags;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
/// Longer answers are cut off here; a name is a few bytes.
const ANSWER: usize = 65_536;

pub(super) struct Flight {
    started: Instant,
    limit: Duration,
    stage: Stage,
}

enum Stage {
    Connecting(Socket),
    Reading(Socket, Vec<u8>),
    Over(Outcome),
}

impl Flight {
    pub(super) fn start(target: SocketAddr, now: Instant, limit: Duration) -> Self {
        let stage = match connect(target) {
            Ok(socket) => Stage::Connecting(socket),
            Err(error) => Stage::Over(judge(&error)),
        };
        Flight {
            started: now,
            limit,
            stage,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.started + self.limit
    }

    /// What has to happen before [`Flight::go_on`] can do more.
    pub(super) fn waits_for(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match &self.stage {
            Stage::Connecting(socket) => Some((socket.as_fd(), WRITE)),
            Stage::Reading(socket, _) => Some((socket.as_fd(), READ)),
            Stage::Over(_) => None,
        }
    }

    /// Goes as far as it gets; the attempt once it has ended.
    pub(super) fn go_on(&mut self, now: Instant) -> Option<Attempt> {
        loop {
            let stage = std::mem::replace(&mut self.stage, Stage::Over(Outcome::TimedOut));
            let (stage, moved) = step(stage);
            self.stage = stage;
            if let Stage::Over(outcome) = &self.stage {
                return Some(self.ended(outcome.clone()));
            }
            if !moved {
                break;
            }
        }
        (now >= self.deadline()).then(|| self.ended(Outcome::TimedOut))
    }

    fn ended(&self, outcome: Outcome) -> Attempt {
        Attempt {
            started: self.started,
            ended: Instant::now(),
            outcome,
        }
    }
}

fn connect(target: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(target),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    match socket.connect(&target.into()) {
        Err(error) if error.raw_os_error() != Some(nix::errno::Errno::EINPROGRESS as i32) => {
            Err(error)
        }
        _ => Ok(socket),
    }
}

/// One step, and whether another may follow at once.
fn step(stage: Stage) -> (Stage, bool) {
    match stage {
        Stage::Connecting(mut socket) => match socket.take_error() {
            Err(error) | Ok(Some(error)) => (Stage::Over(judge(&error)), true),
            Ok(None) => match socket.write(REQUEST) {
                Ok(length) if length == REQUEST.len() => (Stage::Reading(socket, Vec::new()), true),
                // A socket that has just connected takes a few bytes whole.
                Ok(_) => (Stage::Over(Outcome::Reset), true),
                Err(error) if is_not_yet(&error) => (Stage::Connecting(socket), false),
                Err(error) => (Stage::Over(judge(&error)), true),
            },
        },
        Stage::Reading(mut socket, mut heard) => {
            let mut buffer = [0; 2_048];
            match socket.read(&mut buffer) {
                Ok(0) => (Stage::Over(Outcome::of_answer(&heard)), true),
                Ok(length) => {
                    heard.extend_from_slice(&buffer[..length]);
                    if heard.len() > ANSWER {
                        return (Stage::Over(Outcome::of_answer(&heard)), true);
                    }
                    (Stage::Reading(socket, heard), true)
                }
                Err(error) if is_not_yet(&error) => (Stage::Reading(socket, heard), false),
                Err(error) => (Stage::Over(judge(&error)), true),
            }
        }
        over @ Stage::Over(_) => (over, true),
    }
}

/// Not connected yet counts as would-block: the write comes first, and is the cheaper question.
fn is_not_yet(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected
    )
}

fn judge(error: &std::io::Error) -> Outcome {
    match error.kind() {
        ErrorKind::ConnectionRefused => Outcome::Refused,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Outcome::Reset,
        ErrorKind::TimedOut => Outcome::TimedOut,
        _ => Outcome::Failed(error.to_string()),
    }
}
