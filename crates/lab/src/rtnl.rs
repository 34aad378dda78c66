//! The two changes of a link that must cost microseconds, not a fork: its bridge and its being up.
//! Also the notices of the kernel about addresses. Layouts: `linux/rtnetlink.h`, `linux/netlink.h`.

use crate::error::{Error, Result};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send,
    socket,
};
use std::os::fd::{AsRawFd, OwnedFd};

const NLMSG_ERROR: u16 = 2;
const RTM_SETLINK: u16 = 19;
const REQUEST_WITH_ACK: u16 = 0x1 | 0x4;
const IFLA_MASTER: u16 = 10;
const IFF_UP: u32 = 1;

/// One change to one link of the calling thread's network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkChange {
    /// Make it a port of a bridge; of none if the bridge is 0.
    Master { link: u32, bridge: u32 },
    /// Set it up or down.
    Up { link: u32, up: bool },
}

/// The index of an interface in the calling thread's network namespace.
pub(crate) fn index(name: &str) -> Result<u32> {
    nix::net::if_::if_nametoindex(name).map_err(Error::os(format!("find the interface {name}")))
}

/// A routing-netlink socket that hears of `groups`.
pub(crate) fn open(groups: u32) -> Result<OwnedFd> {
    let fd = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
    .map_err(Error::os("open a netlink socket"))?;
    bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups)).map_err(Error::os("bind netlink"))?;
    Ok(fd)
}

/// Makes all changes in one request, so that nothing happens between the first and the last.
pub(crate) fn change_links(changes: &[LinkChange]) -> Result<()> {
    let fd = open(0)?;
    let request: Vec<u8> = changes
        .iter()
        .zip(1..)
        .flat_map(|(change, sequence)| encode(*change, sequence))
        .collect();
    send(fd.as_raw_fd(), &request, MsgFlags::empty()).map_err(Error::os("change links"))?;
    let mut acknowledged = 0;
    let mut buffer = [0; 8_192];
    while acknowledged < changes.len() {
        let length = recv(fd.as_raw_fd(), &mut buffer, MsgFlags::empty())
            .map_err(Error::os("hear about changed links"))?;
        for message in messages(&buffer[..length]) {
            if message.kind == NLMSG_ERROR {
                check_error(message.body)?;
                acknowledged += 1;
            }
        }
    }
    Ok(())
}

/// The body of an error message begins with a negative error number, or 0 for done.
fn check_error(body: &[u8]) -> Result<()> {
    let code = body
        .first_chunk()
        .map_or(0, |bytes| i32::from_ne_bytes(*bytes));
    if code == 0 {
        return Ok(());
    }
    Err(Error::io("change a link")(
        std::io::Error::from_raw_os_error(-code),
    ))
}

fn encode(change: LinkChange, sequence: u32) -> Vec<u8> {
    let (link, flags, mask, master) = match change {
        LinkChange::Master { link, bridge } => (link, 0, 0, Some(bridge)),
        LinkChange::Up { link, up } => (link, if up { IFF_UP } else { 0 }, IFF_UP, None),
    };
    let mut body = Vec::with_capacity(24);
    // struct ifinfomsg: family, pad, type, index, flags, change
    body.extend_from_slice(&[0; 4]);
    for word in [link, flags, mask] {
        body.extend_from_slice(&word.to_ne_bytes());
    }
    if let Some(master) = master {
        body.extend_from_slice(&8_u16.to_ne_bytes());
        body.extend_from_slice(&IFLA_MASTER.to_ne_bytes());
        body.extend_from_slice(&master.to_ne_bytes());
    }
    let mut message = Vec::with_capacity(16 + body.len());
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    message.extend_from_slice(&length.to_ne_bytes());
    message.extend_from_slice(&RTM_SETLINK.to_ne_bytes());
    message.extend_from_slice(&REQUEST_WITH_ACK.to_ne_bytes());
    message.extend_from_slice(&sequence.to_ne_bytes());
    message.extend_from_slice(&0_u32.to_ne_bytes());
    message.extend_from_slice(&body);
    message
}

/// One netlink message: its type and what follows the header.
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) body: &'a [u8],
}

/// The messages of one datagram. Stops at the first that is not whole.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
        let whole = bytes.get(..length)?;
        let kind = u16::from_ne_bytes(*whole.get(4..)?.first_chunk()?);
        let body = whole.get(16..)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message { kind, body })
    })
}

/// The attributes of a message, from after its fixed part: type and value.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(*bytes.first_chunk()?));
        let kind = u16::from_ne_bytes(*bytes.get(2..)?.first_chunk()?);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_back_as_written() {
        let bytes = encode(LinkChange::Master { link: 7, bridge: 3 }, 1);
        let mut found = messages(&bytes);
        let message = found.next().unwrap();
        assert_eq!((message.kind, message.body.len()), (RTM_SETLINK, 24));
        assert_eq!(&message.body[4..8], &7_u32.to_ne_bytes());
        let attributes: Vec<_> = attributes(&message.body[16..]).collect();
        assert_eq!(attributes, [(IFLA_MASTER, &3_u32.to_ne_bytes()[..])]);
        assert!(found.next().is_none());
    }

    #[test]
    fn cut_off_bytes_end_the_walk() {
        let bytes = encode(LinkChange::Up { link: 7, up: false }, 1);
        for length in 0..bytes.len() {
            assert_eq!(messages(&bytes[..length]).count(), 0, "{length} bytes");
        }
        assert_eq!(attributes(&[3, 0, 0, 0, 0, 0, 0, 0]).count(), 0);
        assert_eq!(attributes(&[0xff; 8]).count(), 0);
    }
}
