//! Calls of ONC RPC version 2 over UDP, and the replies to them (RFC 5531), in XDR (RFC 4506).
//! Bytes only, no socket. Credentials are `AUTH_NONE`.

use std::fmt;

/// The version of the protocol.
const RPC_VERSION: u32 = 2;

/// The longest credential or verifier, in bytes (RFC 5531, section 8.2).
const LONGEST_AUTH: usize = 400;

/// A procedure of a program, and its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call<'a> {
    /// The number that the reply must bear.
    pub xid: u32,
    /// The program.
    pub program: u32,
    /// The program's version.
    pub version: u32,
    /// The procedure.
    pub procedure: u32,
    /// The arguments, each an unsigned integer.
    pub args: &'a [u32],
}

impl Call<'_> {
    /// The datagram.
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
        // Flavor and length of credential and verifier: AUTH_NONE, and nothing.
        let auth = [0; 4];
        let words = header.iter().chain(&auth).chain(self.args);
        words.flat_map(|word| word.to_be_bytes()).collect()
    }
}

/// Why a call has no results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Other RPC version, or credentials wanted (`MSG_DENIED`).
    Denied,
    /// No such program (`PROG_UNAVAIL`).
    NoProgram,
    /// Other versions of the program only (`PROG_MISMATCH`).
    NoVersion,
    /// No such procedure (`PROC_UNAVAIL`).
    NoProcedure,
    /// The arguments were not understood (`GARBAGE_ARGS`).
    Arguments,
    /// The server has a problem of its own (`SYSTEM_ERR`).
    Server,
    /// The reply itself makes no sense.
    Garbled,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Denied => "the call is denied",
            Self::NoProgram => "there is no such program",
            Self::NoVersion => "there is no such version of the program",
            Self::NoProcedure => "there is no such procedure",
            Self::Arguments => "the arguments were not understood",
            Self::Server => "the server has failed",
            Self::Garbled => "the reply is not understood",
        })
    }
}

/// XDR, read from the front.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// The next unsigned integer, if there is one.
    pub fn word(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*word))
    }

    /// Passes over so many bytes and their padding.
    fn skip(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length.next_multiple_of(4)..)?;
        Some(())
    }

    /// Passes over so many integers.
    pub fn skip_words(&mut self, count: usize) -> Option<()> {
        self.skip(count.checked_mul(4)?)
    }
}

/// Reads a datagram as the reply to the call numbered `xid`: its results, or why there are none.
/// `None` if it is not the reply to that call.
#[must_use]
pub fn reply(datagram: &[u8], xid: u32) -> Option<Result<Reader<'_>, Refusal>> {
    const REPLY: u32 = 1;
    let mut reader = Reader(datagram);
    if (reader.word(), reader.word()) != (Some(xid), Some(REPLY)) {
        return None;
    }
    Some(results(reader).unwrap_or(Err(Refusal::Garbled)))
}

/// The rest of a reply, behind its type; `None` if it ends too soon.
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
    fn a_call_is_ten_words_and_its_arguments() {
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

    /// The results as integers, or why there are none; `None` if it is not the reply.
    fn read(words: &[u32]) -> Option<Result<Vec<u32>, Refusal>> {
        let datagram = bytes(words);
        let read = reply(&datagram, 7)?;
        Some(read.map(|mut reader| std::iter::from_fn(|| reader.word()).collect()))
    }

    #[test]
    fn every_kind_of_reply() {
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
        fn any_datagram_is_read(datagram in prop::collection::vec(any::<u8>(), 0..200), xid: u32) {
            let _ = reply(&datagram, xid);
        }

        #[test]
        fn any_reply_to_the_call_is_read(words in prop::collection::vec(0u32..7, 0..40)) {
            let mut reply = vec![7, 1];
            reply.extend(words);
            prop_assert!(read(&reply).is_some());
        }

        #[test]
        fn a_call_is_not_taken_for_a_reply(xid: u32, program: u32, version: u32, procedure: u32) {
            let call = Call { xid, program, version, procedure, args: &[] };
            prop_assert!(reply(&call.encode(), xid).is_none());
        }

        #[test]
        fn results_come_back_as_they_were_sent(
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
