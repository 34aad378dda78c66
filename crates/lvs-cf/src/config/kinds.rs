//! The small types that values of lvs.cf have: forwarding method, protocol, scheduler, device, and
//! so on.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::Spanned;

macro_rules! words {
    ($(#[$doc:meta])* $type:ident $($variant:ident $name:literal $means:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type {
            $(#[doc = $means] $variant,)*
        }

        impl $type {
            /// All the words, in the order in which messages list them.
            pub const NAMES: [&'static str; [$($name),*].len()] = [$($name),*];

            /// The one called `name`.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some($type::$variant),)*
                    _ => None,
                }
            }

            /// The word lvs.cf uses.
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words! {
    /// Which kind of block is run (`service`).
    ServiceKind
    Lvs "lvs" "Virtual servers.",
    Fos "fos" "Failover services.",
}

words! {
    /// How packets reach the real servers (`network`).
    Network
    Nat "nat" "Address translation: replies come back through the router.",
    Direct "direct" "Direct routing: same link, the real server holds the VIP too.",
    Tunnel "tunnel" "IP-in-IP tunnel to the real server.",
}

words! {
    /// What a router does that finds the shared disk reserved (`reservation_conflict_action`).
    ReservationConflict
    Nothing "nothing" "Leaves it so.",
    Preempt "preempt" "Takes the reservation.",
}

words! {
    /// The transport protocol of a service, as lvs.cf and `/etc/services` call it.
    Protocol
    Tcp "tcp" "TCP.",
    Udp "udp" "UDP.",
    Sctp "sctp" "SCTP.",
}

words! {
    /// A scheduler of the kernel's IPVS, by the name its module registers.
    Scheduler
    Rr "rr" "Round robin.",
    Wrr "wrr" "Weighted round robin.",
    Lc "lc" "Least connections.",
    Wlc "wlc" "Weighted least connections.",
    Lblc "lblc" "Locality-based least connections.",
    Lblcr "lblcr" "Locality-based least connections with replication.",
    Dh "dh" "Destination hashing.",
    Sh "sh" "Source hashing.",
    Sed "sed" "Shortest expected delay.",
    Nq "nq" "Never queue.",
    Fo "fo" "Weighted failover.",
    Ovf "ovf" "Weighted overflow.",
    Mh "mh" "Maglev hashing.",
    Twos "twos" "Power of two choices.",
}

/// The device a floating address goes on: `eth1`, or with an alias `eth1:1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Device {
    /// The interface (`eth1`).
    pub interface: String,
    /// The whole alias (`eth1:1`), which becomes the address's label; at most 15 bytes.
    pub label: Option<String>,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label.as_ref().unwrap_or(&self.interface))
    }
}

/// An address that moves between the routers: a VIP, or the NAT router's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Floating {
    /// The address.
    pub address: IpAddr,
    /// Where it goes. `None`: the interface that carries this router's own public address.
    pub device: Option<Device>,
    /// Prefix length from `vip_nmask` or `nat_nmask`, 1 to 32, or 128 with IPv6. `None`: that of
    /// the connected subnet on the device that contains the address, else 32 or 128.
    pub prefix: Option<Spanned<u8>>,
}

/// The netmask of a prefix length; lengths above 32 count as 32.
pub fn ipv4_netmask(prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from(
        u32::MAX
            .checked_shl(32 - u32::from(prefix.min(32)))
            .unwrap_or(0),
    )
}
