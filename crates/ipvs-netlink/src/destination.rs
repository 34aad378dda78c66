//! A destination (real server) of a service: forwarding, weight, thresholds, tunnel.

use std::net::IpAddr;

use crate::{DestinationKey, ServiceKey, Stats};

/// How packets reach a destination (`IP_VS_CONN_F_FWD_MASK`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forwarding {
    /// Addresses are rewritten, both ways (`-m`).
    Masquerade,
    /// To this host itself.
    Local,
    /// Encapsulated (`-i`).
    Tunnel,
    /// Sent on unchanged, to the link address of the real server (`-g`).
    #[default]
    Direct,
    /// Past the cache, to where the packet was going.
    Bypass,
    /// One without a name, 5 to 7, which the kernel takes and does nothing sensible with. Never the
    /// number of one above: see [`Forwarding::from_flags`].
    Other(u8),
}

impl Forwarding {
    /// The kernel's number.
    pub fn number(self) -> u32 {
        match self {
            Self::Masquerade => 0,
            Self::Local => 1,
            Self::Tunnel => 2,
            Self::Direct => 3,
            Self::Bypass => 4,
            Self::Other(number) => u32::from(number),
        }
    }

    /// The method in the kernel's connection flags: their lowest three bits.
    pub fn from_flags(flags: u32) -> Self {
        match flags.to_le_bytes()[0] & 7 {
            0 => Self::Masquerade,
            1 => Self::Local,
            2 => Self::Tunnel,
            3 => Self::Direct,
            4 => Self::Bypass,
            number => Self::Other(number),
        }
    }
}

/// What protects the packets inside a GUE or GRE tunnel (`IP_VS_TUNNEL_ENCAP_FLAG_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TunnelChecksum {
    /// No checksum.
    #[default]
    None,
    /// A checksum (`--tun-csum`).
    Checksum,
    /// Remote checksum offload (`--tun-remcsum`); GUE only.
    Remote,
    /// Any other bits, kept as they are: both of the flags above, or one of a later kernel. Never
    /// those of one above: see [`TunnelChecksum::from_bits`].
    Other(u16),
}

impl TunnelChecksum {
    /// The kernel's flag bits.
    pub fn bits(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Checksum => 1,
            Self::Remote => 2,
            Self::Other(bits) => bits,
        }
    }

    /// From the kernel's flag bits.
    pub fn from_bits(bits: u16) -> Self {
        match bits {
            0 => Self::None,
            1 => Self::Checksum,
            2 => Self::Remote,
            _ => Self::Other(bits),
        }
    }
}

/// The kind of tunnel to a destination with [`Forwarding::Tunnel`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tunnel {
    /// IP in IP.
    #[default]
    Ipip,
    /// Generic UDP encapsulation (Linux 5.2; checksums 5.3).
    Gue {
        /// UDP port of the far end, host order; not 0.
        port: u16,
        /// Protection of the packets inside.
        checksum: TunnelChecksum,
    },
    /// Generic routing encapsulation (Linux 5.3).
    Gre {
        /// Protection of the packets inside.
        checksum: TunnelChecksum,
    },
    /// A kind this crate does not know: kept as it is, so that one destination of a later kernel's
    /// does not hide the others.
    Other {
        /// The kernel's number of the kind, above 2.
        kind: u8,
        /// Port, host order.
        port: u16,
        /// The kernel's flag bits.
        flags: u16,
    },
}

/// A destination as it is configured. Begin with [`Destination::new`]: a later kernel may have more
/// to configure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// What names it within its service.
    pub key: DestinationKey,
    /// How packets reach it.
    pub forwarding: Forwarding,
    /// Share of new connections, 0 to 2147483647; 0 gets none but keeps those it has.
    pub weight: u32,
    /// Connections at which it gets no new ones; 0 for no limit. Some kernels refuse more than
    /// 2147483647 (Linux 6.1.192 does).
    pub upper_threshold: u32,
    /// Connections below which it gets new ones again; 0 for three quarters of the upper one.
    /// At most the upper one.
    pub lower_threshold: u32,
    /// The kind of tunnel; only looked at with [`Forwarding::Tunnel`].
    pub tunnel: Tunnel,
}

impl Destination {
    /// A destination without thresholds.
    pub fn new(address: IpAddr, port: u16, forwarding: Forwarding, weight: u32) -> Self {
        Self {
            key: DestinationKey { address, port },
            forwarding,
            weight,
            upper_threshold: 0,
            lower_threshold: 0,
            tunnel: Tunnel::default(),
        }
    }

    /// Brings the destination into the form it has in the table of `service`.
    ///
    /// Direct and tunnel forwarding do not rewrite ports, so the port is the service's (a service
    /// named by a firewall mark has none, and the port stays). The tunnel kind is reset where
    /// there is no tunnel. `ipvsadm` does the same to what it is given.
    pub fn normalize(&mut self, service: &ServiceKey) {
        if let (Forwarding::Direct | Forwarding::Tunnel, Some(port)) =
            (self.forwarding, service.port())
        {
            self.key.port = port;
        }
        self.drop_unused_tunnel();
    }

    /// Without a tunnel its kind means nothing, and is not read back.
    pub(crate) fn drop_unused_tunnel(&mut self) {
        if self.forwarding != Forwarding::Tunnel {
            self.tunnel = Tunnel::default();
        }
    }
}

/// A destination as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DestinationEntry {
    /// The configuration.
    pub destination: Destination,
    /// Connections in an established state.
    pub active_connections: u32,
    /// Connections in any other state.
    pub inactive_connections: u32,
    /// Persistence templates.
    pub persistent_connections: u32,
    /// Totals and rates.
    pub stats: Stats,
}

impl DestinationEntry {
    /// A destination without connections, that nothing was counted of.
    pub fn new(destination: Destination) -> Self {
        Self {
            destination,
            active_connections: 0,
            inactive_connections: 0,
            persistent_connections: 0,
            stats: Stats::default(),
        }
    }
}
