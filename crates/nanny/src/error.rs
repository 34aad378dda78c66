//! Why a nanny does not start. Once it runs, nothing ends it but a signal or its parent's death.

use std::io;
use std::net::IpAddr;

/// What is wrong with a command line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Usage {
    /// Neither kind of service was asked for.
    #[error("one of --lvs and --fos is needed")]
    NoKind,

    /// Both kinds of service were asked for.
    #[error("only one of --lvs and --fos can be given")]
    TwoKinds,

    /// An option that cannot be left out.
    #[error("option {0} is needed")]
    Missing(&'static str),

    /// An unknown option, a missing value, or an argument too many.
    #[error(transparent)]
    Syntax(#[from] lexopt::Error),

    /// A value that the option does not take.
    #[error("{option} {value}: {problem}")]
    Value {
        /// The option's long name.
        option: &'static str,
        /// The value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A name that is neither an address nor known to the resolver.
    #[error("invalid host name or ip address: {name}")]
    Host {
        /// The name.
        name: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },

    /// An address that is good on one interface only: the table has none.
    #[error("{name}: an address with an interface is not supported: the table has none")]
    Scoped {
        /// The address, or the name that has it.
        name: String,
    },

    /// An IPv4 server for an IPv6 service, or the other way round.
    #[error("server {server} and virtual address {service} are of different families")]
    Families {
        /// The server's address.
        server: IpAddr,
        /// The virtual address.
        service: IpAddr,
    },
}

/// Why a nanny does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
