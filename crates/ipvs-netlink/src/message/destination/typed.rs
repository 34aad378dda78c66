//! The typed destination that attributes stand for: those of a message, or still as bytes.

use netlink_packet_core::{DecodeError, Emitable, ErrorContext, NlasIterator};
use netlink_packet_generic::GenlHeader;

use super::{DestinationAttribute, GRE, GUE, IPIP, STATS, STATS64};
use crate::message::Command;
use crate::message::attribute::DEST;
use crate::message::nested::{missing, union_address};
use crate::message::stats::{StatsAttribute, stats};
use crate::{
    Destination, DestinationEntry, DestinationKey, Family, Forwarding, Tunnel, TunnelChecksum,
};

/// What the attributes of a destination say of its configuration.
struct Said {
    family: Family,
    address: Option<[u8; 16]>,
    port: Option<u16>,
    forwarding: Option<Forwarding>,
    weight: u32,
    upper_threshold: u32,
    lower_threshold: u32,
    tunnel_kind: u8,
    tunnel_port: u16,
    tunnel_flags: u16,
}

impl Said {
    /// Nothing yet. The family is the service's unless an attribute says otherwise.
    fn of_service(family: Family) -> Self {
        Self {
            family,
            address: None,
            port: None,
            forwarding: None,
            weight: 0,
            upper_threshold: 0,
            lower_threshold: 0,
            tunnel_kind: IPIP,
            tunnel_port: 0,
            tunnel_flags: 0,
        }
    }

    /// Takes in an attribute; one that is not about the configuration says nothing.
    #[inline]
    fn take(&mut self, attribute: &DestinationAttribute) -> Result<(), DecodeError> {
        use DestinationAttribute as A;
        match attribute {
            A::Address(union) => self.address = Some(*union),
            A::Port(number) => self.port = Some(*number),
            A::ForwardingMethod(flags) => self.forwarding = Some(Forwarding::from_flags(*flags)),
            A::Weight(value) => self.weight = *value,
            A::UpperThreshold(value) => self.upper_threshold = *value,
            A::LowerThreshold(value) => self.lower_threshold = *value,
            A::Family(number) => {
                self.family = Family::from_number(*number)
                    .ok_or_else(|| DecodeError::from(format!("unknown address family {number}")))?;
            }
            A::TunnelType(value) => self.tunnel_kind = *value,
            A::TunnelPort(value) => self.tunnel_port = *value,
            A::TunnelFlags(value) => self.tunnel_flags = *value,
            A::ActiveConnections(_)
            | A::InactiveConnections(_)
            | A::PersistentConnections(_)
            | A::Stats(_)
            | A::Stats64(_)
            | A::Other(_) => {}
        }
        Ok(())
    }

    /// The destination, if everything is there that the kernel always sends.
    fn destination(&self) -> Result<Destination, DecodeError> {
        let address = self.address.ok_or_else(|| missing("IPVS_DEST_ATTR_ADDR"))?;
        let forwarding = self
            .forwarding
            .ok_or_else(|| missing("IPVS_DEST_ATTR_FWD_METHOD"))?;
        Ok(Destination {
            key: DestinationKey {
                address: union_address(address, self.family),
                port: self.port.ok_or_else(|| missing("IPVS_DEST_ATTR_PORT"))?,
            },
            forwarding,
            weight: self.weight,
            upper_threshold: self.upper_threshold,
            lower_threshold: self.lower_threshold,
            // Without a tunnel its kind means nothing, though the kernel keeps what it was told.
            tunnel: if forwarding == Forwarding::Tunnel {
                self.tunnel()
            } else {
                Tunnel::Ipip
            },
        })
    }

    fn tunnel(&self) -> Tunnel {
        let checksum = TunnelChecksum::from_bits(self.tunnel_flags);
        match self.tunnel_kind {
            IPIP => Tunnel::Ipip,
            GUE => Tunnel::Gue {
                port: self.tunnel_port,
                checksum,
            },
            GRE => Tunnel::Gre { checksum },
            kind => Tunnel::Other {
                kind,
                port: self.tunnel_port,
                flags: self.tunnel_flags,
            },
        }
    }
}

impl DestinationAttribute {
    /// The destination a kernel answer describes, of a service of family `service_family`: that is
    /// the destination's family too unless the answer says otherwise.
    ///
    /// # Errors
    /// An attribute the kernel always sends is missing, or a family is unknown.
    pub fn entry(
        attributes: &[Self],
        service_family: Family,
    ) -> Result<DestinationEntry, DecodeError> {
        let mut said = Said::of_service(service_family);
        let (mut active, mut inactive, mut persistent) = (0, 0, 0);
        let (mut narrow, mut wide): (&[StatsAttribute], &[StatsAttribute]) = (&[], &[]);
        for attribute in attributes {
            match attribute {
                Self::ActiveConnections(value) => active = *value,
                Self::InactiveConnections(value) => inactive = *value,
                Self::PersistentConnections(value) => persistent = *value,
                Self::Stats(attributes) => narrow = attributes,
                Self::Stats64(attributes) => wide = attributes,
                configured => said.take(configured)?,
            }
        }
        Ok(DestinationEntry {
            destination: said.destination()?,
            active_connections: active,
            inactive_connections: inactive,
            persistent_connections: persistent,
            stats: stats(narrow, wide),
        })
    }
}

/// Passes on the destinations that a kernel answer describes, as they are configured: what follows
/// a netlink header, of a list of a service of family `service_family`.
///
/// This is what a [`Message`](crate::message::Message) of the same bytes says, for less than half
/// the work: of a table only the configuration is wanted, and most of an answer are counters.
///
/// # Errors
/// The command is not one of the family, an attribute of a destination is malformed, or one that the
/// kernel always sends is missing.
pub(crate) fn each_configured(
    payload: &[u8],
    service_family: Family,
    mut take: impl FnMut(Destination),
) -> Result<(), DecodeError> {
    let header = GenlHeader::parse(payload)?;
    if Command::of(header)? != Command::NewDest {
        return Ok(());
    }
    // The header was long enough, so the slice is.
    for attribute in NlasIterator::new(&payload[header.buffer_len()..]) {
        let attribute = attribute?;
        if attribute.kind() == DEST {
            let destination = configured(attribute.value(), service_family)
                .context("invalid IPVS_CMD_ATTR_DEST")?;
            take(destination);
        }
    }
    Ok(())
}

/// The destination in the attributes of one, without looking at its counters.
fn configured(attributes: &[u8], service_family: Family) -> Result<Destination, DecodeError> {
    let mut said = Said::of_service(service_family);
    for attribute in NlasIterator::new(attributes) {
        let attribute = attribute?;
        let kind = attribute.kind();
        if matches!(kind, STATS | STATS64) {
            continue;
        }
        if let Some(attribute) = DestinationAttribute::parse_known(kind, attribute.value())? {
            said.take(&attribute)?;
        }
    }
    said.destination()
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::{DefaultNla, Nla, ParseableParametrized};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::message::nested::{put, put_nested};
    use crate::message::{Attribute, Message};

    /// Attributes by number, nearly all of the length they should have.
    fn attribute() -> impl Strategy<Value = DefaultNla> {
        let whole = (1..17_u16).prop_flat_map(|kind| {
            let length = match kind {
                1 => 16,
                2 | 11 | 14 | 15 => 2,
                10 | 12 => 0,
                13 => 1,
                _ => 4,
            };
            vec(0..12_u8, length).prop_map(move |value| DefaultNla::new(kind, value))
        });
        let any = (0..20_u16, vec(any::<u8>(), 0..20))
            .prop_map(|(kind, value)| DefaultNla::new(kind, value));
        prop_oneof![60 => whole, 1 => any]
    }

    /// Attributes of a destination: mostly those without which there is none, then any.
    fn description() -> impl Strategy<Value = Vec<DefaultNla>> {
        let must = any::<bool>().prop_map(|has_them| {
            let lengths = [(1, 16), (2, 2), (3, 4)];
            let must = lengths.map(|(kind, length)| DefaultNla::new(kind, vec![2; length]));
            if has_them { must.to_vec() } else { Vec::new() }
        });
        let family = DefaultNla::new(11, 10_u16.to_ne_bytes().to_vec());
        (must, vec(attribute(), 0..12), vec(Just(family), 0..2))
            .prop_map(|(must, any, family)| [must, any, family].concat())
    }

    /// What follows a netlink header, in an answer with these destinations.
    fn payload(command: u8, destinations: &[Vec<DefaultNla>]) -> Vec<u8> {
        let mut bytes = vec![command, 1, 0, 0];
        for attributes in destinations {
            put_nested(&mut bytes, DEST, |bytes| {
                for attribute in attributes {
                    put(bytes, attribute);
                }
            });
            put(&mut bytes, &DefaultNla::new(77, vec![1; 3]));
        }
        bytes
    }

    fn configured_in(payload: &[u8], family: Family) -> Result<Vec<Destination>, DecodeError> {
        let mut found = Vec::new();
        each_configured(payload, family, |destination| found.push(destination))?;
        Ok(found)
    }

    /// The same by way of a message.
    fn in_message(payload: &[u8], family: Family) -> Result<Vec<Destination>, DecodeError> {
        let message = Message::parse_with_param(&payload[4..], GenlHeader::parse(payload)?)?;
        let entries = message.attributes.iter().filter_map(|attribute| {
            let Attribute::Destination(attributes) = attribute else {
                return None;
            };
            Some(DestinationAttribute::entry(attributes, family))
        });
        entries.map(|entry| Ok(entry?.destination)).collect()
    }

    proptest! {
        #[test]
        fn bytes_describe_what_their_message_does(
            destinations in vec(description(), 0..4),
            is_v6 in any::<bool>(),
        ) {
            let family = if is_v6 { Family::V6 } else { Family::V4 };
            let payload = payload(Command::NewDest as u8, &destinations);
            let found = configured_in(&payload, family);
            match in_message(&payload, family) {
                Ok(expected) => prop_assert_eq!(found.unwrap(), expected),
                // Counters that make no sense are not looked at.
                Err(error) if found.is_ok() => {
                    let has_counters = |attribute: &DefaultNla| {
                        matches!(attribute.kind(), STATS | STATS64) && attribute.value_len() > 0
                    };
                    let has_any = destinations.iter().flatten().any(has_counters);
                    prop_assert!(has_any, "{error}");
                }
                Err(_) => {}
            }
        }

        #[test]
        fn no_bytes_make_it_panic(mut bytes in vec(any::<u8>(), 0..200), is_answer in any::<bool>()) {
            if let (true, Some(command)) = (is_answer, bytes.first_mut()) {
                *command = Command::NewDest as u8;
            }
            let _ = configured_in(&bytes, Family::V4);
        }
    }

    #[test]
    fn counters_are_not_looked_at() {
        let mut attributes: Vec<DefaultNla> = [(1, 16), (2, 2), (3, 4)]
            .map(|(kind, length)| DefaultNla::new(kind, vec![1; length]))
            .to_vec();
        let whole = payload(Command::NewDest as u8, std::slice::from_ref(&attributes));
        // An attribute that is shorter than its own header.
        let malformed = vec![1, 0, 1, 0];
        attributes.extend([STATS, STATS64].map(|kind| DefaultNla::new(kind, malformed.clone())));
        let with_counters = payload(Command::NewDest as u8, &[attributes]);
        assert!(in_message(&with_counters, Family::V4).is_err());
        assert_eq!(
            configured_in(&with_counters, Family::V4).unwrap(),
            configured_in(&whole, Family::V4).unwrap()
        );
    }

    #[test]
    fn only_an_answer_that_describes_one_has_destinations() {
        let must: Vec<DefaultNla> = [(1, 16), (2, 2), (3, 4)]
            .map(|(kind, length)| DefaultNla::new(kind, vec![1; length]))
            .to_vec();
        let found =
            |command| configured_in(&payload(command, std::slice::from_ref(&must)), Family::V4);
        assert_eq!(found(Command::NewDest as u8).unwrap().len(), 1);
        assert_eq!(found(Command::SetInfo as u8).unwrap(), []);
        assert_eq!(
            found(99).unwrap_err().to_string(),
            "unknown IPVS command 99"
        );
    }
}
