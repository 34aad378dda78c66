//! Addresses that must not be, or must be, somebody's own; and their families.

use std::net::IpAddr;

use crate::config::missed::Missed;
use crate::config::{Config, Floating, Network, ServiceKind};
use crate::directive::Global;
use crate::sink::{Draft, Sink};
use crate::unresolved::same_family;
use crate::{Kind, Span, Spanned, Unresolved};

pub(super) fn check(config: &Config, missed: Missed, sink: &mut Sink) {
    own_addresses(config, sink);
    loopback(config, sink);
    whole_networks(config, sink);
    if missed.has(Global::Network) {
        return;
    }
    gateway_is_no_vip(config, sink);
    families(config, sink);
    if !missed.has(Global::NatRouter) && !missed.has(Global::Service) {
        gateway(config, sink);
    }
}

/// How messages call the family of `address`.
pub(super) fn family(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "IPv4",
        IpAddr::V6(_) => "IPv6",
    }
}

/// Addresses that every machine has for itself: no other one finds a router there.
fn loopback(config: &Config, sink: &mut Sink) {
    for (name, address) in routers(config) {
        let Some(span) = address.span.filter(|_| address.is_loopback()) else {
            continue;
        };
        if *config.backup_active {
            no_loopback(&format!("\"{name}\""), span, sink);
        } else if name == "primary" {
            sink.warning(span, || {
                Draft::new(Kind::Doubtful)
                    .detail(": \"primary\" is a loopback address")
                    .expected("an address of the router's interface")
            });
        }
    }
    let router = config.nat_router.as_ref().map(|r| ("\"nat_router\"", r));
    let vips = config
        .blocks()
        .map(|b| ("the virtual IP address", &b.address));
    for (what, floating) in router.into_iter().chain(vips) {
        if let Some(span) = floating.span.filter(|_| floating.address.is_loopback()) {
            no_loopback(what, span, sink);
        }
    }
}

fn no_loopback(what: &str, span: Span, sink: &mut Sink) {
    sink.error(span, || {
        Draft::new(Kind::InvalidArgument)
            .detail(format!(": {what} is a loopback address"))
            .expected("an address that other hosts can reach")
    });
}

/// The addresses that the routers have for themselves.
pub(super) fn routers(config: &Config) -> Vec<(&'static str, Spanned<IpAddr>)> {
    let mut own = vec![("primary", config.primary)];
    own.extend(config.primary_private.map(|a| ("primary_private", a)));
    own.extend(config.backup.map(|a| ("backup", a)));
    own.extend(config.backup_private.map(|a| ("backup_private", a)));
    own
}

/// Dropping a floating address that is the router's own would cut the router off.
fn own_addresses(config: &Config, sink: &mut Sink) {
    let own = routers(config);
    let mut refuse = |floating: &Spanned<Floating>, what: &str| {
        let whose = |(_, a): &&(_, Spanned<IpAddr>)| a.value == floating.address;
        let Some((name, router)) = own.iter().find(whose) else {
            return;
        };
        let (Some(span), Some(other)) = (floating.span, router.span) else {
            return;
        };
        sink.error(span, || {
            Draft::new(Kind::InvalidArgument)
                .detail(format!(": {what} (`{name}`)"))
                .expected("an address that is not a router's own")
                .related(other, "the router's address")
        });
    };
    if let Some(router) = &config.nat_router {
        refuse(router, "`nat_router` is the router's own address");
    }
    for block in config.blocks() {
        refuse(&block.address, "the virtual IP address is the router's own");
    }
}

/// Floating addresses that mean a network, or all of it, and so no host.
fn whole_networks(config: &Config, sink: &mut Sink) {
    let router = config.nat_router.as_ref();
    for floating in router
        .into_iter()
        .chain(config.blocks().map(|b| &b.address))
    {
        let (IpAddr::V4(address), Some(prefix)) = (floating.address, floating.prefix) else {
            continue;
        };
        // Of the two addresses of a /31 both are hosts' (RFC 3021).
        if !(1..=30).contains(&*prefix) || Unresolved::is_stand_in(floating.address) {
            continue;
        }
        let host = address.to_bits() & (u32::MAX >> *prefix);
        let what = match host {
            _ if address.is_unspecified() => continue,
            0 => "the network address",
            host if host == u32::MAX >> *prefix => "the broadcast address",
            _ => continue,
        };
        if let (Some(span), Some(mask)) = (floating.span, prefix.span) {
            sink.warning(span, || {
                Draft::new(Kind::Doubtful)
                    .detail(format!(": {address}/{} is {what}", *prefix))
                    .expected("a host address")
                    .related(mask, "its netmask")
            });
        }
    }
}

/// One address on two devices: the real servers' packets and the clients' would both go astray.
fn gateway_is_no_vip(config: &Config, sink: &mut Sink) {
    let nat = *config.network == Network::Nat && *config.service == ServiceKind::Lvs;
    let Some(router) = config.nat_router.as_ref().filter(|_| nat) else {
        return;
    };
    for block in config.active_virtual_servers() {
        let vip = &block.address;
        let (Some(span), Some(first)) = (vip.span, router.span) else {
            continue;
        };
        if vip.address == router.address {
            sink.error(span, || {
                Draft::new(Kind::InvalidArgument)
                    .detail(": the virtual IP address is also that of `nat_router`")
                    .expected("a different address")
                    .related(first, "the real servers' gateway")
            });
        }
    }
}

/// The kernel carries one family to the other through a tunnel only.
fn families(config: &Config, sink: &mut Sink) {
    if *config.network == Network::Tunnel {
        return;
    }
    for service in &config.virtual_servers {
        let vip = service.address.address;
        let servers = service.servers.iter().map(|s| ("real server", s.address));
        let sorry = service.sorry_server.map(|s| ("sorry server", s));
        for (what, server) in servers.chain(sorry) {
            let (Some(span), Some(first)) = (server.span, service.address.span) else {
                continue;
            };
            if vip.is_unspecified() || same_family(*server, vip) {
                continue;
            }
            sink.error(span, || {
                let (mine, wanted) = (family(*server), family(vip));
                Draft::new(Kind::InvalidArgument)
                    .detail(format!(": an {mine} {what} of an {wanted} virtual server"))
                    .expected(format!("an {wanted} address, or `network = tunnel`"))
                    .related(first, "the virtual IP address")
            });
        }
    }
}

fn gateway(config: &Config, sink: &mut Sink) {
    if *config.service != ServiceKind::Lvs {
        return;
    }
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
