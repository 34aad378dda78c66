//! Blocks that are there twice.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::net::IpAddr;

use super::said_with_port;
use crate::config::missed::MissedInFile;
use crate::config::{Config, VirtualServer};
use crate::directive::Virtual;
use crate::sink::{Draft, Sink};
use crate::words::shown;
use crate::{Document, Kind, Span};

pub(super) fn check(config: &Config, document: &Document, missed: &MissedInFile, sink: &mut Sink) {
    names(&config.virtual_servers, "virtual server", sink);
    names(&config.failover_services, "failover service", sink);
    services(config, document, missed, sink);
    same_addresses(config, sink);
}

fn names(blocks: &[VirtualServer], what: &str, sink: &mut Sink) {
    let mut seen = HashMap::new();
    for block in blocks {
        let name = block.name.as_str();
        first_or_warn(&mut seen, name, block.name.span, sink, || {
            format!(" {what} name \"{}\"", shown(name))
        });
    }
}

/// Blocks under one firewall mark are one service with several ports, and legal.
fn services(config: &Config, document: &Document, missed: &MissedInFile, sink: &mut Sink) {
    let mut seen = HashMap::new();
    let key = [Virtual::Port, Virtual::Protocol, Virtual::Fwmark];
    for (service, missed) in config.virtual_servers.iter().zip(&missed.virtual_servers) {
        if !*service.active || key.iter().any(|directive| missed.has(*directive)) {
            continue;
        }
        let address = &service.address;
        let mark = *service.fwmark;
        let key = (mark, address.address, *service.port, *service.protocol);
        first_or_warn(&mut seen, key, address.span, sink, || {
            let under = match mark {
                0 => String::new(),
                mark => format!(" under fwmark {mark}"),
            };
            let place = said_with_port(document, key.1, address.span, key.2);
            format!(" virtual service {place} {}{under}", key.3)
        });
    }
}

fn same_addresses(config: &Config, sink: &mut Sink) {
    let mut addresses: HashMap<IpAddr, &VirtualServer> = HashMap::new();
    for block in config.blocks().filter(|block| *block.active) {
        let address = &block.address;
        match addresses.entry(address.address) {
            Entry::Vacant(entry) => {
                entry.insert(block);
            }
            Entry::Occupied(entry) if entry.get().address != *address => {
                let (Some(span), Some(first)) = (address.span, entry.get().address.span) else {
                    continue;
                };
                sink.warning(span, || {
                    Draft::new(Kind::Doubtful)
                        .detail(": same virtual IP address with a different device or netmask")
                        .related(first, "the first one, which applies")
                });
            }
            Entry::Occupied(_) => {}
        }
    }
}

/// Remembers the first place of `key`; at the second and later ones, warns.
pub(super) fn first_or_warn<K: Hash + Eq>(
    seen: &mut HashMap<K, Option<Span>>,
    key: K,
    span: Option<Span>,
    sink: &mut Sink,
    what: impl FnOnce() -> String,
) {
    match seen.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(span);
        }
        Entry::Occupied(entry) => {
            let (Some(span), Some(first)) = (span, *entry.get()) else {
                return;
            };
            sink.warning(span, || {
                Draft::new(Kind::Duplicate)
                    .detail(what())
                    .related(first, "the first one")
            });
        }
    }
}
