//! The addresses that this host carries.

use std::io;
use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;

use crate::settings::OwnAddress;

/// All addresses of this network namespace, IPv4 and IPv6.
///
/// # Errors
/// What the system says.
pub fn own_addresses() -> io::Result<Vec<OwnAddress>> {
    let own = getifaddrs()?.filter_map(|entry| {
        let storage = entry.address?;
        let address = match (storage.as_sockaddr_in(), storage.as_sockaddr_in6()) {
            (Some(v4), _) => IpAddr::V4(v4.ip()),
            (None, Some(v6)) => IpAddr::V6(v6.ip()),
            (None, None) => return None,
        };
        // For an address with an alias getifaddrs(3) gives the alias as the name.
        let interface = entry
            .interface_name
            .split(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        Some(OwnAddress { interface, address })
    });
    Ok(own.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_there() {
        let own = own_addresses().expect("addresses");
        let loopback = OwnAddress {
            interface: "lo".into(),
            address: IpAddr::from([127, 0, 0, 1]),
        };
        assert!(own.contains(&loopback), "{own:?}");
    }
}
