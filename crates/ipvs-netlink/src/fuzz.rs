//! For the fuzz target only: the way of a datagram from the socket to typed entries.

use crate::client::{Content, decode, next_frame};
use crate::message::{Message, each_configured};
use crate::{Destination, Family};

/// The messages in a datagram from the kernel, up to the first frame that makes no sense.
pub fn messages(datagram: &[u8]) -> Vec<Message> {
    let mut rest = datagram;
    let mut messages = Vec::new();
    while let Ok(Some(frame)) = next_frame(&mut rest) {
        if let Content::Message(payload) = frame.content {
            messages.extend(decode(payload));
        }
    }
    messages
}

/// The destinations of what follows a netlink header, read without a message; `None` where they
/// make no sense.
pub fn configured(payload: &[u8], family: Family) -> Option<Vec<Destination>> {
    let mut found = Vec::new();
    each_configured(payload, family, |destination| found.push(destination)).ok()?;
    Some(found)
}
