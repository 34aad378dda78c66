//! The real servers of each virtual server, and its sorry server.

use std::collections::HashMap;

use super::bundles::Bundles;
use super::said_with_port;
use super::services::first_or_warn;
use crate::config::missed::{MissedInBlock, MissedInFile};
use crate::config::{Config, Network, RealServer, VirtualServer};
use crate::directive::{Server, Virtual};
use crate::sink::{Draft, Sink};
use crate::unresolved::said;
use crate::words::shown;
use crate::{Document, Kind, Span};

pub(super) fn check(
    config: &Config,
    document: &Document,
    missed: &MissedInFile,
    bundles: &Bundles,
    sink: &mut Sink,
) {
    for (service, missed) in config.virtual_servers.iter().zip(&missed.virtual_servers) {
        let pool = Pool {
            service,
            missed,
            network: *config.network,
            own_port: *config.network == Network::Nat && !bundles.keeps_port(service),
        };
        real_servers(&pool, document, sink);
        sorry_server(service, sink);
        is_its_own_vip(service, sink);
        if *service.active {
            someone_active(service, sink);
        }
        forgotten(service, missed, sink);
    }
}

/// A virtual server, and what its real servers are under.
struct Pool<'a> {
    service: &'a VirtualServer,
    missed: &'a MissedInBlock,
    network: Network,
    /// Whether a real server's own port counts in the kernel: else its port there is the virtual
    /// one, or any.
    own_port: bool,
}

fn real_servers(pool: &Pool<'_>, document: &Document, sink: &mut Sink) {
    let Pool {
        service,
        missed,
        network,
        own_port,
    } = *pool;
    let mut names = HashMap::new();
    let mut servers = HashMap::new();
    for (index, server) in service.servers.iter().enumerate() {
        first_or_warn(
            &mut names,
            &*server.name.value,
            server.name.span,
            sink,
            || format!(" server name \"{}\"", shown(&server.name)),
        );
        let port = service.port_of(server);
        let is_known = !missed.has_port(index, server.port.is_some());
        if *server.active && (is_known || !own_port) {
            let address = server.address;
            let key = (address.value, if own_port { port } else { 0 });
            first_or_warn(&mut servers, key, address.span, sink, || {
                let server = if own_port {
                    said_with_port(document, *address, address.span, port)
                } else {
                    shown(&said(document, *address, address.span))
                };
                format!(" real server {server} in \"{}\"", shown(&service.name))
            });
        }
        if !own_port && port != *service.port && !missed.has(Virtual::Port) {
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
                .help("traffic keeps its destination port; only the health check uses this port")
        } else {
            draft
                .detail(format!(" ({port}, {virtual_port}) with {network}"))
                .help(
                    "the kernel delivers to the virtual port; only the health check uses this port",
                )
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
                    .detail(": the real server's address is the virtual IP address")
                    .expected("the real server's own address")
                    .related(first, "the virtual IP address")
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
                .expected("a server that is not one of the real servers")
                .related(server, "the real server")
        });
    }
}

fn someone_active(service: &VirtualServer, sink: &mut Sink) {
    // With errors in the file the active server may be among them.
    if sink.has_errors() {
        return;
    }
    if let Some(first) = service.active_servers().next() {
        let all_zero = service.active_servers().all(|server| *server.weight == 0);
        if let Some(span) = first.weight.span.filter(|_| all_zero) {
            sink.warning(span, || {
                Draft::new(Kind::NoActiveServer)
                    .detail(format!(
                        " in \"{}\" with a weight above 0",
                        shown(&service.name)
                    ))
                    .expected("`weight = 1` or more in at least one `server` block")
            });
        }
        return;
    }
    let span = service.name.span.unwrap_or(Span::new(0, 0));
    sink.warning(span, || {
        Draft::new(Kind::NoActiveServer)
            .detail(format!(" in \"{}\"", shown(&service.name)))
            .expected("a `server` block with `active = 1`")
    });
}

/// Blocks that say nothing of `active` beside others that do run: without it nothing runs.
fn forgotten(service: &VirtualServer, missed: &MissedInBlock, sink: &mut Sink) {
    if service.active_servers().next().is_none() {
        return;
    }
    let mut warn = |span: Option<Span>, what: &dyn Fn() -> String| {
        let Some(span) = span else {
            return;
        };
        sink.warning(span, || {
            Draft::new(Kind::Doubtful)
                .detail(what())
                .expected("`active = 1` or `active = 0` in this block")
        });
    };
    if service.active.is_default() && !missed.has(Virtual::Active) {
        let name = &service.name;
        warn(name.span, &|| {
            format!(": \"{}\" has no `active`, so it does not run", shown(name))
        });
    }
    if !*service.active {
        return;
    }
    for (index, server) in service.servers.iter().enumerate() {
        if server.active.is_default() && !missed.server_has(index, Server::Active) {
            let name = &server.name;
            warn(name.span, &|| {
                format!(
                    ": \"{}\" has no `active`, so it gets no traffic",
                    shown(name)
                )
            });
        }
    }
}
