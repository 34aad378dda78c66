//! What is there once per network namespace: version, timeouts, synchronization daemons.

use std::fmt;
use std::net::IpAddr;

/// Version and sizes of the kernel's IPVS (`IPVS_CMD_GET_INFO`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Version of IPVS.
    pub version: Version,
    /// Buckets in the hash table of connections.
    pub connection_table_size: u32,
}

/// A version such as 1.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// First number.
    pub major: u8,
    /// Second number.
    pub minor: u8,
    /// Third number.
    pub patch: u8,
}

impl Version {
    /// From the kernel's code: one byte per number (`NVERSION` in the header).
    pub fn from_code(code: u32) -> Self {
        let [_, major, minor, patch] = code.to_be_bytes();
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Timeouts of connections (`IPVS_CMD_GET_CONFIG`, `IPVS_CMD_SET_CONFIG`), in seconds.
///
/// When setting, a zero leaves that timeout as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Of an established TCP connection.
    pub tcp: u32,
    /// Of a TCP connection after a FIN.
    pub tcp_fin: u32,
    /// Of a UDP flow.
    pub udp: u32,
}

/// Which half of connection synchronization a daemon does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DaemonState {
    /// Sends connections.
    Master,
    /// Receives them.
    Backup,
}

impl DaemonState {
    /// The kernel's number.
    pub fn number(self) -> u32 {
        match self {
            Self::Master => 1,
            Self::Backup => 2,
        }
    }

    /// The state with the kernel's number `number`, if it is a running one.
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Master),
            2 => Some(Self::Backup),
            _ => None,
        }
    }
}

/// A synchronization daemon. Begin with [`Daemon::new`]: a later kernel may have more to configure.
///
/// The fields that are `None` or `Some(0)` are left to the kernel when starting one. One that is read
/// back has them all (Linux 4.3), and not always as they were asked for: see
/// [`max_length`](Self::max_length).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// Which half it does.
    pub state: DaemonState,
    /// Interface that carries the multicasts, 1 to 15 bytes.
    pub interface: String,
    /// Group of routers it belongs to, 0 to 255. A backup with 0 takes from all. The kernel takes
    /// higher ones too, of which nothing good comes, so one can be read that another program set.
    pub sync_id: u32,
    /// Longest datagram sent or received, payload bytes (`--sync-maxlen`, Linux 4.3). The kernel's
    /// default is what fits the interface's datagrams. It gives a backup at least 1024, and nobody more
    /// than a datagram takes (65507 over IPv4).
    pub max_length: Option<u16>,
    /// Multicast group (Linux 4.3); the kernel's default is 224.0.0.81.
    pub group: Option<IpAddr>,
    /// UDP port, host order (Linux 4.3); the kernel's default is 8848.
    pub port: Option<u16>,
    /// Time to live of the multicasts (Linux 4.3); the kernel's default is 1.
    pub ttl: Option<u8>,
}

impl Daemon {
    /// A daemon with the kernel's defaults.
    pub fn new(state: DaemonState, interface: impl Into<String>, sync_id: u32) -> Self {
        Self {
            state,
            interface: interface.into(),
            sync_id,
            max_length: None,
            group: None,
            port: None,
            ttl: None,
        }
    }
}
