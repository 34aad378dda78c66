//! The signals that a nanny handles, as a signalfd in the loop's poll.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::health::Force;

/// The effect of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// SIGTERM, SIGINT: remove the server and exit.
    Stop,
    /// SIGUSR1: out; SIGUSR2: in; SIGHUP: end of the override.
    Force(Force),
}

/// The handled signals and their effects.
const REQUESTS: [(Signal, Request); 5] = [
    (Signal::SIGTERM, Request::Stop),
    (Signal::SIGINT, Request::Stop),
    (Signal::SIGUSR1, Request::Force(Force::Out)),
    (Signal::SIGUSR2, Request::Force(Force::In)),
    (Signal::SIGHUP, Request::Force(Force::Neither)),
];

/// The blocked signals and the descriptor that delivers them.
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

    /// The next pending signal, with its number.
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
