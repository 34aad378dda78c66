//! A host's addresses: as they are now, and as the kernel reports their changes.

use crate::error::{Error, Result};
use crate::host::Host;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use nix::sys::socket::SockaddrStorage;
use std::net::IpAddr;

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The label: the interface's name, or an alias such as `eth0:1`.
    pub label: String,
    /// The address.
    pub address: IpAddr,
}

impl Host {
    /// The host's addresses, without a fork.
    pub fn addresses(&self) -> Result<Vec<Address>> {
        self.inside(list)
    }

    /// Whether the host carries an address.
    pub fn has_address(&self, address: IpAddr) -> Result<bool> {
        Ok(self
            .addresses()?
            .iter()
            .any(|found| found.address == address))
    }
}

/// The addresses in the calling thread's network namespace.
pub(crate) fn list() -> Result<Vec<Address>> {
    let found = nix::ifaddrs::getifaddrs().map_err(Error::os("list addresses"))?;
    Ok(found
        .filter_map(|entry| {
            Some(Address {
                label: entry.interface_name,
                address: ip(entry.address.as_ref()?)?,
            })
        })
        .collect())
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address
        .as_sockaddr_in()
        .map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| {
        address
            .as_sockaddr_in6()
            .map(|address| IpAddr::V6(address.ip()))
    })
}

/// One change of the addresses of a namespace. A renewed lease counts as added again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added(IpAddr),
    Removed(IpAddr),
}

/// Returns the change that a notification reports.
pub(crate) fn change(notification: &RouteNetlinkMessage) -> Option<Change> {
    match notification {
        RouteNetlinkMessage::NewAddress(message) => own_address(message).map(Change::Added),
        RouteNetlinkMessage::DelAddress(message) => own_address(message).map(Change::Removed),
        _ => None,
    }
}

/// IFA_LOCAL differs from IFA_ADDRESS on point-to-point links, and is the own one.
fn own_address(message: &AddressMessage) -> Option<IpAddr> {
    let local = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            AddressAttribute::Local(address) => Some(*address),
            _ => None,
        });
    local.or_else(|| {
        message
            .attributes
            .iter()
            .find_map(|attribute| match attribute {
                AddressAttribute::Address(address) => Some(*address),
                _ => None,
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notification_reports_local_address() {
        let [local, peer]: [IpAddr; 2] = ["1.2.3.1", "1.2.3.9"].map(|text| text.parse().unwrap());
        let mut message = AddressMessage::default();
        message.attributes.push(AddressAttribute::Address(peer));
        let notification = RouteNetlinkMessage::DelAddress(message.clone());
        assert_eq!(change(&notification), Some(Change::Removed(peer)));
        message.attributes.push(AddressAttribute::Local(local));
        let notification = RouteNetlinkMessage::NewAddress(message);
        assert_eq!(change(&notification), Some(Change::Added(local)));
    }

    #[test]
    fn loopback_is_there() {
        assert!(
            list()
                .unwrap()
                .iter()
                .any(|found| found.address.is_loopback())
        );
    }
}
