//! For the fuzz target only: the way of a datagram from the socket to typed entries.

use crate::client::{Content, decode, next_frame};
use crate::message::Message;

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
