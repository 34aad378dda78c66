//! A virtual service: its scheduler, flags and persistence.

use std::fmt;
use std::net::Ipv4Addr;
use std::ops::{BitOr, BitOrAssign};

use crate::{Family, ServiceKey, Stats};

/// Flags of a virtual service (`IP_VS_SVC_F_*`).
///
/// The persistence bit is kept by [`Service::persistence`], not here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ServiceFlags(u32);

impl ServiceFlags {
    /// Set by the kernel's table code; never reported and never sent.
    pub(crate) const HASHED: u32 = 0x0002;
    /// Persistence is on. Here only when the kernel reports it with a timeout of 0 seconds.
    pub const PERSISTENT: Self = Self(0x0001);
    /// One-packet scheduling: every UDP datagram is scheduled by itself (`-o`).
    pub const ONE_PACKET: Self = Self(0x0004);
    /// First flag of the scheduler.
    pub const SCHEDULER_1: Self = Self(0x0008);
    /// Second flag of the scheduler.
    pub const SCHEDULER_2: Self = Self(0x0010);
    /// Third flag of the scheduler.
    pub const SCHEDULER_3: Self = Self(0x0020);
    /// Schedulers `sh` and `mh`: go to another server when the hashed one is not available.
    pub const HASH_FALLBACK: Self = Self::SCHEDULER_1;
    /// Schedulers `sh` and `mh`: hash the source port too.
    pub const HASH_PORT: Self = Self::SCHEDULER_2;

    /// No flags.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Flags from the kernel's bits; unknown bits are kept.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & !Self::HASHED)
    }

    /// The kernel's bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags but those of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for ServiceFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for ServiceFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// How much of a client's address persistence looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Netmask {
    /// IPv4: a mask, which the kernel does not require to be contiguous.
    V4(Ipv4Addr),
    /// IPv6: a prefix length, 1 to 128.
    V6(u8),
}

impl Netmask {
    /// The mask that tells every client address from every other: the default.
    pub const fn host(family: Family) -> Self {
        match family {
            Family::V4 => Self::V4(Ipv4Addr::BROADCAST),
            Family::V6 => Self::V6(128),
        }
    }

    /// The family this mask is for.
    pub const fn family(self) -> Family {
        match self {
            Self::V4(_) => Family::V4,
            Self::V6(_) => Family::V6,
        }
    }
}

impl fmt::Display for Netmask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(mask) => mask.fmt(f),
            Self::V6(prefix) => prefix.fmt(f),
        }
    }
}

/// A virtual service as it is configured. Begin with [`Service::new`]: a later kernel may have more
/// to configure.
///
/// ```
/// use ipvs_netlink::{Protocol, Service, ServiceKey};
///
/// let key = ServiceKey::Address {
///     protocol: Protocol::Tcp,
///     address: "1.2.3.1".parse()?,
///     port: 80,
/// };
/// let service = Service { persistence: 300, ..Service::new(key, "wlc") };
/// assert_eq!(service.to_string(), "-t 1.2.3.1:80 -s wlc -p 300");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What names it.
    pub key: ServiceKey,
    /// Name of the scheduler, 1 to 15 bytes: `wlc`, `rr`, ... The kernel loads the module
    /// `ip_vs_NAME` when it can. `none` lets only persistence engines choose.
    pub scheduler: String,
    /// Flags of the service and of its scheduler.
    pub flags: ServiceFlags,
    /// Seconds a client stays with its destination, up to 4294967; 0 for no persistence.
    pub persistence: u32,
    /// Which clients persistence takes for one. Must be of the service's family.
    pub netmask: Netmask,
    /// Persistence engine, 1 to 15 bytes; the kernel has `sip`.
    pub pe_name: Option<String>,
}

impl Service {
    /// A service with no flags and no persistence.
    pub fn new(key: ServiceKey, scheduler: impl Into<String>) -> Self {
        Self {
            key,
            scheduler: scheduler.into(),
            flags: ServiceFlags::empty(),
            persistence: 0,
            netmask: Netmask::host(key.family()),
            pe_name: None,
        }
    }

    /// Brings the service into the form it has when it is read back: the persistence flag stands
    /// for itself only where there is no timeout.
    pub(crate) fn normalize(&mut self) {
        if self.persistence > 0 {
            self.flags = self.flags.without(ServiceFlags::PERSISTENT);
        }
    }
}

/// A service as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceEntry {
    /// The configuration.
    pub service: Service,
    /// Totals and rates.
    pub stats: Stats,
}

impl ServiceEntry {
    /// A service that nothing was counted of.
    pub fn new(service: Service) -> Self {
        Self {
            service,
            stats: Stats::default(),
        }
    }
}
