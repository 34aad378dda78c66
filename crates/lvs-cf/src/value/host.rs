//! Addresses, devices and netmasks.

use std::net::{IpAddr, Ipv4Addr};

use super::Fault;
use super::number::strtol;
use crate::config::Device;
use crate::document::Token;
use crate::{Kind, Resolve, Unresolved};

/// An address directive's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// An address that one host can have.
    Address(IpAddr),
    /// `0.0.0.0`, which the GUI of the 0.8 releases writes for "none", or `::`.
    Nowhere(IpAddr),
}

/// The longest interface name and address label of the kernel (`IFNAMSIZ` less its NUL).
const DEVICE_LEN: usize = 15;

const HOST: &str = "an IP address, or a host name that resolves to one";
const UNKNOWN: &str = "an IP address, or a host name that resolves: this one does not";
pub(crate) const ONE_HOST: &str = "a host address";

const EVERY_LINK: &str = "an address that is not link-local and has no zone";

/// An address, or a name that resolves.
pub(crate) fn host(word: Token<'_>, resolver: &dyn Resolve) -> Result<Host, Fault> {
    let fault = Fault::new(Kind::InvalidHost, HOST);
    let address = match word.text.parse::<IpAddr>() {
        Ok(address) => address,
        // Whoever writes it means no host, and not one of that name.
        Err(_) if matches!(word.text, "none" | "NONE") => return Err(fault),
        Err(_) if is_host_name(word.text) => {
            let unknown = Fault::new(Kind::InvalidHost, UNKNOWN);
            let address = resolver.host(word.text).ok_or(unknown)?;
            if Unresolved::is_stand_in(address) {
                return Ok(Host::Address(address));
            }
            address
        }
        Err(_) if word.text.contains('%') => return Err(Fault::new(Kind::InvalidHost, EVERY_LINK)),
        Err(_) => return Err(fault),
    };
    match address {
        none if none.is_unspecified() => Ok(Host::Nowhere(none)),
        // "This network", groups, and what is reserved, broadcast included (RFC 1122, 3.2.1.3).
        IpAddr::V4(v4) if matches!(v4.octets()[0], 0 | 224..) => {
            Err(Fault::new(Kind::InvalidHost, ONE_HOST))
        }
        IpAddr::V6(v6) if v6.is_multicast() => Err(Fault::new(Kind::InvalidHost, ONE_HOST)),
        // Which link it is on, no directive can say.
        IpAddr::V6(v6) if v6.is_unicast_link_local() => {
            Err(Fault::new(Kind::InvalidHost, EVERY_LINK))
        }
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => {
            Err(Fault::new(Kind::InvalidHost, "the plain IPv4 address"))
        }
        _ => Ok(Host::Address(address)),
    }
}

/// Whether `text` is worth asking the resolver for. What ends in a number is a mistyped address,
/// which resolvers read in surprising ways (`1.2.3` as 1.2.0.3, `127.0x1` as 127.0.0.1).
fn is_host_name(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253 && name.split('.').all(is_label) && !ends_in_number(name)
}

/// One name between dots. `_` is none of a host's letters, and in use.
fn is_label(label: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    !label.is_empty()
        && label.bytes().all(known)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// No top level domain begins with a digit; a host of the site's own hosts(5) may (`3par`), if it
/// is no number.
fn ends_in_number(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((_, last)) => last.starts_with(|c: char| c.is_ascii_digit()),
        None => {
            let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
            digits(name) || name.starts_with("0x") || name.starts_with("0X")
        }
    }
}

/// An interface, and no alias of one.
pub(crate) fn interface(word: Token<'_>) -> Result<String, Fault> {
    let device = device(word)?;
    match device.label {
        None => Ok(device.interface),
        Some(_) => Err(Fault::invalid("an interface such as `eth1`, not an alias")),
    }
}

/// A device, or an alias of one.
pub(crate) fn device(word: Token<'_>) -> Result<Device, Fault> {
    let text = word.text;
    if text.len() > DEVICE_LEN {
        return Err(Fault::invalid("a device or an alias of at most 15 bytes"));
    }
    let (interface, label) = match text.split_once(':') {
        None => (text, None),
        Some((interface, alias)) => (interface, Some(alias)),
    };
    let bad = |part: &str| part.is_empty() || part.contains(|c: char| c == '/' || c.is_control());
    let dots = matches!(interface, "." | "..");
    if dots || bad(interface) || text.contains(char::is_whitespace) || label.is_some_and(bad) {
        return Err(Fault::invalid(
            "a device such as `eth1`, or an alias of one such as `eth1:1`",
        ));
    }
    Ok(Device {
        interface: interface.to_owned(),
        label: label.map(|_| text.to_owned()),
    })
}

/// A netmask as it is written. Which form is right depends on the address it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mask {
    /// `255.255.255.0` for an IPv4 address; its prefix length.
    Dotted(u8),
    /// `64` for an IPv6 address, 1 to 128.
    Length(u8),
}

impl Mask {
    /// The prefix length, if the mask is of `address`'s family. The family of a name that was not
    /// looked up nobody knows.
    pub(crate) fn prefix(self, address: IpAddr) -> Result<u8, Fault> {
        match (self, address) {
            (Mask::Dotted(prefix) | Mask::Length(prefix), _)
                if Unresolved::is_stand_in(address) =>
            {
                Ok(prefix)
            }
            (Mask::Dotted(prefix), IpAddr::V4(_)) | (Mask::Length(prefix), IpAddr::V6(_)) => {
                Ok(prefix)
            }
            (Mask::Length(_), IpAddr::V4(_)) => Err(Fault::new(Kind::BadSubnetMask, DOTTED)),
            (Mask::Dotted(_), IpAddr::V6(_)) => Err(Fault::new(Kind::BadSubnetMask, LENGTH)),
        }
    }
}

const DOTTED: &str = "a netmask such as 255.255.255.0";
const EITHER: &str = "a netmask such as 255.255.255.0, or for IPv6 a prefix length from 1 to 128";
const LENGTH: &str = "a prefix length from 1 to 128 for an IPv6 address";

/// A netmask of at least `least` ones, or a prefix length.
pub(crate) fn netmask(word: Token<'_>, least: u8) -> Result<Mask, Fault> {
    let bad = |expected| Fault::new(Kind::BadSubnetMask, expected);
    if let Some(length) = strtol(word.text) {
        return u8::try_from(length)
            .ok()
            .filter(|length| (1..=128).contains(length))
            .map(Mask::Length)
            .ok_or(bad(EITHER));
    }
    if word.text.starts_with('/') {
        return Err(bad(EITHER));
    }
    let mask = u32::from(word.text.parse::<Ipv4Addr>().map_err(|_| bad(DOTTED))?);
    let prefix = mask.leading_ones();
    if mask.checked_shl(prefix).unwrap_or(0) != 0 {
        return Err(bad("a contiguous netmask such as 255.255.255.0"));
    }
    u8::try_from(prefix)
        .ok()
        .filter(|p| *p >= least)
        .map(Mask::Dotted)
        .ok_or(bad(DOTTED))
}

#[cfg(test)]
mod tests {
    use super::super::token;
    use super::*;
    use crate::FixedResolver;

    fn resolver() -> FixedResolver {
        FixedResolver::new()
            .with_host("lvs1", IpAddr::from([1, 2, 3, 2]))
            .with_host("3par", IpAddr::from([1, 2, 3, 2]))
            .with_host("lvs1.example.", IpAddr::from([1, 2, 3, 2]))
            .with_host("0X7f000001", IpAddr::from([127, 0, 0, 1]))
            .with_host("127.0x1", IpAddr::from([127, 0, 0, 1]))
            .with_host("1.2.3.0x4", IpAddr::from([1, 2, 3, 4]))
            .with_host("1.2.3.4o", IpAddr::from([1, 2, 3, 4]))
            .with_host("1.2.3.4.", IpAddr::from([1, 2, 3, 4]))
            .with_host("none", IpAddr::from([1, 2, 3, 4]))
            .with_host("a-", IpAddr::from([1, 2, 3, 4]))
            .with_host("a..b", IpAddr::from([1, 2, 3, 4]))
            .with_host("reserved", IpAddr::from([240, 0, 0, 1]))
            .with_host("six", "2001:db8::1".parse().unwrap())
    }

    fn kind(text: &str) -> Kind {
        host(token(text), &resolver()).unwrap_err().kind
    }

    #[test]
    fn hosts_are_addresses_or_names() {
        let address = Ok(Host::Address(IpAddr::from([1, 2, 3, 2])));
        assert_eq!(host(token("1.2.3.2"), &resolver()), address);
        assert_eq!(host(token("lvs1"), &resolver()), address);
        assert_eq!(host(token("lvs1.example."), &resolver()), address);
        assert_eq!(host(token("3par"), &resolver()), address);
        let none = |text: &str| Ok(Host::Nowhere(text.parse().unwrap()));
        assert_eq!(host(token("0.0.0.0"), &resolver()), none("0.0.0.0"));
    }

    #[test]
    fn what_no_host_has_is_refused() {
        for bad in [
            "1.2.3",
            "1.2.3.400",
            "1.2.3.4.5",
            "010.1.1.1",
            "123",
            "",
            "nowhere",
            "none",
            "a b",
            "0x1020304",
            "0X7f000001",
            "127.0x1",
            "1.2.3.0x4",
            "1.2.3.0X4",
            "1.2.3.4.",
            "1.2.3.4o",
            "a..b",
            ".",
            "a-",
            "a.-b",
            "a-.b",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.0.0.0",
            "255.255.255.255",
            "reserved",
            "-x",
            "1.2.3.4/24",
            ":::",
        ] {
            assert_eq!(kind(bad), Kind::InvalidHost, "{bad}");
        }
        assert_eq!(kind(&"a".repeat(1 << 20)), Kind::InvalidHost);
    }

    #[test]
    fn ipv6_addresses_are_those_that_every_link_knows() {
        let address = Ok(Host::Address("2001:db8::1".parse().unwrap()));
        assert_eq!(host(token("2001:DB8:0::1"), &resolver()), address);
        assert_eq!(host(token("six"), &resolver()), address);
        let none = Ok(Host::Nowhere("::".parse().unwrap()));
        assert_eq!(host(token("::"), &resolver()), none);
        for bad in [
            "fe80::1",
            "fe80::1%eth0",
            "ff02::1",
            "::ffff:1.2.3.4",
            "[2001:db8::1]",
        ] {
            assert_eq!(kind(bad), Kind::InvalidHost, "{bad}");
        }
    }

    #[test]
    fn devices_and_aliases() {
        let plain = device(token("eth1")).unwrap();
        assert_eq!((plain.interface.as_str(), plain.label), ("eth1", None));
        let alias = device(token("eth1:1")).unwrap();
        assert_eq!(
            (alias.interface.as_str(), alias.label.as_deref()),
            ("eth1", Some("eth1:1"))
        );
        assert!(device(token("enp0s31f6.100:1")).is_ok());
        for bad in [
            "",
            ":",
            "eth0:",
            ":1",
            "a/b",
            "..",
            "enp0s31f6.1000:1",
            "a b",
            "eth0:a/b",
        ] {
            assert!(device(token(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mask_has_the_form_of_its_address() {
        let (four, six) = (IpAddr::from([1, 2, 3, 4]), IpAddr::from([1; 16]));
        assert_eq!(Mask::Dotted(24).prefix(four), Ok(24));
        assert_eq!(Mask::Length(64).prefix(six), Ok(64));
        assert!(Mask::Length(24).prefix(four).is_err());
        let stand_in = Resolve::host(&Unresolved::new(), "a").unwrap();
        assert_eq!(Mask::Length(64).prefix(stand_in), Ok(64));
        assert_eq!(
            host(token("255.0.0.0"), &resolver()),
            Err(Fault::new(Kind::InvalidHost, ONE_HOST))
        );
        assert!(Mask::Dotted(24).prefix(six).is_err());
    }

    #[test]
    fn netmasks_are_contiguous() {
        assert_eq!(netmask(token("255.255.255.0"), 1), Ok(Mask::Dotted(24)));
        assert_eq!(netmask(token("255.255.255.255"), 1), Ok(Mask::Dotted(32)));
        assert_eq!(netmask(token("0.0.0.0"), 0), Ok(Mask::Dotted(0)));
        assert_eq!(netmask(token("64"), 1), Ok(Mask::Length(64)));
        for bad in [
            "0.0.0.0",
            "255.0.255.0",
            "0.255.255.255",
            "0",
            "129",
            "-1",
            "/24",
            "255.255.255",
            "",
        ] {
            assert_eq!(
                netmask(token(bad), 1).unwrap_err().kind,
                Kind::BadSubnetMask,
                "{bad}"
            );
        }
    }
}
