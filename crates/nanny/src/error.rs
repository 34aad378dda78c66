//! Why a nanny does not start. Once it runs, nothing ends it but a signal or its parent's death.

use std::io;

/// Why a nanny does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option of 0.8.6 that this version does not have.
    #[error("option {0} is not supported in this version")]
    Unsupported(&'static str),

    /// Neither kind of service was asked for.
    #[error("one of --lvs and --fos is needed")]
    NoKind,

    /// A name that is neither an address nor known to the resolver.
    #[error("invalid host name or ip address: {name}")]
    Host {
        /// The name.
        name: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },

    /// An IPv4 server for an IPv6 service, or the other way round.
    #[error("server and virtual address are of different families")]
    Families,

    /// The process could not go to the background.
    #[error(transparent)]
    Background(#[from] daemon::daemonize::Error),

    /// Signals could not be arranged.
    #[error("cannot watch for signals")]
    Signals(#[source] io::Error),

    /// The kernel's table cannot be used.
    #[error(transparent)]
    Table(#[from] ipvs_netlink::Error),
}
