//! Why a request came to nothing, and what the kernel's refusals mean.

use std::io;

use netlink_packet_core::DecodeError;
use nix::errno::Errno;

use crate::{Attempt, Error};
use lvs_netlink::REPLY_LIMIT;

/// What the kernel does not find by its name or number.
pub(super) const ENOENT: i32 = Errno::ENOENT as i32;

/// That there is no such interface.
pub(super) const ENODEV: i32 = Errno::ENODEV as i32;

/// Why an exchange failed, before it is known what was being tried.
#[derive(Debug)]
pub(super) enum Failure {
    /// The kernel refused, with this error number.
    Refused(i32, Option<String>),
    /// A system call failed.
    Socket(&'static str, io::Error),
    /// No answer in time.
    TimedOut,
    /// An answer did not fit.
    Truncated { length: usize, room: usize },
    /// An answer could not be read.
    Decode(DecodeError),
    /// The answer was dropped on a full socket buffer.
    Lost,
}

impl Failure {
    /// The public error, now that it is known what was being tried.
    pub(super) fn during(self, attempt: Attempt) -> Error {
        match self {
            Self::Refused(errno, text) => refusal(attempt, errno, text),
            Self::Socket(call, source) => Error::Socket {
                attempt,
                call,
                source,
            },
            Self::TimedOut => Error::TimedOut {
                attempt,
                seconds: REPLY_LIMIT.as_secs(),
            },
            Self::Truncated { length, room } => Error::Truncated {
                attempt,
                length,
                room,
            },
            Self::Decode(source) => Error::Decode { attempt, source },
            Self::Lost => Error::AnswerLost { attempt },
        }
    }

    /// The same failure again: that of a socket takes many requests with it.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Refused(errno, text) => Self::Refused(*errno, text.clone()),
            Self::Socket(call, error) => Self::Socket(
                call,
                error
                    .raw_os_error()
                    .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error),
            ),
            Self::TimedOut => Self::TimedOut,
            Self::Truncated { length, room } => Self::Truncated {
                length: *length,
                room: *room,
            },
            Self::Decode(error) => Self::Decode(DecodeError::from(error.to_string())),
            Self::Lost => Self::Lost,
        }
    }
}

/// What an error number means for what was tried.
fn refusal(attempt: Attempt, errno: i32, text: Option<String>) -> Error {
    let on_there = matches!(
        attempt,
        Attempt::EditDestination(..) | Attempt::DeleteDestination(..)
    );
    let on_destination = on_there || matches!(attempt, Attempt::AddDestination(..));
    let on_service = matches!(
        attempt,
        Attempt::GetService(_)
            | Attempt::AddService(_)
            | Attempt::EditService(_)
            | Attempt::DeleteService(_)
            | Attempt::ZeroService(_)
    );
    match Errno::from_raw(errno) {
        Errno::EPERM => Error::Permission { attempt },
        Errno::EEXIST => Error::AlreadyExists { attempt },
        Errno::ESRCH if on_service || on_destination => Error::NoSuchService { attempt },
        Errno::ESRCH if matches!(attempt, Attempt::StopDaemon(_)) => {
            Error::NoSuchDaemon { attempt }
        }
        Errno::ENOENT if on_there => Error::NoSuchDestination { attempt },
        // Nothing else is looked up by name but the family itself: the module was unloaded.
        Errno::ENOENT => Error::NoIpvs,
        _ => Error::Kernel {
            attempt,
            errno,
            text,
        },
    }
}
