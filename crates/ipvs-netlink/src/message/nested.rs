//! What all attribute sets share: reading a run of attributes, names and addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{
    DecodeError, Emitable, NLA_F_NESTED, NLA_HEADER_SIZE, Nla, NlaBuffer, NlasIterator, Parseable,
};

use crate::Family;

/// Reads a run of attributes.
pub(super) fn parse_all<A>(bytes: &[u8]) -> Result<Vec<A>, DecodeError>
where
    A: for<'a> Parseable<NlaBuffer<&'a [u8]>>,
{
    NlasIterator::new(bytes)
        .map(|attribute| A::parse(&attribute?))
        .collect()
}

/// Bytes of a run of attributes.
///
/// This and [`emit_run`] are what netlink-packet-core does for slices, without its assertions that
/// measure every attribute again, each time at every level of nesting.
pub(super) fn run_len<A: Nla>(attributes: &[A]) -> usize {
    attributes.iter().map(Emitable::buffer_len).sum()
}

/// Writes a run of attributes to a buffer of its length.
pub(super) fn emit_run<A: Nla>(attributes: &[A], mut buffer: &mut [u8]) {
    for attribute in attributes {
        let (room, rest) = buffer.split_at_mut(attribute.buffer_len());
        attribute.emit(room);
        buffer = rest;
    }
}

/// Appends an attribute.
///
/// Inlined where it is known which attribute it is, nothing is left of the questions for its length
/// and number: that is most of what encoding costs.
#[inline]
pub(super) fn put<A: Nla>(buffer: &mut Vec<u8>, attribute: &A) {
    let start = buffer.len();
    let length = NLA_HEADER_SIZE + attribute.value_len();
    buffer.resize(start + length.next_multiple_of(4), 0);
    let room = &mut buffer[start..start + length];
    set_header(room, attribute.kind());
    attribute.emit_value(&mut room[NLA_HEADER_SIZE..]);
}

/// Appends an attribute that consists of those that `fill` appends.
#[inline]
pub(super) fn put_nested(buffer: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = buffer.len();
    buffer.extend([0; NLA_HEADER_SIZE]);
    fill(buffer);
    set_header(&mut buffer[start..], kind | NLA_F_NESTED);
}

/// Writes the header of the attribute that takes this room.
#[inline]
fn set_header(room: &mut [u8], kind: u16) {
    // Requests are a few hundred bytes: names are bounded before they come here.
    let length = u16::try_from(room.len()).unwrap_or(u16::MAX);
    room[..2].copy_from_slice(&length.to_ne_bytes());
    room[2..NLA_HEADER_SIZE].copy_from_slice(&kind.to_ne_bytes());
}

/// A name as the kernel takes it: with its NUL.
pub(super) fn name_len(name: &str) -> usize {
    name.len() + 1
}

/// Writes a name and its NUL.
pub(super) fn emit_name(name: &str, buffer: &mut [u8]) {
    let (text, end) = buffer.split_at_mut(name.len());
    text.copy_from_slice(name.as_bytes());
    end.fill(0);
}

/// Reads a name up to its NUL, or all of it. Bytes that are not UTF-8 are replaced.
pub(super) fn parse_name(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Reads the 16 bytes of the kernel's address union.
pub(super) fn parse_union(bytes: &[u8]) -> Result<[u8; 16], DecodeError> {
    bytes
        .try_into()
        .map_err(|_| DecodeError::invalid_ip_address(bytes.len()))
}

/// The address in the kernel's address union: IPv4 is in the first 4 of the 16 bytes.
pub(super) fn union_address(union: [u8; 16], family: Family) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::new(union[0], union[1], union[2], union[3])),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(union)),
    }
}

/// The kernel's address union for an address.
pub(super) fn address_union(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => {
            let mut union = [0; 16];
            union[..4].copy_from_slice(&address.octets());
            union
        }
        IpAddr::V6(address) => address.octets(),
    }
}

/// The error for an attribute the kernel always sends, but did not.
pub(super) fn missing(name: &str) -> DecodeError {
    DecodeError::from(format!("no attribute {name}"))
}
