//! The small types that values of lvs.cf have: forwarding method, protocol, scheduler, device.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// How packets reach the real servers (`network`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    /// Address translation: replies come back through the router.
    Nat,
    /// Direct routing: same link, the real server holds the VIP too.
    Direct,
    /// IP-in-IP tunnel to the real server.
    Tunnel,
}

impl Network {
    pub(crate) const NAMES: [&'static str; 3] = ["nat", "direct", "tunnel"];

    /// The method called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "nat" => Some(Network::Nat),
            "direct" => Some(Network::Direct),
            "tunnel" => Some(Network::Tunnel),
            _ => None,
        }
    }

    /// The word lvs.cf uses.
    pub fn name(self) -> &'static str {
        match self {
            Network::Nat => "nat",
            Network::Direct => "direct",
            Network::Tunnel => "tunnel",
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The transport protocol of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP. No virtual server has it in this version; the heartbeat port's name is looked up
    /// under it.
    Udp,
}

impl Protocol {
    /// The protocol called `name` (`tcp`, `udp`).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "tcp" => Some(Protocol::Tcp),
            "udp" => Some(Protocol::Udp),
            _ => None,
        }
    }

    /// The word lvs.cf and `/etc/services` use.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! schedulers {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// A scheduler of the kernel's IPVS, by the name its module registers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Scheduler {
            $(#[doc = $doc] $variant,)*
        }

        impl Scheduler {
            pub(crate) const NAMES: [&'static str; [$($name),*].len()] = [$($name),*];

            /// The scheduler called `name`.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Scheduler::$variant),)*
                    _ => None,
                }
            }

            /// The kernel's name for it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Scheduler::$variant => $name,)*
                }
            }
        }
    };
}

schedulers! {
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

impl fmt::Display for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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
    /// Prefix length from `vip_nmask` or `nat_nmask`, 1 to 32. `None`: that of the connected
    /// subnet on the device that contains the address, else 32.
    pub prefix: Option<u8>,
}

/// The netmask of a prefix length; lengths above 32 count as 32.
pub fn ipv4_netmask(prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from(
        u32::MAX
            .checked_shl(32 - u32::from(prefix.min(32)))
            .unwrap_or(0),
    )
}
