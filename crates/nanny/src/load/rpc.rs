//! Encodes calls of ONC RPC version 2 over UDP and decodes the replies (RFC 5531), in XDR (RFC
//! 4506). No socket. Credentials are `AUTH_NONE`.

use std::fmt;

/// Protocol version.
const RPC_VERSION: u32 = 2;

/// Maximum length of a credential or verifier in bytes (RFC 5531, section 8.2).
const LONGEST_AUTH: usize = 400;

/// A call of a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// The transaction ID, which the reply repeats.
    pub xid: u32,
    /// The program.
    pub program: u32,
    /// The program's version.
    pub version: u32,
    /// The procedure.
    pub procedure: u32,
    /// The arguments, all unsigned integers.
    pub args: &'a [u32],
}

impl Call<'_> {
    /// Encodes the call as a datagram.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        const CALL: u32 = 0;
        let header = [
            self.xid,
            CALL,
            RPC_VERSION,
            self.program,
            self.version,
            self.procedure,
        ];
        // Flavor and length of credential and verifier: `AUTH_NONE`, empty.
        let auth = [0; 4];
        let words = header.iter().chain(&auth).chain(self.args);
        words.flat_map(|word| word.to_be_bytes()).collect()
    }
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Different RPC version, or credentials required (`MSG_DENIED`).
    Denied,
    /// Unknown program (`PROG_UNAVAIL`).
    NoProgram,
    /// Unsupported version of the program (`PROG_MISMATCH`).
    NoVersion,
    /// Unknown procedure (`PROC_UNAVAIL`).
    NoProcedure,
    /// Arguments not decodable (`GARBAGE_ARGS`).
    Arguments,
    /// Error in the server (`SYSTEM_ERR`).
    Server,
    /// Invalid reply.
    Garbled,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Denied => "call denied",
            Self::NoProgram => "program not available",
            Self::NoVersion => "program version not available",
            Self::NoProcedure => "procedure not available",
            Self::Arguments => "arguments rejected",
            Self::Server => "server error",
            Self::Garbled => "invalid reply",
        })
    }
}

/// Reads XDR.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// Reads the next unsigned integer, if there is one.
    pub fn word(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*word))
    }

    /// Skips `length` bytes and their padding.
    fn skip(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length.next_multiple_of(4)..)?;
        Some(())
    }

    /// Skips `count` integers.
    pub fn skip_words(&mut self, count: usize) -> Option<()> {
        self.skip(count.checked_mul(4)?)
    }
}

/// Decodes a datagram as the reply to the call with this `xid`: the results, or the refusal. `None`
/// if it is not the reply to that call.
#[must_use]
pub fn reply(datagram: &[u8], xid: u32) -> Option<Result<Reader<'_>, Refusal>> {
    const REPLY: u32 = 1;
    let mut reader = Reader(datagram);
    if (reader.word(), reader.word()) != (Some(xid), Some(REPLY)) {
        return None;
    }
    Some(results(reader).unwrap_or(Err(Refusal::Garbled)))
}

/// Decodes a reply after its type; `None` if it is truncated.
fn results(mut reader: Reader<'_>) -> Option<Result<Reader<'_>, Refusal>> {
    const ACCEPTED: u32 = 0;
    const DENIED: u32 = 1;
    match reader.word()? {
        ACCEPTED => {}
        DENIED => return Some(Err(Refusal::Denied)),
        _ => return None,
    }
    let _flavor = reader.word()?;
    let length = usize::try_from(reader.word()?).ok()?;
    if length > LONGEST_AUTH {
        return None;
    }
    reader.skip(length)?;
    Some(match reader.word()? {
        0 => Ok(reader),
        1 => Err(Refusal::NoProgram),
        2 => Err(Refusal::NoVersion),
        3 => Err(Refusal::NoProcedure),
        4 => Err(Refusal::Arguments),
        5 => Err(Refusal::Server),
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// A reply with these results.
    pub(crate) fn accepted(xid: u32, results: &[u32]) -> Vec<u8> {
        bytes(&[&[xid, 1, 0, 0, 0, 0], results].concat())
    }

    #[test]
    fn encodes_call_header_and_arguments() {
        let call = Call {
            xid: 0x0102_0304,
            program: 100_000,
            version: 2,
            procedure: 3,
            args: &[100_001, 3, 17, 0],
        };
        #[rustfmt::skip]
        let expected = [
            1, 2, 3, 4,  0, 0, 0, 0,  0, 0, 0, 2,
            0, 1, 0x86, 0xa0,  0, 0, 0, 2,  0, 0, 0, 3,
            0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,
            0, 1, 0x86, 0xa1,  0, 0, 0, 3,  0, 0, 0, 17,  0, 0, 0, 0,
        ];
        assert_eq!(call.encode(), expected);
    }

    /// The results as integers, or the refusal; `None` if it is not the reply.
    fn read(words: &[u32]) -> Option<Result<Vec<u32>, Refusal>> {
        let datagram = bytes(words);
        let read = reply(&datagram, 7)?;
        Some(read.map(|mut reader| std::iter::from_fn(|| reader.word()).collect()))
    }

    #[test]
    fn decodes_every_kind_of_reply() {
        assert_eq!(read(&[7, 1, 0, 0, 0, 0, 8, 9]), Some(Ok(vec![8, 9])));
        assert_eq!(read(&[7, 1, 0, 0, 0, 0]), Some(Ok(vec![])));
        // A verifier of five bytes, padded to eight.
        assert_eq!(read(&[7, 1, 0, 1, 5, 0, 0, 0, 8]), Some(Ok(vec![8])));
        for (words, refusal) in [
            (&[7, 1, 1, 0, 2, 2][..], Refusal::Denied),
            (&[7, 1, 0, 0, 0, 1], Refusal::NoProgram),
            (&[7, 1, 0, 0, 0, 2, 1, 2], Refusal::NoVersion),
            (&[7, 1, 0, 0, 0, 3], Refusal::NoProcedure),
            (&[7, 1, 0, 0, 0, 4], Refusal::Arguments),
            (&[7, 1, 0, 0, 0, 5], Refusal::Server),
            (&[7, 1, 0, 0, 0, 6], Refusal::Garbled),
            (&[7, 1, 2], Refusal::Garbled),
            (&[7, 1, 0, 0, 401], Refusal::Garbled),
            (&[7, 1, 0, 0, u32::MAX, 0], Refusal::Garbled),
            (&[7, 1, 0, 0, 8, 0], Refusal::Garbled),
            (&[7, 1, 0, 0], Refusal::Garbled),
            (&[7, 1], Refusal::Garbled),
        ] {
            assert_eq!(read(words), Some(Err(refusal)), "{words:?}");
        }
        for words in [&[][..], &[7], &[8, 1, 0, 0, 0, 0], &[7, 0, 0, 0, 0, 0]] {
            assert_eq!(read(words), None, "{words:?}");
        }
    }

    proptest! {
        #[test]
        fn decodes_any_datagram(datagram in prop::collection::vec(any::<u8>(), 0..200), xid: u32) {
            let _ = reply(&datagram, xid);
        }

        #[test]
        fn decodes_any_reply_to_call(words in prop::collection::vec(0u32..7, 0..40)) {
            let mut reply = vec![7, 1];
            reply.extend(words);
            prop_assert!(read(&reply).is_some());
        }

        #[test]
        fn call_is_not_decoded_as_reply(xid: u32, program: u32, version: u32, procedure: u32) {
            let call = Call { xid, program, version, procedure, args: &[] };
            prop_assert!(reply(&call.encode(), xid).is_none());
        }

        #[test]
        fn decodes_encoded_results(
            xid: u32, results in prop::collection::vec(any::<u32>(), 0..40), cut in 0usize..24,
        ) {
            let datagram = accepted(xid, &results);
            let mut reader = reply(&datagram, xid).expect("the reply").expect("accepted");
            let read: Vec<u32> = std::iter::from_fn(|| reader.word()).collect();
            prop_assert_eq!(read, results);
            let refused = reply(&datagram[..cut], xid).is_none_or(|results| results.is_err());
            prop_assert!(refused, "its header is cut");
        }
    }
}
