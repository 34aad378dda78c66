//! Attributes of a destination (`IPVS_DEST_ATTR_*`).

mod typed;

use netlink_packet_core::{
    DecodeError, DefaultNla, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable, parse_u8,
    parse_u16, parse_u16_be, parse_u32,
};

pub(crate) use self::typed::each_configured;
use super::nested::{address_union, emit_run, parse_all, parse_union, run_len};
use super::stats::StatsAttribute;
use crate::{Destination, DestinationKey, Family, Forwarding, Tunnel};

const ADDR: u16 = 1;
const PORT: u16 = 2;
const FWD_METHOD: u16 = 3;
const WEIGHT: u16 = 4;
const U_THRESH: u16 = 5;
const L_THRESH: u16 = 6;
const ACTIVE_CONNS: u16 = 7;
const INACT_CONNS: u16 = 8;
const PERSIST_CONNS: u16 = 9;
const STATS: u16 = 10;
const ADDR_FAMILY: u16 = 11;
const STATS64: u16 = 12;
const TUN_TYPE: u16 = 13;
const TUN_PORT: u16 = 14;
const TUN_FLAGS: u16 = 15;

/// Numbers of the tunnel types (`IP_VS_CONN_F_TUNNEL_TYPE_*`).
const IPIP: u8 = 0;
const GUE: u8 = 1;
const GRE: u8 = 2;

/// An attribute of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DestinationAttribute {
    /// Address: a union of 16 bytes, IPv4 in the first 4.
    Address([u8; 16]),
    /// Port, host order here and big-endian on the wire.
    Port(u16),
    /// Connection flags; the lowest three bits are the forwarding method.
    ForwardingMethod(u32),
    /// Weight; the kernel's is signed and refuses negative ones.
    Weight(u32),
    /// Upper threshold, connections.
    UpperThreshold(u32),
    /// Lower threshold, connections.
    LowerThreshold(u32),
    /// Connections in an established state.
    ActiveConnections(u32),
    /// Connections in any other state.
    InactiveConnections(u32),
    /// Persistence templates.
    PersistentConnections(u32),
    /// Statistics, 32 bits wide.
    Stats(Vec<StatsAttribute>),
    /// Address family (Linux 3.18); before that it is the service's.
    Family(u16),
    /// Statistics, 64 bits wide.
    Stats64(Vec<StatsAttribute>),
    /// Tunnel type.
    TunnelType(u8),
    /// Tunnel port, host order here and big-endian on the wire.
    TunnelPort(u16),
    /// Tunnel flags.
    TunnelFlags(u16),
    /// An attribute this crate does not know.
    Other(DefaultNla),
}

impl Nla for DestinationAttribute {
    #[inline]
    fn value_len(&self) -> usize {
        match self {
            Self::Address(_) => 16,
            Self::Port(_) | Self::Family(_) | Self::TunnelPort(_) | Self::TunnelFlags(_) => 2,
            Self::ForwardingMethod(_)
            | Self::Weight(_)
            | Self::UpperThreshold(_)
            | Self::LowerThreshold(_)
            | Self::ActiveConnections(_)
            | Self::InactiveConnections(_)
            | Self::PersistentConnections(_) => 4,
            Self::Stats(attributes) | Self::Stats64(attributes) => run_len(attributes),
            Self::TunnelType(_) => 1,
            Self::Other(attribute) => attribute.value_len(),
        }
    }

    #[inline]
    fn kind(&self) -> u16 {
        match self {
            Self::Address(_) => ADDR,
            Self::Port(_) => PORT,
            Self::ForwardingMethod(_) => FWD_METHOD,
            Self::Weight(_) => WEIGHT,
            Self::UpperThreshold(_) => U_THRESH,
            Self::LowerThreshold(_) => L_THRESH,
            Self::ActiveConnections(_) => ACTIVE_CONNS,
            Self::InactiveConnections(_) => INACT_CONNS,
            Self::PersistentConnections(_) => PERSIST_CONNS,
            Self::Stats(_) => STATS | NLA_F_NESTED,
            Self::Family(_) => ADDR_FAMILY,
            Self::Stats64(_) => STATS64 | NLA_F_NESTED,
            Self::TunnelType(_) => TUN_TYPE,
            Self::TunnelPort(_) => TUN_PORT,
            Self::TunnelFlags(_) => TUN_FLAGS,
            Self::Other(attribute) => attribute.kind(),
        }
    }

    #[inline]
    fn emit_value(&self, buffer: &mut [u8]) {
        match self {
            Self::Address(union) => buffer.copy_from_slice(union),
            Self::Port(port) | Self::TunnelPort(port) => {
                buffer.copy_from_slice(&port.to_be_bytes());
            }
            Self::Family(value) | Self::TunnelFlags(value) => {
                buffer.copy_from_slice(&value.to_ne_bytes());
            }
            Self::ForwardingMethod(value)
            | Self::Weight(value)
            | Self::UpperThreshold(value)
            | Self::LowerThreshold(value)
            | Self::ActiveConnections(value)
            | Self::InactiveConnections(value)
            | Self::PersistentConnections(value) => buffer.copy_from_slice(&value.to_ne_bytes()),
            Self::Stats(attributes) | Self::Stats64(attributes) => {
                emit_run(attributes, buffer);
            }
            Self::TunnelType(value) => buffer.fill(*value),
            Self::Other(attribute) => attribute.emit_value(buffer),
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for DestinationAttribute {
    fn parse(attribute: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        let value = attribute.value();
        let kind = attribute.kind();
        Self::parse_known(kind, value)
            .with_context(|| format!("invalid destination attribute {kind}"))?
            .map_or_else(|| DefaultNla::parse(attribute).map(Self::Other), Ok)
    }
}

impl DestinationAttribute {
    /// Reads an attribute this crate knows; `None` for any other.
    fn parse_known(kind: u16, value: &[u8]) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match kind {
            ADDR => Self::Address(parse_union(value)?),
            PORT => Self::Port(parse_u16_be(value)?),
            FWD_METHOD => Self::ForwardingMethod(parse_u32(value)?),
            WEIGHT => Self::Weight(parse_u32(value)?),
            U_THRESH => Self::UpperThreshold(parse_u32(value)?),
            L_THRESH => Self::LowerThreshold(parse_u32(value)?),
            ACTIVE_CONNS => Self::ActiveConnections(parse_u32(value)?),
            INACT_CONNS => Self::InactiveConnections(parse_u32(value)?),
            PERSIST_CONNS => Self::PersistentConnections(parse_u32(value)?),
            STATS => Self::Stats(parse_all(value)?),
            ADDR_FAMILY => Self::Family(parse_u16(value)?),
            STATS64 => Self::Stats64(parse_all(value)?),
            TUN_TYPE => Self::TunnelType(parse_u8(value)?),
            TUN_PORT => Self::TunnelPort(parse_u16_be(value)?),
            TUN_FLAGS => Self::TunnelFlags(parse_u16(value)?),
            _ => return Ok(None),
        }))
    }

    /// The attributes that name a destination: what deleting one needs.
    pub fn of_key(key: &DestinationKey) -> Vec<Self> {
        let mut attributes = Vec::new();
        Self::each_of_key(key, |attribute| attributes.push(attribute));
        attributes
    }

    /// The attributes of a whole destination. The kernel refuses to add or change one (`EINVAL`)
    /// unless forwarding method, weight and both thresholds are there.
    pub fn of_destination(destination: &Destination) -> Vec<Self> {
        let mut attributes = Vec::new();
        Self::each_of_destination(destination, |attribute| attributes.push(attribute));
        attributes
    }

    /// Passes on the attributes of [`Self::of_key`].
    #[inline]
    pub(super) fn each_of_key(key: &DestinationKey, mut take: impl FnMut(Self)) {
        take(Self::Family(Family::of(key.address).number()));
        take(Self::Address(address_union(key.address)));
        take(Self::Port(key.port));
    }

    /// Passes on the attributes of [`Self::of_destination`].
    #[inline]
    pub(super) fn each_of_destination(destination: &Destination, mut take: impl FnMut(Self)) {
        Self::each_of_key(&destination.key, &mut take);
        take(Self::ForwardingMethod(destination.forwarding.number()));
        take(Self::Weight(destination.weight));
        take(Self::UpperThreshold(destination.upper_threshold));
        take(Self::LowerThreshold(destination.lower_threshold));
        if destination.forwarding == Forwarding::Tunnel {
            let (kind, port, flags) = match destination.tunnel {
                Tunnel::Ipip => (IPIP, 0, 0),
                Tunnel::Gue { port, checksum } => (GUE, port, checksum.bits()),
                Tunnel::Gre { checksum } => (GRE, 0, checksum.bits()),
                Tunnel::Other { kind, port, flags } => (kind, port, flags),
            };
            take(Self::TunnelType(kind));
            take(Self::TunnelPort(port));
            take(Self::TunnelFlags(flags));
        }
    }
}
