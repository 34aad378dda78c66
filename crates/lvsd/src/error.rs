//! Why `lvsd` cannot start or go on.

use std::io;

use nix::sys::resource::rlim_t;

/// What ends `lvsd` with status 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel's table cannot be read or changed.
    #[error(transparent)]
    Ipvs(#[from] ipvs_netlink::Error),

    /// A monitor program cannot be executed.
    #[error("cannot run client_monitor {program}")]
    Monitor {
        /// As the file names it.
        program: String,
        /// Why.
        source: io::Error,
    },

    /// There are not enough descriptors for the monitors' pipes.
    #[error(
        "{monitors} monitors need {needed} open files, but the hard limit is {limit} (ulimit -Hn)"
    )]
    FileLimit {
        /// How many monitors.
        monitors: usize,
        /// How many descriptors they need.
        needed: rlim_t,
        /// How many there may be.
        limit: rlim_t,
    },

    /// The process cannot go to the background.
    #[error(transparent)]
    Daemonize(#[from] daemon::daemonize::Error),

    /// The pid file is another's, or cannot be written.
    #[error(transparent)]
    PidFile(#[from] daemon::pid_file::Error),

    /// A system call failed.
    #[error("cannot {attempt}")]
    System {
        /// What was tried.
        attempt: &'static str,
        /// Why.
        source: io::Error,
    },
}
