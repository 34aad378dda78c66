//! The real servers of each virtual server, and its sorry server.

use std::collections::HashMap;

use super::bundles::Bundles;
use super::services::first_or_warn;
use crate::config::{Config, Network, RealServer, VirtualServer};
use crate::sink::{Draft, Sink};
use crate::words::shown;
use crate::{Kind, Span};

pub(super) fn check(config: &Config, bundles: &Bundles, sink: &mut Sink) {
    for service in &config.virtual_servers {
        let keeps_port = bundles.keeps_port(service);
        real_servers(service, *config.network, keeps_port, sink);
        sorry_server(service, sink);
        is_its_own_vip(service, sink);
        if *service.active {
            someone_active(service, sink);
        }
    }
}

fn real_servers(service: &VirtualServer, network: Network, keeps_port: bool, sink: &mut Sink) {
    // What counts in the kernel: else its port is the virtual one, or any.
    let own_port = network == Network::Nat && !keeps_port;
    let mut names = HashMap::new();
    let mut servers = HashMap::new();
    for server in &service.servers {
        first_or_warn(
            &mut names,
            &*server.name.value,
            server.name.span,
            sink,
            || format!(" server name \"{}\"", shown(&server.name)),
        );
        let port = service.port_of(server);
        if *server.active {
            let key = (server.address.value, if own_port { port } else { 0 });
            first_or_warn(&mut servers, key, server.address.span, sink, || {
                format!(
                    " real server {}:{port} in \"{}\"",
                    key.0,
                    shown(&service.name)
                )
            });
        }
        if !own_port && port != *service.port {
            other_port(service, server, network, sink);
        }
    }
}

fn other_port(service: &VirtualServer, server: &RealServer, network: Network, sink: &mut Sink) {
    let Some(span) = server.port.and_then(|port| port.span) else {
        return;
    };
    let (port, virtual_port) = (service.port_of(server), *service.port);
    sink.warning(span, || {
        let draft = Draft::new(Kind::RealPort);
        if network == Network::Nat {
            draft
                .detail(format!(
                    " ({port}, {virtual_port}) with several ports under fwmark {}",
                    service.fwmark
                ))
                .help("traffic keeps the port it came to; only the check uses this one")
        } else {
            draft
                .detail(format!(" ({port}, {virtual_port}) with {network}"))
                .help("the kernel delivers to the virtual port; only the check uses this one")
        }
    });
}

/// With direct routing and tunnels a real server holds the VIP too; packets still go to it by its
/// own address. Under the VIP the kernel takes the router itself for the real server.
fn is_its_own_vip(service: &VirtualServer, sink: &mut Sink) {
    let vip = &service.address;
    for server in service.active_servers() {
        let (Some(span), Some(first)) = (server.address.span, vip.span) else {
            continue;
        };
        if *server.address == vip.address {
            sink.warning(span, || {
                Draft::new(Kind::Doubtful)
                    .detail(": the real server's address is the virtual one")
                    .expected("the address that the server has for itself")
                    .related(first, "the virtual address")
            });
        }
    }
}

fn sorry_server(service: &VirtualServer, sink: &mut Sink) {
    let Some(sorry) = service.sorry_server else {
        return;
    };
    let in_pool = service.active_servers().find(|s| *s.address == *sorry);
    let places = in_pool.and_then(|s| s.address.span).zip(sorry.span);
    if let Some((server, span)) = places {
        sink.warning(span, || {
            Draft::new(Kind::SorryServerInPool)
                .detail(format!(" of \"{}\"", shown(&service.name)))
                .expected("a server that is up when the real servers are not")
                .related(server, "the real server")
        });
    }
}

fn someone_active(service: &VirtualServer, sink: &mut Sink) {
    // With errors in the file the active server may be among them.
    if service.active_servers().next().is_some() || sink.has_errors() {
        return;
    }
    let span = service.name.span.unwrap_or(Span::new(0, 0));
    sink.warning(span, || {
        Draft::new(Kind::NoActiveServer)
            .detail(format!(" in \"{}\"", shown(&service.name)))
            .expected("a `server` block with `active = 1`")
    });
}
