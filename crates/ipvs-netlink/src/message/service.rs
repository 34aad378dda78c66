//! Attributes of a service (`IPVS_SVC_ATTR_*`), and the typed service they stand for.

use netlink_packet_core::{
    DecodeError, DefaultNla, ErrorContext, NLA_F_NESTED, Nla, NlaBuffer, Parseable, parse_u16,
    parse_u16_be, parse_u32,
};

use super::nested::{
    address_union, emit_name, emit_run, missing, name_len, parse_all, parse_name, parse_union,
    run_len, union_address,
};
use super::stats::{StatsAttribute, stats};
use crate::{Family, Netmask, Protocol, Service, ServiceEntry, ServiceFlags, ServiceKey};

const AF: u16 = 1;
const PROTOCOL: u16 = 2;
const ADDR: u16 = 3;
const PORT: u16 = 4;
const FWMARK: u16 = 5;
const SCHED_NAME: u16 = 6;
const FLAGS: u16 = 7;
const TIMEOUT: u16 = 8;
const NETMASK: u16 = 9;
const STATS: u16 = 10;
const PE_NAME: u16 = 11;
const STATS64: u16 = 12;

/// An attribute of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceAttribute {
    /// Address family.
    Family(u16),
    /// Transport protocol.
    Protocol(u16),
    /// Virtual address: a union of 16 bytes, IPv4 in the first 4.
    Address([u8; 16]),
    /// Virtual port, host order here and big-endian on the wire.
    Port(u16),
    /// Firewall mark, host order on the wire.
    Fwmark(u32),
    /// Scheduler.
    SchedulerName(String),
    /// Flags, and which of them are meant.
    Flags {
        /// The values.
        flags: u32,
        /// The bits to look at; when the kernel answers, all.
        mask: u32,
    },
    /// Persistence timeout, seconds.
    Timeout(u32),
    /// Persistence mask: for IPv4 a big-endian mask, for IPv6 a prefix length in host order.
    Netmask([u8; 4]),
    /// Statistics, 32 bits wide.
    Stats(Vec<StatsAttribute>),
    /// Persistence engine.
    PeName(String),
    /// Statistics, 64 bits wide.
    Stats64(Vec<StatsAttribute>),
    /// An attribute this crate does not know.
    Other(DefaultNla),
}

impl Nla for ServiceAttribute {
    #[inline]
    fn value_len(&self) -> usize {
        match self {
            Self::Family(_) | Self::Protocol(_) | Self::Port(_) => 2,
            Self::Address(_) => 16,
            Self::Fwmark(_) | Self::Timeout(_) | Self::Netmask(_) => 4,
            Self::SchedulerName(name) | Self::PeName(name) => name_len(name),
            Self::Flags { .. } => 8,
            Self::Stats(attributes) | Self::Stats64(attributes) => run_len(attributes),
            Self::Other(attribute) => attribute.value_len(),
        }
    }

    #[inline]
    fn kind(&self) -> u16 {
        match self {
            Self::Family(_) => AF,
            Self::Protocol(_) => PROTOCOL,
            Self::Address(_) => ADDR,
            Self::Port(_) => PORT,
            Self::Fwmark(_) => FWMARK,
            Self::SchedulerName(_) => SCHED_NAME,
            Self::Flags { .. } => FLAGS,
            Self::Timeout(_) => TIMEOUT,
            Self::Netmask(_) => NETMASK,
            Self::Stats(_) => STATS | NLA_F_NESTED,
            Self::PeName(_) => PE_NAME,
            Self::Stats64(_) => STATS64 | NLA_F_NESTED,
            Self::Other(attribute) => attribute.kind(),
        }
    }

    #[inline]
    fn emit_value(&self, buffer: &mut [u8]) {
        match self {
            Self::Family(value) | Self::Protocol(value) => {
                buffer.copy_from_slice(&value.to_ne_bytes());
            }
            Self::Address(union) => buffer.copy_from_slice(union),
            Self::Port(port) => buffer.copy_from_slice(&port.to_be_bytes()),
            Self::Fwmark(value) | Self::Timeout(value) => {
                buffer.copy_from_slice(&value.to_ne_bytes());
            }
            Self::SchedulerName(name) | Self::PeName(name) => emit_name(name, buffer),
            Self::Flags { flags, mask } => {
                buffer[..4].copy_from_slice(&flags.to_ne_bytes());
                buffer[4..].copy_from_slice(&mask.to_ne_bytes());
            }
            Self::Netmask(mask) => buffer.copy_from_slice(mask),
            Self::Stats(attributes) | Self::Stats64(attributes) => {
                emit_run(attributes, buffer);
            }
            Self::Other(attribute) => attribute.emit_value(buffer),
        }
    }
}

impl<'a> Parseable<NlaBuffer<&'a [u8]>> for ServiceAttribute {
    fn parse(attribute: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {
        let value = attribute.value();
        Ok(match attribute.kind() {
            AF => Self::Family(parse_u16(value).context("invalid IPVS_SVC_ATTR_AF")?),
            PROTOCOL => Self::Protocol(parse_u16(value).context("invalid IPVS_SVC_ATTR_PROTOCOL")?),
            ADDR => Self::Address(parse_union(value).context("invalid IPVS_SVC_ATTR_ADDR")?),
            PORT => Self::Port(parse_u16_be(value).context("invalid IPVS_SVC_ATTR_PORT")?),
            FWMARK => Self::Fwmark(parse_u32(value).context("invalid IPVS_SVC_ATTR_FWMARK")?),
            SCHED_NAME => Self::SchedulerName(parse_name(value)),
            FLAGS => {
                let (flags, mask) = value
                    .split_at_checked(4)
                    .ok_or_else(|| DecodeError::invalid_number(8, value.len()))?;
                Self::Flags {
                    flags: parse_u32(flags).context("invalid IPVS_SVC_ATTR_FLAGS")?,
                    mask: parse_u32(mask).context("invalid IPVS_SVC_ATTR_FLAGS")?,
                }
            }
            TIMEOUT => Self::Timeout(parse_u32(value).context("invalid IPVS_SVC_ATTR_TIMEOUT")?),
            NETMASK => Self::Netmask(
                value
                    .try_into()
                    .map_err(|_| DecodeError::invalid_number(4, value.len()))?,
            ),
            STATS => Self::Stats(parse_all(value).context("invalid IPVS_SVC_ATTR_STATS")?),
            PE_NAME => Self::PeName(parse_name(value)),
            STATS64 => Self::Stats64(parse_all(value).context("invalid IPVS_SVC_ATTR_STATS64")?),
            _ => Self::Other(DefaultNla::parse(attribute)?),
        })
    }
}

impl ServiceAttribute {
    /// The attributes that name a service: what every command but adding and changing needs.
    pub fn of_key(key: &ServiceKey) -> Vec<Self> {
        let mut attributes = Vec::new();
        Self::each_of_key(key, |attribute| attributes.push(attribute));
        attributes
    }

    /// The attributes of a whole service. The kernel refuses to add or change a service (`EINVAL`)
    /// unless scheduler, flags, timeout and netmask are all there.
    pub fn of_service(service: &Service) -> Vec<Self> {
        let mut attributes = Vec::new();
        Self::each_of_service(service, |attribute| attributes.push(attribute));
        attributes
    }

    /// Passes on the attributes of [`Self::of_key`].
    #[inline]
    pub(super) fn each_of_key(key: &ServiceKey, mut take: impl FnMut(Self)) {
        take(Self::Family(key.family().number()));
        match *key {
            ServiceKey::Address {
                protocol,
                address,
                port,
            } => {
                take(Self::Protocol(protocol.number()));
                take(Self::Address(address_union(address)));
                take(Self::Port(port));
            }
            ServiceKey::Fwmark { mark, .. } => take(Self::Fwmark(mark)),
        }
    }

    /// Passes on the attributes of [`Self::of_service`].
    pub(super) fn each_of_service(service: &Service, mut take: impl FnMut(Self)) {
        Self::each_of_key(&service.key, &mut take);
        take(Self::SchedulerName(service.scheduler.clone()));
        if let Some(name) = &service.pe_name {
            take(Self::PeName(name.clone()));
        }
        let mut flags = service.flags;
        if service.persistence > 0 {
            flags |= ServiceFlags::PERSISTENT;
        }
        take(Self::Flags {
            flags: flags.bits(),
            mask: u32::MAX,
        });
        take(Self::Timeout(service.persistence));
        take(Self::Netmask(match service.netmask {
            Netmask::V4(mask) => mask.octets(),
            Netmask::V6(prefix) => u32::from(prefix).to_ne_bytes(),
        }));
    }
}

impl TryFrom<&[ServiceAttribute]> for ServiceEntry {
    type Error = DecodeError;

    /// The service a kernel answer describes.
    ///
    /// # Errors
    /// An attribute the kernel always sends is missing, or a family is unknown.
    fn try_from(attributes: &[ServiceAttribute]) -> Result<Self, DecodeError> {
        let (mut family, mut protocol, mut address, mut port) = (None, None, None, None);
        let (mut mark, mut scheduler, mut pe_name, mut netmask) = (0, None, None, None);
        let (mut bits, mut timeout) = (0, 0);
        let (mut narrow, mut wide): (&[StatsAttribute], &[StatsAttribute]) = (&[], &[]);
        for attribute in attributes {
            match attribute {
                ServiceAttribute::Family(number) => {
                    family = Some(Family::from_number(*number).ok_or_else(|| {
                        DecodeError::from(format!("unknown address family {number}"))
                    })?);
                }
                ServiceAttribute::Protocol(number) => protocol = Some(*number),
                ServiceAttribute::Address(union) => address = Some(*union),
                ServiceAttribute::Port(number) => port = Some(*number),
                ServiceAttribute::Fwmark(value) => mark = *value,
                ServiceAttribute::SchedulerName(name) => scheduler = Some(name.clone()),
                ServiceAttribute::Flags { flags, .. } => bits = *flags,
                ServiceAttribute::Timeout(seconds) => timeout = *seconds,
                ServiceAttribute::Netmask(mask) => netmask = Some(*mask),
                ServiceAttribute::Stats(attributes) => narrow = attributes,
                ServiceAttribute::PeName(name) if name.is_empty() => {}
                ServiceAttribute::PeName(name) => pe_name = Some(name.clone()),
                ServiceAttribute::Stats64(attributes) => wide = attributes,
                ServiceAttribute::Other(_) => {}
            }
        }

        let family = family.ok_or_else(|| missing("IPVS_SVC_ATTR_AF"))?;
        let key = if mark == 0 {
            let number = protocol.ok_or_else(|| missing("IPVS_SVC_ATTR_PROTOCOL"))?;
            let address = address.ok_or_else(|| missing("IPVS_SVC_ATTR_ADDR"))?;
            ServiceKey::Address {
                protocol: Protocol::from_number(number),
                address: union_address(address, family),
                port: port.ok_or_else(|| missing("IPVS_SVC_ATTR_PORT"))?,
            }
        } else {
            ServiceKey::Fwmark { family, mark }
        };
        let (flags, persistence) = split_persistence(bits, timeout);
        Ok(Self {
            service: Service {
                key,
                scheduler: scheduler.ok_or_else(|| missing("IPVS_SVC_ATTR_SCHED_NAME"))?,
                flags,
                persistence,
                netmask: netmask_of(family, netmask)?,
                pe_name,
            },
            stats: stats(narrow, wide),
        })
    }
}

/// Separates persistence from the other flags.
///
/// The flag says whether a service is persistent and the timeout for how long. A timeout without
/// the flag has no effect. The flag with a timeout of 0 is odd but possible, so it stays a flag:
/// then a service read back is never taken for one that is not persistent.
fn split_persistence(bits: u32, timeout: u32) -> (ServiceFlags, u32) {
    let flags = ServiceFlags::from_bits(bits);
    if timeout == 0 || !flags.contains(ServiceFlags::PERSISTENT) {
        (flags, 0)
    } else {
        (flags.without(ServiceFlags::PERSISTENT), timeout)
    }
}

/// The persistence mask of a service of this family.
fn netmask_of(family: Family, bytes: Option<[u8; 4]>) -> Result<Netmask, DecodeError> {
    let Some(bytes) = bytes else {
        return Ok(Netmask::host(family));
    };
    match family {
        Family::V4 => Ok(Netmask::V4(bytes.into())),
        Family::V6 => {
            let prefix = u32::from_ne_bytes(bytes);
            u8::try_from(prefix)
                .map(Netmask::V6)
                .map_err(|_| DecodeError::from(format!("invalid IPv6 prefix length {prefix}")))
        }
    }
}
