//! Encodes ICMP echo requests and recognizes their replies (RFC 792; RFC 4443, section 4).

use std::net::SocketAddr;

/// Length of a request: header and token.
pub(super) const LENGTH: usize = 16;

/// ICMP version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) fn of(address: SocketAddr) -> Self {
        if address.is_ipv4() {
            Self::V4
        } else {
            Self::V6
        }
    }

    /// The types of request and reply.
    fn types(self) -> (u8, u8) {
        match self {
            Self::V4 => (8, 0),
            Self::V6 => (128, 129),
        }
    }
}

/// An echo request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) family: Family,
    /// `None` where the kernel sets and checks it.
    pub(super) identifier: Option<u16>,
    /// Sequence number of the last request, from 1.
    pub(super) sequence: u16,
    /// Payload that the reply must echo.
    pub(super) token: u64,
}

impl Request {
    pub(super) fn encode(self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[0] = self.family.types().0;
        bytes[4..6].copy_from_slice(&self.identifier.unwrap_or(0).to_be_bytes());
        bytes[6..8].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[8..].copy_from_slice(&self.token.to_be_bytes());
        // For ICMPv6, whose checksum includes the addresses, and on ping sockets the kernel
        // computes it.
        if self.family == Family::V4 {
            let sum = checksum(&bytes);
            bytes[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        bytes
    }

    /// Whether these bytes are the reply to this request or to an earlier one.
    pub(super) fn is_answered_by(self, packet: &[u8], has_ip_header: bool) -> bool {
        let header = match packet {
            [first, ..] if has_ip_header => usize::from(first & 0xf) * 4,
            _ => 0,
        };
        let Some(&[kind, code, _, _, id0, id1, seq0, seq1, ref token @ ..]) = packet.get(header..)
        else {
            return false;
        };
        let identifier = u16::from_be_bytes([id0, id1]);
        let sequence = u16::from_be_bytes([seq0, seq1]);
        (kind, code) == (self.family.types().1, 0)
            && self.identifier.is_none_or(|own| own == identifier)
            && (1..=self.sequence).contains(&sequence)
            && *token == self.token.to_be_bytes()
    }
}

/// The Internet checksum (RFC 1071) of an even number of bytes.
fn checksum(bytes: &[u8; LENGTH]) -> u16 {
    let words = bytes.as_chunks::<2>().0;
    let sum: u32 = words
        .iter()
        .map(|word| u32::from(u16::from_be_bytes(*word)))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    // Folded twice, it fits.
    !(folded as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REQUEST: Request = Request {
        family: Family::V4,
        identifier: Some(0x1234),
        sequence: 2,
        token: 0x0102_0304_0506_0708,
    };

    /// A reply: the request with another type.
    fn reply(request: Request) -> [u8; LENGTH] {
        let mut bytes = request.encode();
        bytes[0] = request.family.types().1;
        bytes
    }

    #[test]
    fn encodes_request() {
        assert_eq!(
            REQUEST.encode(),
            [8, 0, 0xd5, 0xb5, 0x12, 0x34, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]
        );
        let v6 = Request {
            family: Family::V6,
            identifier: None,
            ..REQUEST
        };
        assert_eq!(
            v6.encode(),
            [128, 0, 0, 0, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]
        );
    }

    #[test]
    fn computes_checksum_of_rfc_1071() {
        // The example of RFC 1071, section 3, padded with zeros.
        let bytes = [
            0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        assert_eq!(checksum(&bytes), !0xddf2);
        assert_eq!(checksum(&[0xff; LENGTH]), 0);
    }

    #[test]
    fn accepts_own_replies_only() {
        let answers = |bytes: &[u8]| REQUEST.is_answered_by(bytes, false);
        assert!(answers(&reply(REQUEST)));
        assert!(
            answers(&reply(Request {
                sequence: 1,
                ..REQUEST
            })),
            "the one before"
        );
        for other in [
            Request {
                sequence: 3,
                ..REQUEST
            },
            Request {
                sequence: 0,
                ..REQUEST
            },
            Request {
                identifier: Some(0x4321),
                ..REQUEST
            },
            Request {
                token: 0,
                ..REQUEST
            },
            Request {
                family: Family::V6,
                ..REQUEST
            },
        ] {
            assert!(!answers(&reply(other)), "{other:?}");
        }
        assert!(!answers(&REQUEST.encode()), "the request itself");
        let mut bytes = reply(REQUEST);
        bytes[1] = 1;
        assert!(!answers(&bytes), "another code");
        assert!(!answers(&reply(REQUEST)[..LENGTH - 1]), "cut off");
        assert!(!answers(&[&reply(REQUEST)[..], &[0]].concat()), "too long");
        assert!(!answers(&[]));
        // With an identifier set by the kernel, any identifier matches.
        let ping = Request {
            identifier: None,
            ..REQUEST
        };
        assert!(ping.is_answered_by(&reply(REQUEST), false));
    }

    #[test]
    fn skips_ip_header_with_options() {
        for words in [5u8, 6, 15] {
            let mut packet = vec![0x40 | words];
            packet.resize(usize::from(words) * 4, 0);
            packet.extend(reply(REQUEST));
            assert!(REQUEST.is_answered_by(&packet, true), "{words}");
            assert!(!REQUEST.is_answered_by(&packet, false), "{words}");
        }
    }

    proptest! {
        #[test]
        fn does_not_panic_on_any_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            has_ip_header: bool,
        ) {
            prop_assert!(!REQUEST.is_answered_by(&bytes, has_ip_header));
        }
    }
}
