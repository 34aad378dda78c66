//! First-level attributes (`IPVS_CMD_ATTR_*`, and `IPVS_INFO_ATTR_*` in the answer to GET_INFO).

use netlink_packet_core::{
    DecodeError, DefaultNla, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable, parse_u32,
};

use super::nested::{emit_run, parse_all, run_len};
use super::{Command, DaemonAttribute, DestinationAttribute, ServiceAttribute};

pub(super) const SERVICE: u16 = 1;
pub(super) const DEST: u16 = 2;
const DAEMON: u16 = 3;
const TIMEOUT_TCP: u16 = 4;
const TIMEOUT_TCP_FIN: u16 = 5;
const TIMEOUT_UDP: u16 = 6;

const INFO_VERSION: u16 = 1;
const INFO_CONN_TAB_SIZE: u16 = 2;

/// A first-level attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute {
    /// The service the command is about.
    Service(Vec<ServiceAttribute>),
    /// The destination the command is about.
    Destination(Vec<DestinationAttribute>),
    /// The synchronization daemon the command is about.
    Daemon(Vec<DaemonAttribute>),
    /// Timeout of established TCP connections, seconds.
    TimeoutTcp(u32),
    /// Timeout of TCP connections after a FIN, seconds.
    TimeoutTcpFin(u32),
    /// Timeout of UDP flows, seconds.
    TimeoutUdp(u32),
    /// An attribute of the answer to GET_INFO, which numbers its own from 1.
    Info(InfoAttribute),
    /// An attribute this crate does not know.
    Other(DefaultNla),
}

/// An attribute of [`Command::SetInfo`] (`IPVS_INFO_ATTR_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InfoAttribute {
    /// Version code, one byte per number.
    Version(u32),
    /// Buckets of the connection table.
    ConnectionTableSize(u32),
}

impl Attribute {
    /// Reads all attributes of a message: which numbers mean what depends on the command.
    pub(super) fn parse_all(bytes: &[u8], command: Command) -> Result<Vec<Self>, DecodeError> {
        if command == Command::SetInfo {
            let attributes: Vec<InInfo> = parse_all(bytes)?;
            Ok(attributes
                .into_iter()
                .map(|attribute| attribute.0)
                .collect())
        } else {
            parse_all(bytes)
        }
    }
}

impl Nla for Attribute {
    fn value_len(&self) -> usize {
        match self {
            Self::Service(attributes) => run_len(attributes),
            Self::Destination(attributes) => run_len(attributes),
            Self::Daemon(attributes) => run_len(attributes),
            Self::TimeoutTcp(_) | Self::TimeoutTcpFin(_) | Self::TimeoutUdp(_) | Self::Info(_) => 4,
            Self::Other(attribute) => attribute.value_len(),
        }
    }

    fn kind(&self) -> u16 {
        match self {
            Self::Service(_) => SERVICE | NLA_F_NESTED,
            Self::Destination(_) => DEST | NLA_F_NESTED,
            Self::Daemon(_) => DAEMON | NLA_F_NESTED,
            Self::TimeoutTcp(_) => TIMEOUT_TCP,
            Self::TimeoutTcpFin(_) => TIMEOUT_TCP_FIN,
            Self::TimeoutUdp(_) => TIMEOUT_UDP,
            Self::Info(InfoAttribute::Version(_)) => INFO_VERSION,
            Self::Info(InfoAttribute::ConnectionTableSize(_)) => INFO_CONN_TAB_SIZE,
            Self::Other(attribute) => attribute.kind(),
        }
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        match self {
            Self::Service(attributes) => emit_run(attributes, buffer),
            Self::Destination(attributes) => emit_run(attributes, buffer),
            Self::Daemon(attributes) => emit_run(attributes, buffer),
            Self::TimeoutTcp(value)
            | Self::TimeoutTcpFin(value)
            | Self::TimeoutUdp(value)
            | Self::Info(
                InfoAttribute::Version(value) | InfoAttribute::ConnectionTableSize(value),
            ) => buffer.copy_from_slice(&value.to_ne_bytes()),
            Self::Other(attribute) => attribute.emit_value(buffer),
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for Attribute {
    fn parse(attribute: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        let value = attribute.value();
        Ok(match attribute.kind() {
            SERVICE => Self::Service(parse_all(value).context("invalid IPVS_CMD_ATTR_SERVICE")?),
            DEST => Self::Destination(parse_all(value).context("invalid IPVS_CMD_ATTR_DEST")?),
            DAEMON => Self::Daemon(parse_all(value).context("invalid IPVS_CMD_ATTR_DAEMON")?),
            TIMEOUT_TCP => Self::TimeoutTcp(parse_u32(value)?),
            TIMEOUT_TCP_FIN => Self::TimeoutTcpFin(parse_u32(value)?),
            TIMEOUT_UDP => Self::TimeoutUdp(parse_u32(value)?),
            _ => Self::Other(DefaultNla::parse(attribute)?),
        })
    }
}

/// An attribute as it is read within the answer to GET_INFO.
struct InInfo(Attribute);

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for InInfo {
    fn parse(attribute: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        let value = attribute.value();
        Ok(Self(match attribute.kind() {
            INFO_VERSION => Attribute::Info(InfoAttribute::Version(parse_u32(value)?)),
            INFO_CONN_TAB_SIZE => {
                Attribute::Info(InfoAttribute::ConnectionTableSize(parse_u32(value)?))
            }
            _ => Attribute::Other(DefaultNla::parse(attribute)?),
        }))
    }
}
