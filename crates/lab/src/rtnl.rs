//! The two changes of a link that must cost microseconds, not a fork: its bridge and its being up.
//! Also the kernel's notifications about addresses.

use crate::error::{Error, Result};
use lvs_netlink::{Notifications, Requests};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;

/// Multicast groups of IPv4 and IPv6 addresses: `RTNLGRP_IPV4_IFADDR` and `RTNLGRP_IPV6_IFADDR` of
/// `linux/rtnetlink.h`.
const ADDRESS_GROUPS: [u32; 2] = [5, 9];

/// The kernel's notifications about addresses and links.
pub(crate) type RouteNotifications = Notifications<RouteNetlinkMessage>;

/// One change to one link of the calling thread's network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkChange {
    /// Make it a port of a bridge; of none if the bridge is 0.
    Master { link: u32, bridge: u32 },
    /// Set it up or down.
    Up { link: u32, up: bool },
}

/// Returns the index of an interface in the calling thread's network namespace.
pub(crate) fn index(name: &str) -> Result<u32> {
    nix::net::if_::if_nametoindex(name).map_err(Error::os(format!("find the interface {name}")))
}

/// Subscribes to changes of addresses in the calling thread's network namespace.
pub(crate) fn address_notifications() -> Result<RouteNotifications> {
    Notifications::open(NETLINK_ROUTE, &ADDRESS_GROUPS)
        .map_err(Error::io("subscribe to changes of addresses"))
}

/// Makes all changes in one send, so that nothing happens between the first and the last.
pub(crate) fn change_links(changes: &[LinkChange]) -> Result<()> {
    let request = |change: &LinkChange| (RouteNetlinkMessage::SetLink(message(*change)), 0);
    let open = Requests::open(NETLINK_ROUTE);
    let mut requests = open.map_err(Error::io("open a netlink socket"))?;
    for result in requests.change(changes.iter().map(request).collect()) {
        result.map_err(Error::io("change a link"))?;
    }
    Ok(())
}

fn message(change: LinkChange) -> LinkMessage {
    let mut message = LinkMessage::default();
    match change {
        LinkChange::Master { link, bridge } => {
            message.header.index = link;
            message.attributes.push(LinkAttribute::Controller(bridge));
        }
        LinkChange::Up { link, up } => {
            message.header.index = link;
            message.header.change_mask = LinkFlags::Up;
            if up {
                message.header.flags = LinkFlags::Up;
            }
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use netlink_packet_core::Emitable;

    #[test]
    fn bridge_request_has_kernel_layout() {
        let message = message(LinkChange::Master { link: 7, bridge: 3 });
        let mut bytes = vec![0; message.buffer_len()];
        message.emit(&mut bytes);
        // struct ifinfomsg of linux/rtnetlink.h: family, pad, type, index, flags, change; then
        // IFLA_MASTER (10).
        let mut expected = vec![0; 4];
        for word in [7_u32, 0, 0] {
            expected.extend_from_slice(&word.to_ne_bytes());
        }
        for half in [8_u16, 10] {
            expected.extend_from_slice(&half.to_ne_bytes());
        }
        expected.extend_from_slice(&3_u32.to_ne_bytes());
        assert_eq!(bytes, expected);
    }
}
