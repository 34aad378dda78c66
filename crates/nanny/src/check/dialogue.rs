//! What is said on a connection, and what is expected back: bytes only, no socket.

/// A dialogue with the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialogue {
    /// What is sent.
    pub send: Vec<u8>,
    /// What the reply must begin with.
    pub expect: Vec<u8>,
}

impl Dialogue {
    /// The dialogue with the servers of a virtual port: those of port 80 are asked for a page,
    /// whatever their own port, others for nothing.
    #[must_use]
    pub fn for_port(port: u16) -> Option<Self> {
        (port == 80).then(|| Self {
            send: b"GET / HTTP/1.0\r\n\r\n".to_vec(),
            expect: b"HTTP".to_vec(),
        })
    }
}

/// What the bytes that came so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// As expected so far, but not all of it.
    SoFar,
    /// As expected.
    Yes,
    /// Not as expected.
    No,
}

/// Compares more of the reply with what is expected after the first `matched` bytes, and counts
/// on. Bytes beyond what is expected are not looked at.
pub fn compare(expect: &[u8], matched: &mut usize, bytes: &[u8]) -> Match {
    let rest = expect.get(*matched..).unwrap_or_default();
    let length = rest.len().min(bytes.len());
    if rest[..length] != bytes[..length] {
        return Match::No;
    }
    *matched += length;
    if length == rest.len() {
        Match::Yes
    } else {
        Match::SoFar
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds segments until they decide.
    fn decide(expect: &[u8], segments: &[&[u8]]) -> Match {
        let mut matched = 0;
        let mut said = compare(expect, &mut matched, b"");
        for segment in segments {
            if said != Match::SoFar {
                break;
            }
            said = compare(expect, &mut matched, segment);
        }
        said
    }

    #[test]
    fn port_80_alone_has_a_dialogue() {
        assert_eq!(Dialogue::for_port(8080), None);
        let dialogue = Dialogue::for_port(80).expect("HTTP");
        assert_eq!(dialogue.send, b"GET / HTTP/1.0\r\n\r\n");
        assert_eq!(dialogue.expect, b"HTTP");
    }

    #[test]
    fn a_reply_is_compared_from_its_start() {
        for (segments, said) in [
            (&[&b"HTTP/1.1 200 OK"[..]][..], Match::Yes),
            (&[b"H", b"T", b"T", b"P"], Match::Yes),
            (&[b"HT", b"", b"TP/1.0"], Match::Yes),
            (&[b"HTT"], Match::SoFar),
            (&[], Match::SoFar),
            (&[b" HTTP"], Match::No),
            (&[b"HT", b"Tp"], Match::No),
            (&[b"http/1.0"], Match::No),
        ] {
            assert_eq!(decide(b"HTTP", segments), said, "{segments:?}");
        }
        assert_eq!(decide(b"", &[]), Match::Yes);
    }

    proptest! {
        #[test]
        fn segments_do_not_matter(
            expect in prop::collection::vec(0u8..3, 0..6),
            reply in prop::collection::vec(0u8..3, 0..12),
            cuts in prop::collection::vec(1usize..4, 12),
        ) {
            let mut segments = Vec::new();
            let mut rest = &reply[..];
            for cut in cuts {
                let (segment, after) = rest.split_at(cut.min(rest.len()));
                segments.push(segment);
                rest = after;
            }
            let wanted = if reply.starts_with(&expect) {
                Match::Yes
            } else if expect.starts_with(&reply) {
                Match::SoFar
            } else {
                Match::No
            };
            prop_assert_eq!(decide(&expect, &segments), wanted);
        }
    }
}
