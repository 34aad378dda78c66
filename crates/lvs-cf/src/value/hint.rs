//! What people write where a value is wrong, and what they mean by it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{Sort, number};
use crate::Kind;
use crate::ipv4_netmask;
use crate::words::{called, look_alike, nearest, shown};

type Hint = Option<Cow<'static, str>>;

/// What `word`, which is not of `sort`, was probably meant to be, or how else to say it.
pub(super) fn hint(kind: Kind, sort: Sort, word: &str) -> Hint {
    if let Some(c) = look_alike(word) {
        return said(format!("contains the look-alike character {}", called(c)));
    }
    if let Some(end @ (',' | ';')) = word.chars().last() {
        return said(format!("remove the `{end}`"));
    }
    match (kind, sort) {
        (Kind::InvalidHost, _) => host(word),
        (Kind::BadSubnetMask, _) => mask(word),
        (Kind::BooleanExpected, _) => boolean(word),
        (_, Sort::Time) => time(word).map(meant).or_else(|| octal(word)),
        (_, Sort::Port) => ports(word)
            .or_else(|| octal(word))
            .or_else(|| service(word)),
        (Kind::IntegerExpected | Kind::InvalidArgument, _) => octal(word),
        _ => None,
    }
}

/// The one of `known` that other programs and people call `word`.
pub(super) fn other_name(word: &str, known: &[&'static str]) -> Option<&'static str> {
    const NAMES: &[(&str, &[&str])] = &[
        ("nat", &["masq", "masquerade", "masquerading"]),
        (
            "direct",
            &["dr", "gate", "gatewaying", "route", "direct-routing"],
        ),
        ("tunnel", &["tun", "ipip", "tunneling", "tunnelling"]),
        ("rr", &["round-robin", "roundrobin", "round_robin"]),
        ("wrr", &["weighted-round-robin", "weighted_round_robin"]),
        (
            "lc",
            &["least-connections", "least-connection", "leastconn"],
        ),
        (
            "wlc",
            &["weighted-least-connections", "weighted-least-connection"],
        ),
        ("sh", &["source-hashing", "source-hash", "source"]),
        ("dh", &["destination-hashing", "destination-hash"]),
        ("mh", &["maglev"]),
    ];
    let is_called = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    let (name, _) = NAMES
        .iter()
        .find(|(name, others)| known.contains(name) && is_called(others))?;
    Some(name)
}

fn said(text: String) -> Hint {
    Some(Cow::Owned(text))
}

fn meant(what: impl std::fmt::Display) -> Cow<'static, str> {
    Cow::Owned(format!("did you mean `{what}`?"))
}

fn octal(word: &str) -> Hint {
    number::has_leading_zero(word.trim_start_matches(['+', '-']))
        .then_some(Cow::Borrowed(super::OCTAL))
}

fn host(word: &str) -> Hint {
    if matches!(word, "" | "none" | "NONE") {
        return Some("omit the directive, or write `0.0.0.0` for no address".into());
    }
    if let Some((address, rest)) = word.split_once('/')
        && address.parse::<IpAddr>().is_ok()
    {
        return said(format!(
            "remove `/{}`: netmasks belong in `vip_nmask` and `nat_nmask`",
            shown(rest)
        ));
    }
    if let Some((address, port)) = word.rsplit_once(':')
        && address.parse::<Ipv4Addr>().is_ok()
    {
        let port = shown(port);
        return said(format!("remove `:{port}`: ports belong in `port`"));
    }
    if word.contains(' ') {
        return Some("do not quote the address and device together".into());
    }
    if let Some((device, _)) = word.split_once(':')
        && device.contains(|c: char| c.is_ascii_alphabetic() && !c.is_ascii_hexdigit())
        && !word.contains("//")
    {
        return Some("write the address before its device".into());
    }
    let brackets = word.strip_prefix('[').and_then(|w| w.strip_suffix(']'));
    if let Some(address) = brackets.and_then(|w| w.parse::<Ipv6Addr>().ok()) {
        return Some(meant(address));
    }
    // Leading zeros, which would be octal or not, and keys that are near each other.
    let typed = word.replace(',', ".").replace(['o', 'O'], "0");
    let plain = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        digits => digits.to_owned(),
    };
    let address = typed.split('.').map(plain).collect::<Vec<_>>().join(".");
    let address = address.parse::<Ipv4Addr>().ok()?;
    (address.to_string() != word).then(|| meant(address))
}

fn mask(word: &str) -> Hint {
    let (length, slash) = match word.strip_prefix('/') {
        Some(length) => (length, true),
        None => (word, false),
    };
    if let Ok(length) = length.parse::<u8>() {
        return match (length, slash) {
            (1..=32, false) => Some(meant(ipv4_netmask(length))),
            (1..=32, true) => said(format!(
                "write `{}` for IPv4, `{length}` for IPv6",
                ipv4_netmask(length)
            )),
            (33..=128, true) => Some(meant(length)),
            _ => None,
        };
    }
    let bits = match word.parse::<Ipv4Addr>() {
        Ok(none) if none.is_unspecified() => return None,
        Ok(wildcard) => !wildcard.to_bits(),
        Err(_) => u32::try_from(number::strtol(word)?).ok()?,
    };
    let is_mask = bits != 0 && bits.leading_ones() + bits.trailing_zeros() == u32::BITS;
    is_mask.then(|| meant(Ipv4Addr::from_bits(bits)))
}

fn boolean(word: &str) -> Hint {
    let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    if is(&["yes", "y", "true", "on", "enable", "enabled"]) {
        Some(meant("1"))
    } else if is(&["no", "n", "false", "off", "disable", "disabled"]) {
        Some(meant("0"))
    } else {
        None
    }
}

/// A time with a unit as people say it, in a unit that is known.
pub(crate) fn time(word: &str) -> Option<String> {
    let digits = word.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = word.split_at(digits);
    if number::has_leading_zero(number) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    match unit.trim_start().to_ascii_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millis" | "milliseconds" => Some(format!("{number}ms")),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(format!("{number}s")),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(format!("{number}m")),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(format!("{}m", number.checked_mul(60)?)),
        "d" | "day" | "days" => Some(format!("{}m", number.checked_mul(24 * 60)?)),
        _ => None,
    }
    .filter(|time| {
        if time == word {
            return false;
        }
        let token = crate::document::Token {
            text: time,
            span: crate::Span::new(0, 0),
            quoted: false,
        };
        number::duration(token).is_ok_and(|time| time > Duration::ZERO)
    })
}

/// More than one port.
fn ports(word: &str) -> Hint {
    let several = word.contains([',', '-', ':']) && word.starts_with(|c: char| c.is_ascii_digit());
    let all = matches!(word, "any" | "all" | "*");
    (several || all).then_some(Cow::Borrowed(
        "one port per block: combine several with `fwmark`, see lvs.cf(5)",
    ))
}

/// The name of a service that there is not.
fn service(word: &str) -> Hint {
    /// Those that are often balanced.
    const NAMES: [&str; 16] = [
        "http", "https", "ftp", "ssh", "smtp", "imap", "imaps", "pop3", "pop3s", "domain", "ldap",
        "ldaps", "mysql", "telnet", "ntp", "syslog",
    ];
    match nearest(word, &NAMES) {
        Some(near) if near != word => Some(meant(near)),
        _ if word.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            Some("not in /etc/services: write the port number".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (word, said) in [
            (
                "10.1.0.80/24",
                "remove `/24`: netmasks belong in `vip_nmask` and `nat_nmask`",
            ),
            (
                "2001:db8::1/64",
                "remove `/64`: netmasks belong in `vip_nmask` and `nat_nmask`",
            ),
            ("10.1.0.80:80", "remove `:80`: ports belong in `port`"),
            ("[2001:DB8::1]", "did you mean `2001:db8::1`?"),
            ("10.1.0.080", "did you mean `10.1.0.80`?"),
            ("10.1.000.80", "did you mean `10.1.0.80`?"),
            ("10,1.0.8o", "did you mean `10.1.0.80`?"),
            ("10.1.0.80,", "remove the `,`"),
            (
                "10.1.0.80 eth0:1",
                "do not quote the address and device together",
            ),
            ("eth0:1", "write the address before its device"),
            (
                "none",
                "omit the directive, or write `0.0.0.0` for no address",
            ),
            (
                "\u{a0}10.1.0.80",
                "contains the look-alike character U+00A0",
            ),
        ] {
            let hint = hint(Kind::InvalidHost, Sort::Any, word);
            assert_eq!(hint.as_deref(), Some(said), "{word}");
        }
        for word in [
            "10.1.0",
            "10.1.0.256",
            "1.2.3.4.5",
            "a/24",
            "fe80:1",
            "http://a",
            "...",
        ] {
            assert_eq!(hint(Kind::InvalidHost, Sort::Any, word), None, "{word}");
        }
    }

    #[test]
    fn netmasks() {
        for (word, said) in [
            ("24", "did you mean `255.255.255.0`?"),
            ("/24", "write `255.255.255.0` for IPv4, `24` for IPv6"),
            ("/64", "did you mean `64`?"),
            ("0xffffff00", "did you mean `255.255.255.0`?"),
            ("0.0.0.255", "did you mean `255.255.255.0`?"),
            ("255.255.255.0;", "remove the `;`"),
        ] {
            let hint = hint(Kind::BadSubnetMask, Sort::Any, word);
            assert_eq!(hint.as_deref(), Some(said), "{word}");
        }
        for word in [
            "",
            "0",
            "/0",
            "/129",
            "64",
            "255.0.255.0",
            "255.255.255.255",
            "0x0",
            "-1",
        ] {
            assert_eq!(hint(Kind::BadSubnetMask, Sort::Any, word), None, "{word}");
        }
    }

    #[test]
    fn times_in_units_of_people() {
        for (word, known) in [
            ("18sec", Some("18s")),
            ("5min", Some("5m")),
            ("5 minutes", Some("5m")),
            ("1h", Some("60m")),
            ("1day", Some("1440m")),
            ("3 s", Some("3s")),
            ("250msec", Some("250ms")),
            ("0sec", None),
            ("5m", None),
            ("010s", None),
            ("99999999999h", None),
            ("99999999999999999999h", None),
            ("5x", None),
            ("5", None),
            ("h", None),
            ("", None),
        ] {
            assert_eq!(time(word).as_deref(), known, "{word}");
        }
    }

    #[test]
    fn ports_that_are_none() {
        let several = "one port per block: combine several with `fwmark`, see lvs.cf(5)";
        let unknown = "not in /etc/services: write the port number";
        for (word, said) in [
            ("htp", Some("did you mean `http`?")),
            ("HTTPS", Some("did you mean `https`?")),
            // Not on this machine.
            ("https", Some(unknown)),
            ("backend", Some(unknown)),
            ("80,443", Some(several)),
            ("any", Some(several)),
            ("080", Some(super::super::OCTAL)),
            ("99999", None),
        ] {
            let hint = hint(Kind::InvalidArgument, Sort::Port, word);
            assert_eq!(hint.as_deref(), said, "{word}");
        }
    }

    #[test]
    fn words_of_other_programs() {
        let known = ["nat", "direct", "tunnel"];
        assert_eq!(other_name("DR", &known), Some("direct"));
        assert_eq!(other_name("masq", &known), Some("nat"));
        assert_eq!(other_name("maglev", &known), None);
        assert_eq!(other_name("maglev", &["wlc", "mh"]), Some("mh"));
    }
}
