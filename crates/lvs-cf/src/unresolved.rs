//! A resolver that asks nobody about hosts: for checking a file where its network is not.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::{Document, Protocol, Resolve, Span, SystemResolver};

/// Takes every host name for good: each stands for a host of its own, whose address is not known.
/// Names of services come from `/etc/services`.
///
/// In the configuration such a host has a stand-in address from 255.0.0.0/8, which no host can have
/// (RFC 1112, section 4). The same name has the same one.
#[derive(Debug, Default)]
pub struct Unresolved {
    hosts: RefCell<HashMap<String, Ipv4Addr>>,
    services: SystemResolver,
}

/// The first and the last stand-in. 255.255.255.255 is no host's address for the parser either.
const FIRST: u32 = 0xff00_0000;
const LAST: u32 = 0xffff_fffe;

impl Unresolved {
    /// A resolver that has heard of no name yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `address` stands for a name.
    pub fn is_stand_in(address: IpAddr) -> bool {
        matches!(address, IpAddr::V4(v4) if (FIRST..=LAST).contains(&v4.to_bits()))
    }
}

/// How people know the host that the word at `span` means: by its name if that was not looked up.
pub(crate) fn said(document: &Document, address: IpAddr, span: Option<Span>) -> String {
    let word = span.and_then(|span| document.word_at(span.start));
    match word {
        Some(word) if Unresolved::is_stand_in(address) => word.text.to_owned(),
        _ => address.to_string(),
    }
}

/// Whether both addresses are IPv4, or both IPv6. A host that was not looked up may have either.
pub(crate) fn same_family(a: IpAddr, b: IpAddr) -> bool {
    Unresolved::is_stand_in(a) || Unresolved::is_stand_in(b) || a.is_ipv4() == b.is_ipv4()
}

impl Resolve for Unresolved {
    fn host(&self, name: &str) -> Option<IpAddr> {
        let mut hosts = self.hosts.borrow_mut();
        if let Some(known) = hosts.get(name) {
            return Some(IpAddr::V4(*known));
        }
        let next = FIRST.checked_add(u32::try_from(hosts.len()).ok()?)?;
        let address = Ipv4Addr::from_bits(next);
        if next > LAST {
            return None;
        }
        hosts.insert(name.to_owned(), address);
        Some(IpAddr::V4(address))
    }

    fn service(&self, name: &str, protocol: Protocol) -> Option<u16> {
        self.services.service(name, protocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_host_of_its_own() {
        let resolver = Unresolved::new();
        let (a, b) = (resolver.host("a").unwrap(), resolver.host("b").unwrap());
        assert_ne!(a, b);
        assert_eq!(resolver.host("a"), Some(a));
        assert!(Unresolved::is_stand_in(a) && Unresolved::is_stand_in(b));
        assert!(!Unresolved::is_stand_in(IpAddr::from([1, 2, 3, 4])));
        assert_eq!(resolver.service("http", Protocol::Tcp), Some(80));
        let (four, six) = (IpAddr::from([1, 2, 3, 4]), IpAddr::from([1; 16]));
        assert!(same_family(a, six) && same_family(four, a) && !same_family(four, six));
    }
}
