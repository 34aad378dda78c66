//! Addresses of interfaces over rtnetlink(7).

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use lvs_netlink::Requests;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, CacheInfo};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;

/// The lifetime of a permanent address (`INFINITY_LIFE_TIME` of the kernel's `addrconf.h`).
pub const FOREVER: u32 = u32::MAX;

/// An IPv4 address on an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The interface's index.
    pub index: u32,
    /// The address.
    pub address: Ipv4Addr,
    /// The prefix length.
    pub prefix: u8,
    /// The alias or, without one, the interface's name.
    pub label: Option<String>,
    /// The broadcast address.
    pub broadcast: Option<Ipv4Addr>,
    /// Remaining lifetime in seconds, or [`FOREVER`].
    pub lifetime: u32,
    /// Whether another address of the same subnet came first (`IFA_F_SECONDARY`).
    pub secondary: bool,
}

/// A change of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Adds the address, or sets the lifetime of the one that is there.
    Set(Address),
    /// Removes the address.
    Remove(Address),
}

/// A connection to the kernel for addresses.
pub struct Rtnl {
    requests: Requests<RouteNetlinkMessage>,
}

impl Rtnl {
    /// Opens the connection.
    ///
    /// # Errors
    /// Those of [`Requests::open`].
    pub fn open() -> io::Result<Self> {
        let requests = Requests::open(NETLINK_ROUTE)?;
        Ok(Self { requests })
    }

    /// Returns all IPv4 addresses of this network namespace.
    ///
    /// # Errors
    /// Those of [`Requests::dump`].
    pub fn addresses(&mut self) -> io::Result<Vec<Address>> {
        let mut request = AddressMessage::default();
        request.header.family = AddressFamily::Inet;
        let found = self
            .requests
            .dump(&RouteNetlinkMessage::GetAddress(request))?;
        let address = |message: &RouteNetlinkMessage| match message {
            RouteNetlinkMessage::NewAddress(message) => from_message(message),
            _ => None,
        };
        Ok(found.iter().filter_map(address).collect())
    }

    /// Makes the changes, many in a send, and returns each one's own result in order.
    pub fn change(&mut self, changes: &[Change]) -> Vec<io::Result<()>> {
        let request = |change: &Change| match change {
            Change::Set(address) => (
                RouteNetlinkMessage::NewAddress(to_message(address)),
                NLM_F_CREATE | NLM_F_REPLACE,
            ),
            Change::Remove(address) => (RouteNetlinkMessage::DelAddress(to_message(address)), 0),
        };
        self.requests.change(changes.iter().map(request).collect())
    }
}

fn to_message(address: &Address) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.prefix_len = address.prefix;
    message.header.index = address.index;
    message.attributes = vec![
        AddressAttribute::Local(IpAddr::V4(address.address)),
        AddressAttribute::Address(IpAddr::V4(address.address)),
    ];
    message
        .attributes
        .extend(address.broadcast.map(AddressAttribute::Broadcast));
    message
        .attributes
        .extend(address.label.clone().map(AddressAttribute::Label));
    let mut lifetime = CacheInfo::default();
    lifetime.ifa_preferred = address.lifetime;
    lifetime.ifa_valid = address.lifetime;
    message
        .attributes
        .push(AddressAttribute::CacheInfo(lifetime));
    message
}

fn from_message(message: &AddressMessage) -> Option<Address> {
    let mut result = Address {
        index: message.header.index,
        address: Ipv4Addr::UNSPECIFIED,
        prefix: message.header.prefix_len,
        label: None,
        broadcast: None,
        lifetime: FOREVER,
        secondary: false,
    };
    let mut peer = None;
    let mut local = None;
    for attribute in &message.attributes {
        match attribute {
            // On a point-to-point interface IFA_ADDRESS is the peer's, IFA_LOCAL our own.
            AddressAttribute::Local(IpAddr::V4(address)) => local = Some(*address),
            AddressAttribute::Address(IpAddr::V4(address)) => peer = Some(*address),
            AddressAttribute::Broadcast(address) => result.broadcast = Some(*address),
            AddressAttribute::Label(label) => result.label = Some(label.clone()),
            AddressAttribute::CacheInfo(info) => result.lifetime = info.ifa_valid,
            AddressAttribute::Flags(flags) => {
                result.secondary = flags.contains(AddressFlags::Secondary);
            }
            _ => {}
        }
    }
    result.address = local.or(peer)?;
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vip() -> Address {
        Address {
            index: 2,
            address: Ipv4Addr::new(1, 2, 3, 1),
            prefix: 24,
            label: Some("eth0:1".into()),
            broadcast: Some(Ipv4Addr::new(1, 2, 3, 255)),
            lifetime: 4,
            secondary: false,
        }
    }

    /// RTM_NEWADDR's payload, written by hand after rtnetlink(7) and `linux/if_addr.h`. Numbers are
    /// in the machine's byte order, addresses in that of the network.
    fn vip_bytes() -> Vec<u8> {
        let number = |value: u32| value.to_ne_bytes().to_vec();
        let attribute = |length: u16, kind: u16| [length, kind].map(u16::to_ne_bytes).concat();
        [
            vec![2, 24, 0, 0], // AF_INET, /24, no flags, universe
            number(2),         // index
            attribute(8, 2),   // IFA_LOCAL
            vec![1, 2, 3, 1],
            attribute(8, 1), // IFA_ADDRESS
            vec![1, 2, 3, 1],
            attribute(8, 4), // IFA_BROADCAST
            vec![1, 2, 3, 255],
            attribute(11, 3), // IFA_LABEL
            b"eth0:1\0\0".to_vec(),
            attribute(20, 6), // IFA_CACHEINFO: preferred, valid, created, updated
            [4, 4, 0, 0].map(u32::to_ne_bytes).concat(),
        ]
        .concat()
    }

    #[test]
    fn a_floating_address_has_the_bytes_that_the_kernel_expects() {
        use netlink_packet_core::Emitable;
        let message = to_message(&vip());
        let mut bytes = vec![0; message.buffer_len()];
        message.emit(&mut bytes);
        assert_eq!(bytes, vip_bytes());
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(from_message(&to_message(&vip())), Some(vip()));
    }

    #[test]
    fn the_loopback_address_is_there() {
        let mut rtnl = Rtnl::open().expect("a socket");
        let addresses = rtnl.addresses().expect("a dump");
        assert!(
            addresses
                .iter()
                .any(|a| a.address == Ipv4Addr::LOCALHOST && a.prefix == 8),
            "{addresses:?}"
        );
    }

    #[test]
    fn each_change_has_its_own_error() {
        let nowhere = Address {
            index: 0x7fff_ffff,
            ..vip()
        };
        let changes = vec![Change::Set(nowhere.clone()), Change::Remove(nowhere)];
        let results = Rtnl::open().expect("a socket").change(&changes);
        assert_eq!(results.len(), 2);
        // No such device; or, for a caller without CAP_NET_ADMIN, no permission.
        assert!(results.iter().all(Result::is_err), "{results:?}");
    }
}
