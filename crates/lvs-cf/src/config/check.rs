//! Cross-checks: what no single line can be blamed for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::net::IpAddr;

use super::{Config, Network, VirtualServer};
use crate::sink::{Draft, Sink};
use crate::{Kind, Span, Spanned};

/// Checks the whole and puts right what cannot work. `None` if there was an error anywhere.
pub(super) fn check(
    mut config: Config,
    heartbeat: Option<Spanned<bool>>,
    sink: &mut Sink,
) -> Option<Config> {
    pair(&mut config, sink);
    if let Some(span) = heartbeat
        .filter(|h| !h.value && *config.backup_active)
        .and_then(|h| h.span)
    {
        sink.warning(span, || {
            Draft::new(Kind::NoEffect)
                .detail(": \"heartbeat = 0\" with an active backup; heartbeats are sent")
        });
    }
    timers(&mut config, sink);
    nat(&config, sink);
    own_addresses(&config, sink);
    duplicate_services(&config, sink);
    for service in &config.virtual_servers {
        real_servers(service, *config.network, sink);
    }
    (!sink.has_errors()).then_some(config)
}

/// What the two routers need of each other.
fn pair(config: &mut Config, sink: &mut Sink) {
    if *config.backup_active && config.backup.is_none() {
        let span = config.backup_active.span.unwrap_or(Span::new(0, 0));
        config.backup_active.value = false;
        sink.warning(span, || {
            Draft::new(Kind::NoEffect)
                .detail(": \"backup_active = 1\" without `backup`; this router runs alone")
        });
    }
    if !*config.backup_active {
        return;
    }
    if let Some(span) = config
        .backup
        .filter(|b| *b == config.primary)
        .and_then(|b| b.span)
    {
        sink.error(span, || {
            Draft::new(Kind::InvalidArgument)
                .detail(": the backup's address is the primary's")
                .expected("the other router's address")
        });
    }
    let (one, name, other) = match (config.primary_private, config.backup_private) {
        (Some(one), None) => (one, "primary_private", "backup_private"),
        (None, Some(one)) => (one, "backup_private", "primary_private"),
        _ => return,
    };
    if let Some(span) = one.span {
        sink.warning(span, || {
            Draft::new(Kind::NoEffect).detail(format!(": \"{name}\" without `{other}`"))
        });
    }
}

fn timers(config: &mut Config, sink: &mut Sink) {
    if config.deadtime.value <= config.keepalive.value {
        let span = config
            .deadtime
            .span
            .or(config.keepalive.span)
            .unwrap_or(Span::new(0, 0));
        let corrected = config.keepalive.value * 2;
        config.deadtime.value = corrected;
        sink.warning(span, || {
            Draft::new(Kind::DeadtimeTooShort)
                .detail(format!("; {corrected:?} is used"))
                .expected("a deadtime of several keepalives")
        });
    }
    for service in &mut config.virtual_servers {
        let timeout = service.timeout.value;
        let too_long = |i: &&mut Spanned<_>| i.value > timeout;
        if let Some(interval) = service.interval.as_mut().filter(too_long) {
            interval.value = timeout;
            let span = interval.span.unwrap_or(Span::new(0, 0));
            sink.warning(span, || {
                Draft::new(Kind::NoEffect).detail(format!(
                    ": \"interval\" is more than the timeout; {timeout:?} is used"
                ))
            });
        }
    }
}

fn nat(config: &Config, sink: &mut Sink) {
    let first = config.active_virtual_servers().next();
    let (Network::Nat, None, Some(first)) = (*config.network, &config.nat_router, first) else {
        return;
    };
    let span = config
        .network
        .span
        .or(first.name.span)
        .unwrap_or(Span::new(0, 0));
    sink.warning(span, || {
        Draft::new(Kind::NatWithoutRouter)
            .expected("`nat_router = ADDRESS DEVICE`, the real servers' gateway")
    });
}

/// Dropping a floating address that is the router's own would cut the router off.
fn own_addresses(config: &Config, sink: &mut Sink) {
    let mut own: Vec<(&'static str, Spanned<IpAddr>)> = vec![("primary", config.primary)];
    own.extend(config.backup.map(|a| ("backup", a)));
    own.extend(config.primary_private.map(|a| ("primary_private", a)));
    own.extend(config.backup_private.map(|a| ("backup_private", a)));
    let whose = |address: IpAddr| {
        own.iter()
            .find(|(_, a)| a.span.is_some() && a.value == address)
    };
    for service in &config.virtual_servers {
        let Some((name, router)) = whose(service.address.address) else {
            continue;
        };
        let (Some(span), Some(other)) = (service.address.span, router.span) else {
            continue;
        };
        sink.error(span, || {
            Draft::new(Kind::InvalidArgument)
                .detail(format!(
                    ": the virtual address is the router's own (`{name}`)"
                ))
                .expected("an address that no router has for itself")
                .related(other, "the router's address")
        });
    }
    let Some(router) = &config.nat_router else {
        return;
    };
    let Some((name, address)) = whose(router.address) else {
        return;
    };
    if let (Some(span), Some(other)) = (router.span, address.span) {
        sink.error(span, || {
            Draft::new(Kind::InvalidArgument)
                .detail(format!(
                    ": `nat_router` is the router's own address (`{name}`)"
                ))
                .expected("an address that no router has for itself")
                .related(other, "the router's address")
        });
    }
}

fn duplicate_services(config: &Config, sink: &mut Sink) {
    let mut names = HashMap::new();
    let mut services = HashMap::new();
    let mut addresses: HashMap<IpAddr, &VirtualServer> = HashMap::new();
    for service in &config.virtual_servers {
        first_or_warn(
            &mut names,
            service.name.as_str(),
            service.name.span,
            sink,
            || format!(" virtual server name \"{}\"", service.name),
        );
        if !*service.active {
            continue;
        }
        let address = &service.address;
        let key = (address.address, *service.port, *service.protocol);
        first_or_warn(&mut services, key, address.span, sink, || {
            format!(" virtual service {}:{} {}", key.0, key.1, key.2)
        });
        match addresses.entry(address.address) {
            Entry::Vacant(entry) => {
                entry.insert(service);
            }
            Entry::Occupied(entry) if entry.get().address != *address => {
                let (Some(span), Some(first)) = (address.span, entry.get().address.span) else {
                    continue;
                };
                sink.warning(span, || {
                    Draft::new(Kind::Doubtful)
                        .detail(": the same virtual address with another device or netmask")
                        .related(first, "the first one, which counts")
                });
            }
            Entry::Occupied(_) => {}
        }
    }
}

fn real_servers(service: &VirtualServer, network: Network, sink: &mut Sink) {
    let mut names = HashMap::new();
    let mut servers = HashMap::new();
    for server in &service.servers {
        first_or_warn(
            &mut names,
            &*server.name.value,
            server.name.span,
            sink,
            || format!(" server name \"{}\"", server.name),
        );
        if *server.active {
            let key = (server.address.value, service.port_of(server));
            first_or_warn(&mut servers, key, server.address.span, sink, || {
                format!(" real server {}:{} in \"{}\"", key.0, key.1, service.name)
            });
        }
        let port = server
            .port
            .filter(|p| network != Network::Nat && p.value != *service.port);
        if let Some(port) = port {
            let span = port.span.unwrap_or(Span::new(0, 0));
            sink.warning(span, || {
                Draft::new(Kind::RealPort)
                    .detail(format!(" ({port}, {}) with {network}", *service.port))
                    .help("the kernel delivers to the virtual port; only the check uses this one")
            });
        }
    }
    // With errors in the file the active server may be among them.
    if *service.active && service.active_servers().next().is_none() && !sink.has_errors() {
        let span = service.name.span.unwrap_or(Span::new(0, 0));
        sink.warning(span, || {
            Draft::new(Kind::NoActiveServer)
                .detail(format!(" in \"{}\"", service.name))
                .expected("a `server` block with `active = 1`")
        });
    }
}

/// Remembers the first place of `key`; at the second and later ones, warns.
fn first_or_warn<K: Hash + Eq>(
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
