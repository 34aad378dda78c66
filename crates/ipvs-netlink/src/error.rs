//! What can go wrong, and what was being tried.

use std::fmt;
use std::io;

use nix::errno::Errno;

use crate::{DaemonState, DestinationKey, ServiceKey};

/// What was being tried when an [`Error`] came up. Prints as `add service -t 1.2.3.1:80`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attempt {
    /// Opening the netlink socket and looking up the family.
    Open,
    /// Reading version and table size.
    Info,
    /// Listing services.
    ListServices,
    /// Reading one service.
    GetService(ServiceKey),
    /// Adding a service.
    AddService(ServiceKey),
    /// Changing a service.
    EditService(ServiceKey),
    /// Deleting a service.
    DeleteService(ServiceKey),
    /// Listing the destinations of a service.
    ListDestinations(ServiceKey),
    /// Looking for one destination.
    GetDestination(ServiceKey, DestinationKey),
    /// Adding a destination.
    AddDestination(ServiceKey, DestinationKey),
    /// Changing a destination.
    EditDestination(ServiceKey, DestinationKey),
    /// Deleting a destination.
    DeleteDestination(ServiceKey, DestinationKey),
    /// Deleting everything.
    Flush,
    /// Zeroing all counters.
    Zero,
    /// Zeroing the counters of a service.
    ZeroService(ServiceKey),
    /// Reading the timeouts.
    GetTimeouts,
    /// Setting the timeouts.
    SetTimeouts,
    /// Listing the synchronization daemons.
    ListDaemons,
    /// Starting a synchronization daemon.
    StartDaemon(DaemonState),
    /// Stopping a synchronization daemon.
    StopDaemon(DaemonState),
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open the IPVS netlink socket"),
            Self::Info => f.write_str("read IPVS version"),
            Self::ListServices => f.write_str("list services"),
            Self::GetService(service) => write!(f, "read service {service}"),
            Self::AddService(service) => write!(f, "add service {service}"),
            Self::EditService(service) => write!(f, "change service {service}"),
            Self::DeleteService(service) => write!(f, "delete service {service}"),
            Self::ListDestinations(service) => write!(f, "list destinations of {service}"),
            Self::GetDestination(service, key) => write!(f, "read destination {key} of {service}"),
            Self::AddDestination(service, key) => write!(f, "add destination {key} to {service}"),
            Self::EditDestination(service, key) => {
                write!(f, "change destination {key} of {service}")
            }
            Self::DeleteDestination(service, key) => {
                write!(f, "delete destination {key} of {service}")
            }
            Self::Flush => f.write_str("clear the table"),
            Self::Zero => f.write_str("zero all counters"),
            Self::ZeroService(service) => write!(f, "zero counters of {service}"),
            Self::GetTimeouts => f.write_str("read timeouts"),
            Self::SetTimeouts => f.write_str("set timeouts"),
            Self::ListDaemons => f.write_str("list synchronization daemons"),
            Self::StartDaemon(state) => write!(f, "start the {state} synchronization daemon"),
            Self::StopDaemon(state) => write!(f, "stop the {state} synchronization daemon"),
        }
    }
}

impl fmt::Display for DaemonState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Backup => "backup",
        })
    }
}

/// What an error number means. The kernel has some that no C library knows, which say nothing but
/// themselves.
struct Number(i32);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Errno::from_raw(self.0) {
            Errno::UnknownErrno => write!(f, "error {}", self.0),
            known => f.write_str(known.desc()),
        }
    }
}

/// The text of an extended acknowledgement, as the end of an error line: `: TEXT`, or nothing.
struct Because<'a>(&'a Option<String>);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

/// What went wrong. Every text says what was tried, and on which object.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel has no generic netlink family `IPVS`, and could not load it; or no longer has it.
    #[error(
        "IPVS is not available in this kernel: no netlink family IPVS; module ip_vs is not loaded"
    )]
    NoIpvs,

    /// `EPERM`: the caller has no `CAP_NET_ADMIN`. It is needed in the initial user namespace: that
    /// of a container's own is not enough for this family (seen with Linux 6.1).
    #[error("cannot {attempt}: permission denied (CAP_NET_ADMIN is needed)")]
    Permission {
        /// What was tried.
        attempt: Attempt,
    },

    /// `EEXIST`: the service or destination is there already.
    #[error("cannot {attempt}: it is there already")]
    AlreadyExists {
        /// What was tried.
        attempt: Attempt,
    },

    /// `ESRCH`: there is no such service.
    #[error("cannot {attempt}: there is no such service")]
    NoSuchService {
        /// What was tried.
        attempt: Attempt,
    },

    /// `ENOENT` on a destination: the service does not have it.
    #[error("cannot {attempt}: there is no such destination")]
    NoSuchDestination {
        /// What was tried.
        attempt: Attempt,
    },

    /// `ESRCH` on a synchronization daemon: none of that state runs.
    #[error("cannot {attempt}: it does not run")]
    NoSuchDaemon {
        /// What was tried.
        attempt: Attempt,
    },

    /// `ENODEV` on a synchronization daemon: there is no such interface.
    #[error("cannot {attempt}: there is no interface {}", interface.escape_debug())]
    NoSuchInterface {
        /// What was tried.
        attempt: Attempt,
        /// The interface asked for.
        interface: String,
    },

    /// `ENOENT` on a service: the kernel has no such scheduler, or no such persistence engine.
    #[error("cannot {attempt}: {}", missing_part(scheduler, pe_name.as_deref()))]
    NoSuchScheduler {
        /// What was tried.
        attempt: Attempt,
        /// The scheduler asked for.
        scheduler: String,
        /// The persistence engine asked for: the kernel does not tell which of the two is missing.
        pe_name: Option<String>,
    },

    /// The values cannot be put to the kernel; nothing was sent.
    #[error("cannot {attempt}: {reason}")]
    Invalid {
        /// What was tried.
        attempt: Attempt,
        /// What is wrong with them.
        reason: &'static str,
    },

    /// Any other refusal by the kernel.
    #[error("cannot {attempt}: {}{}", Number(*errno), Because(text))]
    Kernel {
        /// What was tried.
        attempt: Attempt,
        /// The error number, positive, as `libc::EINVAL`.
        errno: i32,
        /// What the kernel said beyond the number, if it did (extended acknowledgement).
        text: Option<String>,
    },

    /// A system call on the socket failed.
    #[error("cannot {attempt}: netlink socket failed in {call}")]
    Socket {
        /// What was tried.
        attempt: Attempt,
        /// The call that failed.
        call: &'static str,
        /// Why.
        source: io::Error,
    },

    /// The kernel did not answer in time.
    #[error("cannot {attempt}: no answer from the kernel in {seconds} seconds")]
    TimedOut {
        /// What was tried.
        attempt: Attempt,
        /// How long was waited.
        seconds: u64,
    },

    /// An answer was longer than the room for it.
    #[error("cannot {attempt}: answer of {length} bytes truncated to {room}")]
    Truncated {
        /// What was tried.
        attempt: Attempt,
        /// Bytes the kernel sent.
        length: usize,
        /// Bytes there was room for.
        room: usize,
    },

    /// An answer that is not as the kernel's header says.
    #[error("cannot {attempt}: answer not understood")]
    Decode {
        /// What was tried.
        attempt: Attempt,
        /// Where the reading failed.
        source: netlink_packet_core::DecodeError,
    },

    /// The kernel ended its answer without what was asked for.
    #[error("cannot {attempt}: the answer is empty")]
    EmptyAnswer {
        /// What was tried.
        attempt: Attempt,
    },

    /// The table kept changing while it was listed, so the list may lack entries or repeat them.
    #[error("cannot {attempt}: the table kept changing in {tries} readings")]
    Interrupted {
        /// What was tried.
        attempt: Attempt,
        /// How often it was read.
        tries: u32,
    },

    /// The answer was lost because the socket's buffer was full, and reading back did not tell
    /// whether the change was made.
    #[error("cannot {attempt}: the kernel's answer was lost")]
    AnswerLost {
        /// What was tried.
        attempt: Attempt,
    },

    /// Not tried: the service would have been left without any destination, because those that were
    /// to take the place of this one were refused. See [`Plan::apply`](crate::Plan::apply).
    #[error("cannot {attempt}: what was to take its place was refused, and nothing would be left")]
    Withheld {
        /// What was not tried.
        attempt: Attempt,
    },
}

impl Error {
    /// What was being tried; `None` for [`Error::NoIpvs`], which nothing can be tried without.
    pub fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::NoIpvs => None,
            Self::Permission { attempt }
            | Self::AlreadyExists { attempt }
            | Self::NoSuchService { attempt }
            | Self::NoSuchDestination { attempt }
            | Self::NoSuchDaemon { attempt }
            | Self::NoSuchInterface { attempt, .. }
            | Self::NoSuchScheduler { attempt, .. }
            | Self::Invalid { attempt, .. }
            | Self::Kernel { attempt, .. }
            | Self::Socket { attempt, .. }
            | Self::TimedOut { attempt, .. }
            | Self::Truncated { attempt, .. }
            | Self::Decode { attempt, .. }
            | Self::EmptyAnswer { attempt }
            | Self::Interrupted { attempt, .. }
            | Self::AnswerLost { attempt }
            | Self::Withheld { attempt } => Some(attempt),
        }
    }
}

/// Names what the kernel did not find.
fn missing_part(scheduler: &str, pe_name: Option<&str>) -> String {
    // Names of any bytes must not forge a line of a log.
    let scheduler = scheduler.escape_debug();
    let missing = format!("the kernel has no scheduler {scheduler} (module ip_vs_{scheduler})");
    match pe_name.map(str::escape_debug) {
        None => missing,
        Some(name) => {
            format!("{missing}, or no persistence engine {name} (module ip_vs_pe_{name})")
        }
    }
}
