//! A host's addresses: as they are now, and as the kernel reports their changes.

use crate::error::{Error, Result};
use crate::host::Host;
use crate::rtnl::{attributes, messages};
use nix::sys::socket::SockaddrStorage;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// The groups that hear of IPv4 and IPv6 addresses.
pub(crate) const ADDRESS_GROUPS: u32 = 0x10 | 0x100;

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

/// The changes that a datagram of the kernel tells of.
pub(crate) fn changes(datagram: &[u8]) -> Vec<Change> {
    messages(datagram)
        .filter_map(|message| {
            // struct ifaddrmsg: family, prefix length, flags, scope, index
            let fixed = message.body.get(8..)?;
            let find = |wanted| attributes(fixed).find(|(kind, _)| *kind == wanted);
            // IFA_LOCAL differs from IFA_ADDRESS on point-to-point links, and is the own one.
            let (_, value) = find(IFA_LOCAL).or_else(|| find(IFA_ADDRESS))?;
            let address = match value.len() {
                4 => IpAddr::V4(Ipv4Addr::from(*value.first_chunk::<4>()?)),
                16 => IpAddr::V6(Ipv6Addr::from(*value.first_chunk::<16>()?)),
                _ => return None,
            };
            match message.kind {
                RTM_NEWADDR => Some(Change::Added(address)),
                RTM_DELADDR => Some(Change::Removed(address)),
                _ => None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_notice_of_the_kernel() {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&32_u32.to_ne_bytes());
        bytes.extend_from_slice(&RTM_DELADDR.to_ne_bytes());
        bytes.extend_from_slice(&[0; 10]);
        bytes.extend_from_slice(&[2, 24, 0, 0, 2, 0, 0, 0]);
        bytes.extend_from_slice(&8_u16.to_ne_bytes());
        bytes.extend_from_slice(&IFA_LOCAL.to_ne_bytes());
        bytes.extend_from_slice(&[1, 2, 3, 1]);
        assert_eq!(
            changes(&bytes),
            [Change::Removed("1.2.3.1".parse().unwrap())]
        );
        assert_eq!(changes(&bytes[..31]), []);
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
