//! Netlink sockets (netlink(7)) with bounded waits, for every part of the suite that talks to the
//! kernel: IPVS over generic netlink, addresses and links over rtnetlink.
//!
//! - [`Socket`] sends and receives datagrams; only the kernel's count.
//! - [`Requests`] matches replies to requests by sequence number: dumps, and batches of changes of
//!   which each has a result of its own.
//! - [`Notifications`] receives what the kernel multicasts to groups, without blocking.
//!
//! Sockets are close-on-exec. A receive waits at most [`REPLY_LIMIT`].

mod notifications;
mod requests;
mod socket;

pub use notifications::Notifications;
pub use requests::Requests;
pub use socket::{Datagram, REPLY_LIMIT, Socket};

use netlink_packet_core::{NetlinkDeserializable, NetlinkMessage};
use std::io;

/// Decodes the messages of one datagram.
///
/// # Errors
/// `InvalidData` for a message that is cut off or that `T` cannot decode.
pub fn decode<T: NetlinkDeserializable>(datagram: &[u8]) -> io::Result<Vec<NetlinkMessage<T>>> {
    let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let mut messages = Vec::new();
    let mut rest = datagram;
    while !rest.is_empty() {
        let message =
            NetlinkMessage::deserialize(rest).map_err(|error| invalid(error.to_string()))?;
        // Messages are padded to four bytes (NLMSG_ALIGN in linux/netlink.h).
        let length = (message.header.length as usize).next_multiple_of(4);
        if length == 0 {
            return Err(invalid("a message without length".to_owned()));
        }
        messages.push(message);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(messages)
}
