//! Attributes of a synchronization daemon (`IPVS_DAEMON_ATTR_*`), and the typed daemon.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{
    DecodeError, DefaultNla, ErrorContext, Nla, NlaBuffer, Parseable, parse_u8, parse_u16,
    parse_u32,
};

use super::nested::{emit_name, missing, name_len, parse_name};
use crate::{Daemon, DaemonState};

const STATE: u16 = 1;
const MCAST_IFN: u16 = 2;
const SYNC_ID: u16 = 3;
const SYNC_MAXLEN: u16 = 4;
const MCAST_GROUP: u16 = 5;
const MCAST_GROUP6: u16 = 6;
const MCAST_PORT: u16 = 7;
const MCAST_TTL: u16 = 8;

/// An attribute of a synchronization daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DaemonAttribute {
    /// Which half it does.
    State(u32),
    /// Interface of the multicasts.
    Interface(String),
    /// Group of routers.
    SyncId(u32),
    /// Longest datagram, payload bytes.
    MaxLength(u16),
    /// IPv4 multicast group.
    Group(Ipv4Addr),
    /// IPv6 multicast group.
    Group6(Ipv6Addr),
    /// UDP port. Host order on the wire, unlike every other port of the family.
    Port(u16),
    /// Time to live of the multicasts.
    Ttl(u8),
    /// An attribute this crate does not know.
    Other(DefaultNla),
}

impl Nla for DaemonAttribute {
    fn value_len(&self) -> usize {
        match self {
            Self::State(_) | Self::SyncId(_) | Self::Group(_) => 4,
            Self::Interface(name) => name_len(name),
            Self::MaxLength(_) | Self::Port(_) => 2,
            Self::Group6(_) => 16,
            Self::Ttl(_) => 1,
            Self::Other(attribute) => attribute.value_len(),
        }
    }

    fn kind(&self) -> u16 {
        match self {
            Self::State(_) => STATE,
            Self::Interface(_) => MCAST_IFN,
            Self::SyncId(_) => SYNC_ID,
            Self::MaxLength(_) => SYNC_MAXLEN,
            Self::Group(_) => MCAST_GROUP,
            Self::Group6(_) => MCAST_GROUP6,
            Self::Port(_) => MCAST_PORT,
            Self::Ttl(_) => MCAST_TTL,
            Self::Other(attribute) => attribute.kind(),
        }
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        match self {
            Self::State(value) | Self::SyncId(value) => {
                buffer.copy_from_slice(&value.to_ne_bytes());
            }
            Self::Interface(name) => emit_name(name, buffer),
            Self::MaxLength(value) | Self::Port(value) => {
                buffer.copy_from_slice(&value.to_ne_bytes());
            }
            Self::Group(address) => buffer.copy_from_slice(&address.octets()),
            Self::Group6(address) => buffer.copy_from_slice(&address.octets()),
            Self::Ttl(value) => buffer.fill(*value),
            Self::Other(attribute) => attribute.emit_value(buffer),
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for DaemonAttribute {
    fn parse(attribute: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        let kind = attribute.kind();
        Self::parse_known(kind, attribute.value())
            .with_context(|| format!("invalid daemon attribute {kind}"))?
            .map_or_else(|| DefaultNla::parse(attribute).map(Self::Other), Ok)
    }
}

impl DaemonAttribute {
    /// Reads an attribute this crate knows; `None` for any other.
    fn parse_known(kind: u16, value: &[u8]) -> Result<Option<Self>, DecodeError> {
        let bad_address = || DecodeError::invalid_ip_address(value.len());
        Ok(Some(match kind {
            STATE => Self::State(parse_u32(value)?),
            MCAST_IFN => Self::Interface(parse_name(value)),
            SYNC_ID => Self::SyncId(parse_u32(value)?),
            SYNC_MAXLEN => Self::MaxLength(parse_u16(value)?),
            MCAST_GROUP => Self::Group(
                <[u8; 4]>::try_from(value)
                    .map_err(|_| bad_address())?
                    .into(),
            ),
            MCAST_GROUP6 => Self::Group6(
                <[u8; 16]>::try_from(value)
                    .map_err(|_| bad_address())?
                    .into(),
            ),
            MCAST_PORT => Self::Port(parse_u16(value)?),
            MCAST_TTL => Self::Ttl(parse_u8(value)?),
            _ => return Ok(None),
        }))
    }

    /// The attributes that start a daemon.
    pub fn of_daemon(daemon: &Daemon) -> Vec<Self> {
        let mut attributes = vec![
            Self::State(daemon.state.number()),
            Self::Interface(daemon.interface.clone()),
            Self::SyncId(daemon.sync_id),
        ];
        attributes.extend(daemon.max_length.map(Self::MaxLength));
        attributes.extend(daemon.group.map(|group| match group {
            IpAddr::V4(group) => Self::Group(group),
            IpAddr::V6(group) => Self::Group6(group),
        }));
        attributes.extend(daemon.port.map(Self::Port));
        attributes.extend(daemon.ttl.map(Self::Ttl));
        attributes
    }

    /// The attributes that stop a daemon.
    pub fn of_state(state: DaemonState) -> Vec<Self> {
        vec![Self::State(state.number())]
    }
}

impl TryFrom<&[DaemonAttribute]> for Daemon {
    type Error = DecodeError;

    /// The daemon a kernel answer describes.
    ///
    /// # Errors
    /// State or interface is missing, or the state is not a running one.
    fn try_from(attributes: &[DaemonAttribute]) -> Result<Self, DecodeError> {
        let (mut state, mut interface, mut sync_id) = (None, None, 0);
        let (mut max_length, mut group, mut port, mut ttl) = (None, None, None, None);
        for attribute in attributes {
            match attribute {
                DaemonAttribute::State(number) => state = DaemonState::from_number(*number),
                DaemonAttribute::Interface(name) => interface = Some(name.clone()),
                DaemonAttribute::SyncId(number) => sync_id = *number,
                DaemonAttribute::MaxLength(value) => max_length = Some(*value),
                DaemonAttribute::Group(address) => group = Some(IpAddr::V4(*address)),
                DaemonAttribute::Group6(address) => group = Some(IpAddr::V6(*address)),
                DaemonAttribute::Port(value) => port = Some(*value),
                DaemonAttribute::Ttl(value) => ttl = Some(*value),
                DaemonAttribute::Other(_) => {}
            }
        }
        Ok(Self {
            state: state.ok_or_else(|| missing("IPVS_DAEMON_ATTR_STATE"))?,
            interface: interface.ok_or_else(|| missing("IPVS_DAEMON_ATTR_MCAST_IFN"))?,
            sync_id,
            max_length,
            group,
            port,
            ttl,
        })
    }
}
