//! The text of lvs.cf that lvsd is handed: as the file has it, with addresses in place of host names.
//!
//! lvsd starts at a takeover, and names may have no answer then: the servers that have it may be
//! behind this very router.

use std::net::IpAddr;

use lvs_cf::{Loaded, Span, Spanned, VirtualServer};

/// The text of the file, in which each host is the address that pulse takes it for. Lines stay where
/// they are.
#[must_use]
pub fn with_addresses(loaded: &Loaded) -> Vec<u8> {
    let source = loaded.document.to_bytes();
    let mut hosts = hosts(loaded);
    hosts.sort_unstable_by_key(|(span, _)| span.start);
    let mut text = Vec::with_capacity(source.len());
    let mut copied = 0;
    for (span, address) in hosts {
        let value = source.get(span.range()).unwrap_or_default();
        // Behind a floating address stands its device.
        let blank = value.iter().position(|byte| b" \t".contains(byte));
        let word = &value[..blank.unwrap_or(value.len())];
        let start = span.range().start;
        if is_name(word) && start >= copied {
            text.extend_from_slice(&source[copied..start]);
            text.extend_from_slice(address.to_string().as_bytes());
            copied = start + word.len();
        }
    }
    text.extend_from_slice(&source[copied..]);
    text
}

/// Whether a word of the file, quoted or not, is the name of a host.
fn is_name(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| {
        let word = word.trim_matches(['"', '\'']);
        !word.is_empty() && word.parse::<IpAddr>().is_err()
    })
}

/// Where the file says hosts, and what they are.
fn hosts(loaded: &Loaded) -> Vec<(Span, IpAddr)> {
    let config = &loaded.config;
    let routers = [
        Some(&config.primary),
        config.backup.as_ref(),
        config.primary_private.as_ref(),
        config.backup_private.as_ref(),
    ];
    let nat_router = config.nat_router.as_ref();
    let blocks = config
        .virtual_servers
        .iter()
        .chain(&config.failover_services);
    routers
        .into_iter()
        .flatten()
        .filter_map(host)
        .chain(nat_router.and_then(|floating| Some((floating.span?, floating.address))))
        .chain(blocks.flat_map(hosts_of))
        .collect()
}

fn hosts_of(block: &VirtualServer) -> impl Iterator<Item = (Span, IpAddr)> {
    let floating = block.address.span;
    let others = [block.sorry_server.as_ref(), block.master.as_ref()];
    floating
        .map(|span| (span, block.address.address))
        .into_iter()
        .chain(others.into_iter().flatten().filter_map(host))
        .chain(
            block
                .servers
                .iter()
                .filter_map(|server| host(&server.address)),
        )
}

fn host(host: &Spanned<IpAddr>) -> Option<(Span, IpAddr)> {
    Some((host.span?, host.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lvs_cf::FixedResolver;
    use std::path::Path;

    /// Knows `host1` to `host8` by their number.
    fn names() -> FixedResolver {
        (1..=8).fold(FixedResolver::new(), |names, number: u8| {
            names.with_host(&format!("host{number}"), [192, 0, 2, number].into())
        })
    }

    const FILE: &str = "\
# host1 here is no host
primary = host1
backup=\"host2\"   # host2
primary_private = 10.0.0.1
backup_private = host3
nat_router = host4\teth1:1
virtual host5 {
  active = 1
  address = 'host6' eth0:1
  send = \"host7\"
  load_monitor = none
  server host8 {
    address = host8
    active = 1
  }
  server b {
    address = 10.0.0.9
    active = 1
  }
}
";

    #[test]
    fn it_loads_the_same_where_no_name_has_an_answer() {
        let path = Path::new("lvs.cf");
        let loaded = lvs_cf::check(path, FILE.into(), &names()).expect("loads");
        let text = with_addresses(&loaded);
        let again =
            lvs_cf::check(path, text.clone(), &FixedResolver::new()).expect("loads without names");
        let text = String::from_utf8(text).expect("text");
        let expected = FILE
            .replace("= host1", "= 192.0.2.1")
            .replace("\"host2\"", "192.0.2.2")
            .replace("= host3", "= 192.0.2.3")
            .replace("= host4", "= 192.0.2.4")
            .replace("'host6'", "192.0.2.6")
            .replace("= host8", "= 192.0.2.8");
        assert_eq!(text, expected);
        assert_eq!(again.config.primary.value, loaded.config.primary.value);
    }

    #[test]
    fn a_file_without_names_stays_as_it_is() {
        let text = "primary = \"192.0.2.1\"\nvirtual a {\n address = 192.0.2.9  eth0\n}\n";
        let loaded =
            lvs_cf::check(Path::new("lvs.cf"), text.into(), &FixedResolver::new()).expect("loads");
        assert_eq!(with_addresses(&loaded), text.as_bytes());
    }
}
