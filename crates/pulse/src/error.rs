//! Why pulse refuses to start.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// A start-up error: one line on stderr, exit status 1.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration has no active block.
    #[error("no active lvs services defined in {}", file.display())]
    NoServices {
        /// The configuration file.
        file: PathBuf,
    },
    /// This host is in the configuration neither as primary nor as backup.
    #[error("this host carries neither the primary's address {primary} nor the backup's{}", own(*.backup))]
    NotARouter {
        /// The primary's address.
        primary: IpAddr,
        /// The backup's address.
        backup: Option<IpAddr>,
    },
    /// This host is the backup, and the backup is switched off.
    #[error("this host is the backup ({backup}), and backup_active is 0: nothing to do")]
    BackupInactive {
        /// The backup's address.
        backup: IpAddr,
    },
    /// An IPv6 address where this version knows only IPv4.
    #[error("{what} {address}: IPv6 is not supported in this version")]
    Ipv6 {
        /// What the address is for.
        what: &'static str,
        /// The address.
        address: IpAddr,
    },
    /// A socket for heartbeats cannot be bound.
    #[error("cannot create heartbeat socket. running as root? (UDP {address})")]
    HeartbeatSocket {
        /// Where it should be bound.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The host's own addresses cannot be read.
    #[error("cannot read this host's addresses")]
    OwnAddresses(#[source] io::Error),
    /// The netlink socket for floating addresses cannot be opened.
    #[error("cannot open a netlink socket for the floating addresses")]
    Netlink(#[source] io::Error),
    /// The packet socket for gratuitous ARP cannot be opened.
    #[error("cannot open a packet socket for gratuitous ARP. running as root?")]
    PacketSocket(#[source] io::Error),
    /// The kernel's IPVS cannot be used.
    #[error(transparent)]
    Ipvs(#[from] ipvs_netlink::Error),
    /// Another pulse runs, or the pid file cannot be written.
    #[error(transparent)]
    PidFile(#[from] daemon::pid_file::Error),
    /// The process cannot go to the background.
    #[error(transparent)]
    Daemonize(#[from] daemon::daemonize::Error),
    /// The event loop cannot be built.
    #[error("cannot start the event loop")]
    EventLoop(#[source] io::Error),
}

fn own(backup: Option<IpAddr>) -> String {
    backup
        .map(|address| format!(" {address}"))
        .unwrap_or_default()
}
