//! Start-up errors of a nanny. A running nanny ends only by a signal, its parent's death, or the
//! end of a watch.

use std::io;
use std::net::IpAddr;

/// Errors in the command line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Usage {
    /// Neither kind of service was selected.
    #[error("option --lvs or --fos is required")]
    NoKind,

    /// Both kinds of service were selected.
    #[error("options --lvs and --fos exclude each other")]
    TwoKinds,

    /// A required option is missing.
    #[error("option {0} is required")]
    Missing(&'static str),

    /// An unknown option, a missing value, or a surplus argument.
    #[error(transparent)]
    Syntax(#[from] lexopt::Error),

    /// An invalid value of an option.
    #[error("{option} {value}: {problem}")]
    Value {
        /// The option's long name.
        option: &'static str,
        /// The value.
        value: String,
        /// The problem with the value.
        problem: String,
    },

    /// A name that is neither an address nor resolvable.
    #[error("invalid host name or ip address: {name}")]
    Host {
        /// The name.
        name: String,
        /// The resolver's error.
        #[source]
        source: io::Error,
    },

    /// An address with a scope, which the IPVS table cannot hold.
    #[error("{name}: addresses with an interface are not supported")]
    Scoped {
        /// The address, or the name that resolves to it.
        name: String,
    },

    /// The address families of server and service differ.
    #[error("server {server} and virtual address {service} differ in address family")]
    Families {
        /// The server's address.
        server: IpAddr,
        /// The virtual address.
        service: IpAddr,
    },
}

/// Start-up errors other than those of the command line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The process could not daemonize.
    #[error(transparent)]
    Background(#[from] daemon::daemonize::Error),

    /// Signal handling could not be set up.
    #[error("cannot set up signal handling")]
    Signals(#[source] io::Error),

    /// The IPVS table cannot be used.
    #[error(transparent)]
    Table(#[from] ipvs_netlink::Error),
}
