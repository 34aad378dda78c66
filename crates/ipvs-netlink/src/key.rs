//! What names a virtual service and a destination: the keys of every table.

use std::cmp::Ordering;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Address family of a service or destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4, `AF_INET`.
    V4,
    /// IPv6, `AF_INET6`.
    V6,
}

impl Family {
    /// The family an address belongs to.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() {
            Self::V4
        } else {
            Self::V6
        }
    }

    /// The kernel's number: `AF_INET` is 2, `AF_INET6` is 10.
    pub fn number(self) -> u16 {
        match self {
            Self::V4 => 2,
            Self::V6 => 10,
        }
    }

    /// The family with the kernel's number `number`, if it is one IPVS has.
    pub fn from_number(number: u16) -> Option<Self> {
        match number {
            2 => Some(Self::V4),
            10 => Some(Self::V6),
            _ => None,
        }
    }
}

/// Transport protocol of a service that is named by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// TCP, number 6.
    Tcp,
    /// UDP, number 17.
    Udp,
    /// SCTP, number 132.
    Sctp,
    /// Any other, by its number. IPVS balances none of them, but takes a service of any, so a table
    /// can have one that somebody made. `ipvsadm` has no option for it. Never the number of one
    /// above: see [`Protocol::from_number`].
    Other(u16),
}

impl Protocol {
    /// The IP protocol number.
    pub fn number(self) -> u16 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
            Self::Other(number) => number,
        }
    }

    /// The protocol with this IP protocol number.
    pub fn from_number(number: u16) -> Self {
        match number {
            6 => Self::Tcp,
            17 => Self::Udp,
            132 => Self::Sctp,
            _ => Self::Other(number),
        }
    }

    /// The option of `ipvsadm` that names a service of this protocol. It prints the last one, but
    /// does not take it.
    fn option(self) -> &'static str {
        match self {
            Self::Tcp => "-t",
            Self::Udp => "-u",
            Self::Sctp => "--sctp-service",
            Self::Other(_) => "--xxx-service",
        }
    }
}

/// What names a virtual service.
///
/// The kernel knows a service either by protocol, address and port, or by a firewall mark and a
/// family, never by both. Keys order as in `ipvsadm -L`: addresses before marks, IPv4 before IPv6,
/// then by protocol number, address and port.
///
/// [`Display`](fmt::Display) writes the key as `ipvsadm` takes it.
///
/// ```
/// use ipvs_netlink::{Family, Protocol, ServiceKey};
///
/// let web = ServiceKey::Address {
///     protocol: Protocol::Tcp,
///     address: "1.2.3.1".parse()?,
///     port: 80,
/// };
/// assert_eq!(web.to_string(), "-t 1.2.3.1:80");
/// let marked = ServiceKey::Fwmark { family: Family::V4, mark: 80 };
/// assert_eq!(marked.to_string(), "-f 80");
/// assert!(web < marked);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceKey {
    /// Packets of one protocol to one address and port.
    Address {
        /// Transport protocol.
        protocol: Protocol,
        /// Virtual address.
        address: IpAddr,
        /// Virtual port, host order. 0 means every port, and needs persistence.
        port: u16,
    },
    /// Packets that carry a firewall mark.
    Fwmark {
        /// Family of the marked packets.
        family: Family,
        /// The mark; not 0.
        mark: u32,
    },
}

impl ServiceKey {
    /// The family of the service: destinations take it too, except behind a tunnel.
    pub fn family(&self) -> Family {
        match self {
            Self::Address { address, .. } => Family::of(*address),
            Self::Fwmark { family, .. } => *family,
        }
    }

    /// The virtual port, or `None` for a service named by a firewall mark.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Address { port, .. } => Some(*port),
            Self::Fwmark { .. } => None,
        }
    }

    /// What the order is taken from. A mark is never 0, so 0 sorts addresses first.
    fn rank(&self) -> impl Ord {
        match *self {
            Self::Address {
                protocol,
                address,
                port,
            } => {
                // Behind the number, for one that has a name and is written as a number.
                let place = (protocol.number(), protocol, address, port);
                (0, self.family(), Some(place))
            }
            Self::Fwmark { family, mark } => (mark, family, None),
        }
    }
}

impl Ord for ServiceKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for ServiceKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Address {
                protocol,
                address,
                port,
            } => {
                write!(f, "{} {}", protocol.option(), Endpoint(address, port))
            }
            Self::Fwmark {
                family: Family::V4,
                mark,
            } => write!(f, "-f {mark}"),
            Self::Fwmark {
                family: Family::V6,
                mark,
            } => write!(f, "-f {mark} -6"),
        }
    }
}

/// What names a destination (a real server) within its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestinationKey {
    /// Address of the real server.
    pub address: IpAddr,
    /// Port of the real server, host order. With direct and tunnel forwarding it is the port of
    /// the service, because those do not rewrite the packet.
    pub port: u16,
}

impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Endpoint(self.address, self.port).fmt(f)
    }
}

/// An address and a port as `ipvsadm` prints them. Its C library (glibc) writes `::1.2.3.4` where the
/// standard library writes `::102:304`.
struct Endpoint(IpAddr, u16);

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(address, port) = *self;
        if let IpAddr::V6(v6) = address
            && let [0, 0, 0, 0, 0, 0, 1..=u16::MAX, _] = v6.segments()
        {
            let [.., a, b, c, d] = v6.octets();
            return write!(f, "[::{}]:{port}", Ipv4Addr::new(a, b, c, d));
        }
        SocketAddr::new(address, port).fmt(f)
    }
}
