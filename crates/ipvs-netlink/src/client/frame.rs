//! The netlink frame around a message: headers out, headers, acknowledgements and errors in.

use netlink_packet_core::{
    DecodeError, Emitable, ErrorBuffer, ErrorContext, NLM_F_ACK_TLVS, NLM_F_CAPPED,
    NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN, NetlinkBuffer,
    NetlinkHeader, NetlinkMessage, NetlinkPayload, NlasIterator, parse_i32,
};
use netlink_packet_generic::{GenlFamily, GenlMessage};
use nix::errno::Errno;

/// `NLMSGERR_ATTR_MSG`: the text in an extended acknowledgement.
const ERROR_TEXT: u16 = 1;

/// Length of a netlink header.
const HEADER_LEN: usize = 16;

/// Appends a framed request to `buffer`.
///
/// `family` is only used where the message's own family has no fixed number.
pub(super) fn append<M>(buffer: &mut Vec<u8>, message: M, family: u16, flags: u16, sequence: u32)
where
    M: GenlFamily + Emitable + std::fmt::Debug,
{
    let mut message = GenlMessage::from_payload(message);
    message.set_resolved_family_id(family);
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    header.sequence_number = sequence;
    let mut frame = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
    frame.finalize();
    let start = buffer.len();
    buffer.resize(start + frame.buffer_len(), 0);
    frame.serialize(&mut buffer[start..]);
}

/// What one frame from the kernel says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// A message of some family: what follows the netlink header.
    Message(&'a [u8]),
    /// The request was carried out, or the dump is complete.
    Done,
    /// The request was refused.
    Refused(Errno, Option<String>),
    /// Nothing to look at.
    Nothing,
}

/// One frame from the kernel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Number of the request it answers.
    pub(super) sequence: u32,
    /// The table changed while this dump was made, as far as the kernel noticed.
    pub(super) interrupted: bool,
    /// What it says.
    pub(super) content: Content<'a>,
}

/// Splits the first frame off a datagram; `None` at its end.
///
/// # Errors
/// A length does not fit what is there.
pub(super) fn next<'a>(datagram: &mut &'a [u8]) -> Result<Option<Frame<'a>>, DecodeError> {
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
                refusal(code.get(), buffer.flags(), &payload[4..])
            })
        }
        // The number of a failed dump comes in its end; old kernels send none.
        NLMSG_DONE => match payload.get(..4).map(parse_i32).transpose()? {
            None | Some(0) => Content::Done,
            Some(code) => refusal(code, buffer.flags() | NLM_F_CAPPED, &payload[4..]),
        },
        _ => Content::Message(payload),
    };
    Ok(Some(Frame {
        sequence: buffer.sequence_number(),
        interrupted: buffer.flags() & NLM_F_DUMP_INTR != 0,
        content,
    }))
}

/// A refusal with the kernel's text, if it sent one after (what it repeats of) the request.
fn refusal(code: i32, flags: u16, rest: &[u8]) -> Content<'static> {
    let errno = Errno::from_raw(code.saturating_neg());
    if flags & NLM_F_ACK_TLVS == 0 {
        return Content::Refused(errno, None);
    }
    let text = error_attributes(flags, rest).and_then(|attributes| {
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
    rest.get(request.max(HEADER_LEN).checked_next_multiple_of(4)?..)
}
