//! Raises, renews and drops the floating addresses.

use std::io;
use std::net::Ipv4Addr;

use nix::net::if_::if_nametoindex;

use crate::rtnl::{Address, Change, FOREVER, Rtnl};
use crate::settings::Floating;

/// Why one floating address is not up, or not gone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device does not exist.
    #[error("no device {interface}")]
    NoDevice {
        /// Its name.
        interface: String,
    },
    /// The kernel refused.
    #[error("{0}")]
    Kernel(#[source] io::Error),
}

/// How an address came to be up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Up {
    /// It was there, and its lease is renewed.
    Already,
    /// It was not on its device.
    Now,
}

/// Raises the addresses, or renews the lease of those that are up. `lease` is the lifetime in
/// seconds; `None` makes them permanent. One result per address, in order: one that fails does
/// not stop the others.
///
/// # Errors
/// If the kernel does not tell which addresses there are.
pub fn raise(
    rtnl: &mut Rtnl,
    floating: &[Floating],
    lease: Option<u32>,
) -> io::Result<Vec<Result<Up, Error>>> {
    let present = rtnl.addresses()?;
    let wanted: Vec<Result<Address, Error>> = floating
        .iter()
        .map(|one| {
            let index = if_nametoindex(one.interface.as_str()).map_err(|_| Error::NoDevice {
                interface: one.interface.clone(),
            })?;
            Ok(wanted(one, index, lease, &present, floating))
        })
        .collect();
    let changes: Vec<Change> = wanted.iter().flatten().cloned().map(Change::Set).collect();
    let mut results = rtnl.change(&changes).into_iter();
    Ok(wanted
        .into_iter()
        .map(|address| {
            address.and_then(|address| match results.next() {
                Some(Ok(())) if find(&present, address.index, address.address).is_some() => {
                    Ok(Up::Already)
                }
                Some(result) => result.map(|()| Up::Now).map_err(Error::Kernel),
                None => Err(Error::Kernel(io::ErrorKind::UnexpectedEof.into())),
            })
        })
        .collect())
}

/// What a drop did.
#[derive(Debug, Default)]
pub struct Dropped {
    /// The floating addresses that were there and are gone.
    pub gone: Vec<Ipv4Addr>,
    /// Those that could not be removed, and other addresses that went with them and could not be
    /// put back.
    pub failed: Vec<(Ipv4Addr, io::Error)>,
    /// Other addresses that the kernel took away with them, and that were put back.
    pub put_back: Vec<Ipv4Addr>,
}

/// Removes the floating addresses from wherever they are. Those that are not there are fine.
///
/// # Errors
/// If the kernel does not tell which addresses there are.
pub fn drop_all(rtnl: &mut Rtnl, floating: &[Floating]) -> io::Result<Dropped> {
    let before = rtnl.addresses()?;
    let (ours, others): (Vec<Address>, Vec<Address>) = before
        .into_iter()
        .partition(|address| is_floating(address.address, floating));
    let mut dropped = Dropped::default();
    if ours.is_empty() {
        return Ok(dropped);
    }
    let changes: Vec<Change> = ours.iter().cloned().map(Change::Remove).collect();
    for (address, result) in ours.iter().zip(rtnl.change(&changes)) {
        match result {
            Ok(()) => dropped.gone.push(address.address),
            // It went with the first of its subnet, or by the end of its lease.
            Err(error) if error.raw_os_error() == Some(nix::libc::EADDRNOTAVAIL) => {
                dropped.gone.push(address.address);
            }
            Err(error) => dropped.failed.push((address.address, error)),
        }
    }
    if ours.iter().any(|address| !address.secondary) {
        let missing = missing(&others, &rtnl.addresses()?);
        let changes: Vec<Change> = missing.iter().cloned().map(Change::Set).collect();
        for (address, result) in missing.iter().zip(rtnl.change(&changes)) {
            match result {
                Ok(()) => dropped.put_back.push(address.address),
                Err(error) => dropped.failed.push((address.address, error)),
            }
        }
    }
    Ok(dropped)
}

/// Whether `address` is one of the floating addresses.
fn is_floating(address: Ipv4Addr, floating: &[Floating]) -> bool {
    floating.iter().any(|one| one.address == address)
}

/// `address` as it is on the interface with `index`.
fn find(present: &[Address], index: u32, address: Ipv4Addr) -> Option<&Address> {
    present
        .iter()
        .find(|a| a.index == index && a.address == address)
}

/// The address as it should be on the interface with `index`.
fn wanted(
    floating: &Floating,
    index: u32,
    lease: Option<u32>,
    present: &[Address],
    all: &[Floating],
) -> Address {
    let there = find(present, index, floating.address);
    let prefix = match (there, floating.prefix) {
        // Taken over as it is: another prefix would make it a second address.
        (Some(there), _) => there.prefix,
        (None, Some(prefix)) => prefix,
        (None, None) => connected_prefix(floating.address, index, present, all),
    };
    Address {
        index,
        address: floating.address,
        prefix,
        label: floating.label.clone(),
        broadcast: broadcast(floating.address, prefix),
        lifetime: lease.unwrap_or(FOREVER),
        secondary: false,
    }
}

/// The prefix length of the narrowest subnet on the interface that contains `address`; 32 if
/// there is none. Floating addresses span no subnet of their own.
fn connected_prefix(
    address: Ipv4Addr,
    index: u32,
    present: &[Address],
    floating: &[Floating],
) -> u8 {
    present
        .iter()
        .filter(|a| a.index == index && !is_floating(a.address, floating))
        .filter(|a| (1..32).contains(&a.prefix))
        .filter(|a| network(a.address, a.prefix) == network(address, a.prefix))
        .map(|a| a.prefix)
        .max()
        .unwrap_or(32)
}

fn netmask(prefix: u8) -> u32 {
    u32::MAX
        .checked_shl(32 - u32::from(prefix.min(32)))
        .unwrap_or(0)
}

fn network(address: Ipv4Addr, prefix: u8) -> u32 {
    u32::from(address) & netmask(prefix)
}

/// The broadcast address of the prefix; point-to-point and host prefixes have none (RFC 3021).
fn broadcast(address: Ipv4Addr, prefix: u8) -> Option<Ipv4Addr> {
    (prefix < 31).then(|| Ipv4Addr::from(network(address, prefix) | !netmask(prefix)))
}

/// Those of `before` that are not in `after`.
fn missing(before: &[Address], after: &[Address]) -> Vec<Address> {
    let same =
        |a: &Address, b: &Address| (a.index, a.address, a.prefix) == (b.index, b.address, b.prefix);
    before
        .iter()
        .filter(|a| !after.iter().any(|b| same(a, b)))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(index: u32, address: [u8; 4], prefix: u8) -> Address {
        Address {
            index,
            address: address.into(),
            prefix,
            label: None,
            broadcast: None,
            lifetime: FOREVER,
            secondary: false,
        }
    }

    fn floating(address: [u8; 4], prefix: Option<u8>) -> Floating {
        Floating {
            address: address.into(),
            interface: "eth0".into(),
            label: Some("eth0:1".into()),
            prefix,
        }
    }

    #[test]
    fn the_prefix_is_the_files_or_the_connected_subnets_or_a_host() {
        let own = [
            on(2, [1, 2, 3, 2], 24),
            on(2, [1, 2, 3, 130], 25),
            on(3, [1, 2, 3, 3], 16),
        ];
        for (address, given, prefix) in [
            ([1, 2, 3, 1], None, 24),
            ([1, 2, 3, 129], None, 25),
            ([9, 9, 9, 9], None, 32),
            ([1, 2, 3, 1], Some(28), 28),
        ] {
            let one = floating(address, given);
            let wanted = wanted(&one, 2, Some(4), &own, std::slice::from_ref(&one));
            assert_eq!(wanted.prefix, prefix, "{address:?} {given:?}");
            assert_eq!(wanted.lifetime, 4);
            assert_eq!(wanted.label.as_deref(), Some("eth0:1"));
        }
    }

    #[test]
    fn an_address_that_is_there_is_taken_over_with_its_prefix() {
        let one = floating([1, 2, 3, 1], None);
        let present = [on(2, [1, 2, 3, 2], 24), on(2, [1, 2, 3, 1], 32)];
        let wanted = wanted(&one, 2, None, &present, std::slice::from_ref(&one));
        assert_eq!((wanted.prefix, wanted.lifetime), (32, FOREVER));
    }

    #[test]
    fn floating_addresses_span_no_subnet() {
        let all = [floating([1, 2, 3, 1], None), floating([1, 2, 3, 9], None)];
        assert_eq!(
            connected_prefix(all[1].address, 2, &[on(2, [1, 2, 3, 1], 24)], &all),
            32
        );
    }

    #[test]
    fn broadcasts_are_those_of_the_prefix() {
        let address = Ipv4Addr::new(192, 168, 1, 254);
        assert_eq!(
            broadcast(address, 24),
            Some(Ipv4Addr::new(192, 168, 1, 255))
        );
        assert_eq!(
            broadcast(address, 30),
            Some(Ipv4Addr::new(192, 168, 1, 255))
        );
        assert_eq!(broadcast(address, 0), Some(Ipv4Addr::BROADCAST));
        assert_eq!(broadcast(address, 31), None);
        assert_eq!(broadcast(address, 32), None);
    }

    #[test]
    fn what_went_with_a_removed_address_is_known() {
        let before = [
            on(2, [1, 2, 3, 2], 24),
            on(2, [1, 2, 3, 4], 24),
            on(3, [1, 2, 3, 4], 24),
        ];
        assert_eq!(
            missing(&before, &[before[0].clone(), before[2].clone()]),
            [before[1].clone()]
        );
    }
}
