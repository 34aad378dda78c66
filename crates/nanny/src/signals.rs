//! The signals a nanny answers to, as a descriptor in the loop's poll.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::health::Force;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// SIGTERM, SIGINT: take the server out and end.
    Stop,
    /// SIGUSR1: out; SIGUSR2: in; SIGHUP: as the checks say.
    Force(Force),
}

/// Every signal with what it asks for.
const REQUESTS: [(Signal, Request); 5] = [
    (Signal::SIGTERM, Request::Stop),
    (Signal::SIGINT, Request::Stop),
    (Signal::SIGUSR1, Request::Force(Force::Out)),
    (Signal::SIGUSR2, Request::Force(Force::In)),
    (Signal::SIGHUP, Request::Force(Force::Neither)),
];

/// The blocked signals and the descriptor they are read from.
#[derive(Debug)]
pub(crate) struct Signals(SignalFd);

impl Signals {
    /// Blocks the signals and opens the descriptor.
    pub(crate) fn block() -> nix::Result<Self> {
        let mut set = SigSet::empty();
        for (signal, _) in REQUESTS {
            set.add(signal);
        }
        set.thread_block()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Self(SignalFd::with_flags(&set, flags)?))
    }

    /// The next signal that came, with its number; `None` if there is none.
    pub(crate) fn next(&self) -> Option<(u32, Request)> {
        let number = self.0.read_signal().ok().flatten()?.ssi_signo;
        REQUESTS
            .into_iter()
            .find(|&(signal, _)| i64::from(signal as i32) == i64::from(number))
            .map(|(_, request)| (number, request))
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
