//! Attributes of statistics (`IPVS_STATS_ATTR_*`), 32 and 64 bits wide.

use netlink_packet_core::{DecodeError, DefaultNla, Nla, NlaBuffer, Parseable};

use crate::Stats;

/// Which counter an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum Counter {
    /// Connections scheduled.
    Connections = 1,
    /// Packets from clients.
    InPackets = 2,
    /// Packets to clients.
    OutPackets = 3,
    /// Bytes from clients.
    InBytes = 4,
    /// Bytes to clients.
    OutBytes = 5,
    /// Connections per second.
    ConnectionRate = 6,
    /// Packets from clients per second.
    InPacketRate = 7,
    /// Packets to clients per second.
    OutPacketRate = 8,
    /// Bytes from clients per second.
    InByteRate = 9,
    /// Bytes to clients per second.
    OutByteRate = 10,
}

impl Counter {
    /// Every counter, in the order of their numbers.
    pub const ALL: &[Self] = &[
        Self::Connections,
        Self::InPackets,
        Self::OutPackets,
        Self::InBytes,
        Self::OutBytes,
        Self::ConnectionRate,
        Self::InPacketRate,
        Self::OutPacketRate,
        Self::InByteRate,
        Self::OutByteRate,
    ];

    /// The place of this counter in the typed statistics.
    fn place(self, stats: &mut Stats) -> &mut u64 {
        match self {
            Self::Connections => &mut stats.connections,
            Self::InPackets => &mut stats.in_packets,
            Self::OutPackets => &mut stats.out_packets,
            Self::InBytes => &mut stats.in_bytes,
            Self::OutBytes => &mut stats.out_bytes,
            Self::ConnectionRate => &mut stats.connection_rate,
            Self::InPacketRate => &mut stats.in_packet_rate,
            Self::OutPacketRate => &mut stats.out_packet_rate,
            Self::InByteRate => &mut stats.in_byte_rate,
            Self::OutByteRate => &mut stats.out_byte_rate,
        }
    }
}

/// An attribute within statistics. The kernel's older set is 32 bits wide except for bytes, the
/// newer one 64 bits throughout, under the same numbers: so the width is part of the attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatsAttribute {
    /// A counter 32 bits wide.
    Narrow(Counter, u32),
    /// A counter 64 bits wide.
    Wide(Counter, u64),
    /// An attribute this crate does not know, padding, or a counter of another width.
    Other(DefaultNla),
}

impl Nla for StatsAttribute {
    fn value_len(&self) -> usize {
        match self {
            Self::Narrow(..) => 4,
            Self::Wide(..) => 8,
            Self::Other(attribute) => attribute.value_len(),
        }
    }

    fn kind(&self) -> u16 {
        match self {
            Self::Narrow(counter, _) | Self::Wide(counter, _) => *counter as u16,
            Self::Other(attribute) => attribute.kind(),
        }
    }

    fn emit_value(&self, buffer: &mut [u8]) {
        match self {
            Self::Narrow(_, value) => buffer.copy_from_slice(&value.to_ne_bytes()),
            Self::Wide(_, value) => buffer.copy_from_slice(&value.to_ne_bytes()),
            Self::Other(attribute) => attribute.emit_value(buffer),
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for StatsAttribute {
    fn parse(attribute: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        let counter = usize::from(attribute.kind())
            .checked_sub(1)
            .and_then(|index| Counter::ALL.get(index).copied());
        let value = attribute.value();
        Ok(
            match (
                counter,
                <[u8; 4]>::try_from(value),
                <[u8; 8]>::try_from(value),
            ) {
                (Some(counter), Ok(value), _) => Self::Narrow(counter, u32::from_ne_bytes(value)),
                (Some(counter), _, Ok(value)) => Self::Wide(counter, u64::from_ne_bytes(value)),
                _ => Self::Other(DefaultNla::parse(attribute)?),
            },
        )
    }
}

/// Typed statistics from the wide set if the kernel sent one, else from the narrow one.
pub(super) fn stats(narrow: &[StatsAttribute], wide: &[StatsAttribute]) -> Stats {
    let mut stats = Stats::default();
    for attribute in if wide.is_empty() { narrow } else { wide } {
        match attribute {
            StatsAttribute::Narrow(counter, value) => {
                *counter.place(&mut stats) = u64::from(*value);
            }
            StatsAttribute::Wide(counter, value) => *counter.place(&mut stats) = *value,
            StatsAttribute::Other(_) => {}
        }
    }
    stats
}
