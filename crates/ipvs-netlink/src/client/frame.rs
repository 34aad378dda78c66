//! The netlink frame around a message: headers out, headers, acknowledgements and errors in.

use netlink_packet_core::{
    DecodeError, Emitable, ErrorBuffer, ErrorContext, NLM_F_ACK_TLVS, NLM_F_CAPPED,
    NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN, NetlinkBuffer,
    NetlinkHeader, NlasIterator, parse_i32,
};
use netlink_packet_generic::GenlHeader;
use netlink_packet_generic::constants::GENL_HDRLEN;

/// `NLMSGERR_ATTR_MSG`: the text in an extended acknowledgement.
const ERROR_TEXT: u16 = 1;

/// Length of a netlink header.
const HEADER_LEN: usize = 16;

/// Appends a framed request: the headers, and the attributes that `fill` appends.
#[inline]
pub(super) fn append(
    buffer: &mut Vec<u8>,
    (family, flags, sequence): (u16, u16, u32),
    generic: GenlHeader,
    fill: impl FnOnce(&mut Vec<u8>),
) {
    let start = buffer.len();
    buffer.extend([0; HEADER_LEN + GENL_HDRLEN]);
    fill(buffer);
    let (header, rest) = buffer[start..].split_at_mut(HEADER_LEN);
    let mut netlink = NetlinkHeader::default();
    // Requests are a few hundred bytes: names are bounded before they come here.
    netlink.length = u32::try_from(HEADER_LEN + rest.len()).unwrap_or(u32::MAX);
    netlink.message_type = family;
    netlink.flags = flags;
    netlink.sequence_number = sequence;
    netlink.emit(header);
    generic.emit(&mut rest[..GENL_HDRLEN]);
}

/// Sets flags of the request that begins here.
pub(super) fn add_flags(request: &mut [u8], flags: u16) {
    if let Ok(mut header) = NetlinkBuffer::new_checked(request) {
        let flags = header.flags() | flags;
        header.set_flags(flags);
    }
}

/// What one frame from the kernel says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// A message of some family: what follows the netlink header.
    Message(&'a [u8]),
    /// The request was carried out, or the dump is complete.
    Done,
    /// The request was refused, with this error number.
    Refused(i32, Option<String>),
    /// Nothing to look at.
    Nothing,
}

/// One frame from the kernel.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Number of the request it answers.
    pub(super) sequence: u32,
    /// The table changed while this dump was made, as far as the kernel noticed.
    pub(super) interrupted: bool,
    /// What it says.
    pub(crate) content: Content<'a>,
}

/// Splits the first frame off a datagram; `None` at its end.
///
/// # Errors
/// A length does not fit what is there.
pub(crate) fn next<'a>(datagram: &mut &'a [u8]) -> Result<Option<Frame<'a>>, DecodeError> {
    if datagram.is_empty() {
        return Ok(None);
    }
    let bytes = *datagram;
    let buffer = NetlinkBuffer::new_checked(bytes).context("invalid netlink header")?;
    let length = buffer.length() as usize;
    let padded = length.next_multiple_of(4).min(bytes.len());
    *datagram = &bytes[padded..];

    let payload = &bytes[HEADER_LEN..length];
    let content = match buffer.message_type() {
        NLMSG_NOOP | NLMSG_OVERRUN => Content::Nothing,
        NLMSG_ERROR => {
            let code = ErrorBuffer::new_checked(payload)?.code();
            code.map_or(Content::Done, |code| {
                let attributes = error_attributes(buffer.flags(), &payload[4..]);
                refusal(code.get(), buffer.flags(), attributes)
            })
        }
        // The number of a failed dump comes in its end; old kernels send none.
        NLMSG_DONE => match payload.get(..4).map(parse_i32).transpose()? {
            None | Some(0) => Content::Done,
            // No request is repeated there.
            Some(code) => refusal(code, buffer.flags(), Some(&payload[4..])),
        },
        _ => Content::Message(payload),
    };
    Ok(Some(Frame {
        sequence: buffer.sequence_number(),
        interrupted: buffer.flags() & NLM_F_DUMP_INTR != 0,
        content,
    }))
}

/// A refusal with the kernel's text, if it says that it sent attributes and one of them is that.
fn refusal(code: i32, flags: u16, attributes: Option<&[u8]>) -> Content<'static> {
    let errno = code.saturating_neg();
    if flags & NLM_F_ACK_TLVS == 0 {
        return Content::Refused(errno, None);
    }
    let text = attributes.and_then(|attributes| {
        NlasIterator::new(attributes)
            .filter_map(Result::ok)
            .find(|attribute| attribute.kind() == ERROR_TEXT)
            .map(|attribute| String::from_utf8_lossy(attribute.value()).into_owned())
    });
    Content::Refused(
        errno,
        text.map(|text| text.trim_end_matches('\0').to_owned()),
    )
}

/// Where the attributes of a refusal begin: after the request's header, and after all of the
/// request unless the kernel cut it (`NETLINK_CAP_ACK`).
fn error_attributes(flags: u16, rest: &[u8]) -> Option<&[u8]> {
    let header = NetlinkBuffer::new(rest.get(..HEADER_LEN)?);
    let request = if flags & NLM_F_CAPPED != 0 {
        HEADER_LEN
    } else {
        header.length() as usize
    };
    rest.get(request.checked_next_multiple_of(4)?..)
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// An error frame in the machine's byte order, with flags and what follows the number.
    fn error(flags: u16, rest: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(u32::try_from(20 + rest.len()).unwrap().to_ne_bytes());
        bytes.extend([NLMSG_ERROR, flags].map(u16::to_ne_bytes).concat());
        bytes.extend([9_u32, 0].map(u32::to_ne_bytes).concat());
        bytes.extend((-3_i32).to_ne_bytes());
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn the_text_of_a_refusal_is_found_behind_the_request_or_its_header() {
        let mut text = [10_u16, ERROR_TEXT].map(u16::to_ne_bytes).concat();
        text.extend(b"wrong\0\0\0");
        let mut header = 20_u32.to_ne_bytes().to_vec();
        header.extend([28_u16, 5].map(u16::to_ne_bytes).concat());
        header.extend([9_u32, 0].map(u32::to_ne_bytes).concat());
        let whole = [&header[..], &[4, 1, 0, 0], &text].concat();
        let capped = [&header[..], &text].concat();
        let found = Content::Refused(Errno::ESRCH as i32, Some("wrong".to_owned()));
        assert_eq!(
            next(&mut error(NLM_F_ACK_TLVS, &whole).as_slice())
                .unwrap()
                .unwrap()
                .content,
            found
        );
        assert_eq!(
            next(&mut error(NLM_F_ACK_TLVS | NLM_F_CAPPED, &capped).as_slice())
                .unwrap()
                .unwrap()
                .content,
            found
        );
        let silent = Content::Refused(Errno::ESRCH as i32, None);
        assert_eq!(
            next(&mut error(NLM_F_CAPPED, &capped).as_slice())
                .unwrap()
                .unwrap()
                .content,
            silent
        );
        assert_eq!(
            next(&mut error(NLM_F_ACK_TLVS | NLM_F_CAPPED, &header).as_slice())
                .unwrap()
                .unwrap()
                .content,
            silent
        );
        assert_eq!(
            next(&mut error(NLM_F_ACK_TLVS | NLM_F_CAPPED, &[]).as_slice())
                .unwrap()
                .unwrap()
                .content,
            silent
        );
    }

    #[test]
    fn a_failed_dump_says_so_in_its_end() {
        let mut bytes = Vec::new();
        for word in [20_u32, 0, 9, 0] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes[4..6].copy_from_slice(&NLMSG_DONE.to_ne_bytes());
        bytes.extend((-1_i32).to_ne_bytes());
        let content = next(&mut bytes.as_slice()).unwrap().unwrap().content;
        assert_eq!(content, Content::Refused(Errno::EPERM as i32, None));
        let mut told = bytes.clone();
        told.extend([10_u16, ERROR_TEXT].map(u16::to_ne_bytes).concat());
        told.extend(b"wrong\0\0\0");
        told[..4].copy_from_slice(&32_u32.to_ne_bytes());
        told[6..8].copy_from_slice(&NLM_F_ACK_TLVS.to_ne_bytes());
        let content = next(&mut told.as_slice()).unwrap().unwrap().content;
        let text = Some("wrong".to_owned());
        assert_eq!(content, Content::Refused(Errno::EPERM as i32, text));
        bytes[16..].fill(0);
        assert_eq!(
            next(&mut bytes.as_slice()).unwrap().unwrap().content,
            Content::Done
        );
        bytes.truncate(16);
        bytes[..4].copy_from_slice(&16_u32.to_ne_bytes());
        assert_eq!(
            next(&mut bytes.as_slice()).unwrap().unwrap().content,
            Content::Done
        );
    }

    #[test]
    fn frames_of_netlink_itself_say_nothing() {
        for kind in [NLMSG_NOOP, NLMSG_OVERRUN] {
            let mut bytes = [20_u32, 0, 9, 0, 0].map(u32::to_ne_bytes).concat();
            bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
            let content = next(&mut bytes.as_slice()).unwrap().unwrap().content;
            assert_eq!(content, Content::Nothing);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_stand_still(
            mut bytes in vec(any::<u8>(), 0..200),
            length in 0..220_u32,
            kind in 0..5_u16,
            flags in any::<u16>(),
        ) {
            if let [a, b, c, d, e, f, g, h, ..] = bytes.as_mut_slice() {
                [*a, *b, *c, *d] = length.to_ne_bytes();
                [*e, *f] = kind.to_ne_bytes();
                [*g, *h] = flags.to_ne_bytes();
            }
            let mut rest = bytes.as_slice();
            let mut left = rest.len();
            while let Ok(Some(_)) = next(&mut rest) {
                prop_assert!(rest.len() < left);
                left = rest.len();
            }
        }
    }
}
