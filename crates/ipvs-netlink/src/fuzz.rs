//! For the fuzz target only: the way of a datagram from the socket to typed entries.

use crate::client::{Content, decode, next_frame};
use crate::message::{Message, each_configured};
use crate::{Destination, Family};

/// The messages in a datagram from the kernel, up to the first frame that makes no sense: of each
/// what follows the netlink header.
pub fn payloads(datagram: &[u8]) -> Vec<&[u8]> {
    let mut rest = datagram;
    let mut payloads = Vec::new();
    while let Ok(Some(frame)) = next_frame(&mut rest) {
        if let Content::Message(payload) = frame.content {
            payloads.push(payload);
        }
    }
    payloads
}

/// The message that follows a netlink header.
pub fn message(payload: &[u8]) -> Option<Message> {
    decode(payload).ok()
}

/// The destinations of what follows a netlink header, read without a message; `None` where they
/// make no sense.
pub fn configured(payload: &[u8], family: Family) -> Option<Vec<Destination>> {
    let mut found = Vec::new();
    each_configured(payload, family, |destination| found.push(destination)).ok()?;
    Some(found)
}
