//! `diff`: what changes from one file to another.
//!
//! Services are the same if the kernel takes them for the same: by address, port and protocol, or
//! by firewall mark. Real servers are the same by address and port. Names are for people.

use std::fmt::Write;
use std::net::IpAddr;

use super::cli::Diff;
use super::pairs::{Pair, pairs};
use super::settings::{self, Hosts, Setting};
use super::{Out, Outcome, TROUBLE, Terminals, complaint, input};
use crate::words::escaped;
use crate::{Config, LoadError, Loaded, Protocol, RealServer, VirtualServer, parse};

/// There are differences.
const DIFFERENT: u8 = 1;

pub(super) fn run(args: &Diff, terminals: Terminals) -> Outcome {
    let resolver = input::resolver(&args.names);
    let mut outcome = Outcome::default();
    let mut loaded = Vec::new();
    for path in [&args.old, &args.new] {
        let one = input::read(path).and_then(|input| {
            parse(&input.path, input.source, &*resolver).map_err(LoadError::from)
        });
        match one {
            Ok(one) => loaded.push(one),
            Err(error) => {
                outcome
                    .err
                    .push_str(&complaint::error(&error, terminals.err));
                outcome.status = TROUBLE;
            }
        }
    }
    if let [old, new] = loaded.as_slice() {
        let lines = differences(old, new);
        outcome.status = if lines.is_empty() { 0 } else { DIFFERENT };
        outcome.out = Out::Text(lines);
    }
    outcome
}

/// A line for each difference: first what is outside the blocks, then the blocks.
pub(crate) fn differences(old: &Loaded, new: &Loaded) -> String {
    let hosts = (Hosts(&old.document), Hosts(&new.document));
    let mut lines = Lines(String::new());
    let pair = (
        settings::global(&old.config, &hosts.0),
        settings::global(&new.config, &hosts.1),
    );
    for change in changes(&pair.0, &pair.1) {
        lines.add(Change::Changed, &change);
    }
    type Blocks = fn(&Config) -> &[VirtualServer];
    let kinds: [(&str, Blocks); 2] = [
        ("virtual server", |c| &c.virtual_servers),
        ("failover service", |c| &c.failover_services),
    ];
    for (kind, blocks) in kinds {
        let (old, new) = (blocks(&old.config), blocks(&new.config));
        for pair in pairs(old, identity, new, identity, |v| v.name.as_str()) {
            service(&mut lines, kind, pair, (&hosts.0, &hosts.1));
        }
    }
    lines.0
}

/// What the kernel tells services apart by.
fn identity(service: &VirtualServer) -> (IpAddr, u32, Option<(u16, Protocol)>) {
    let address = service.address.address;
    match *service.fwmark {
        0 => (address, 0, Some((*service.port, *service.protocol))),
        // Of the address the kernel knows the family only.
        mark => {
            let any = if address.is_ipv4() {
                [0; 4].into()
            } else {
                [0; 16].into()
            };
            (any, mark, None)
        }
    }
}

/// The names of hosts in the old file, and in the new one.
type BothHosts<'h> = (&'h Hosts<'h>, &'h Hosts<'h>);

/// What became of a service and of its real servers.
fn service(lines: &mut Lines, kind: &str, pair: Pair<&VirtualServer>, hosts: BothHosts<'_>) {
    let (old, new) = match pair {
        Pair::Gone(old) => return lines.add(Change::Removed, &whole(kind, old, hosts.0)),
        Pair::Come(new) => return lines.add(Change::Added, &whole(kind, new, hosts.1)),
        Pair::Both(old, new) => (old, new),
    };
    let mut all = renamed(&old.name, &new.name);
    all.extend(changes(
        &settings::service(old, hosts.0),
        &settings::service(new, hosts.1),
    ));
    lines.changed(&called(kind, new, hosts.1), &all);
    let key = |service: &VirtualServer| {
        let port = *service.port;
        move |server: &RealServer| (*server.address, server.port.map_or(port, |p| *p))
    };
    for pair in pairs(&old.servers, key(old), &new.servers, key(new), |s| &s.name) {
        real_server(lines, (old, new), pair, hosts);
    }
}

/// What became of a real server of a service that is in both files.
fn real_server(
    lines: &mut Lines,
    services: (&VirtualServer, &VirtualServer),
    pair: Pair<&RealServer>,
    hosts: BothHosts<'_>,
) {
    let called = |service: &VirtualServer, server: &RealServer, hosts: &Hosts<'_>| {
        let address = hosts.said(*server.address, &server.address);
        let at = joined(&address, service.port_of(server));
        format!("real server {} ({at}) of {}", server.name, service.name)
    };
    match pair {
        Pair::Gone(old) => lines.add(Change::Removed, &called(services.0, old, hosts.0)),
        Pair::Come(new) => {
            let name = called(services.1, new, hosts.1);
            let text = format!("{name}, weight {}{}", new.weight, inactive(*new.active));
            lines.add(Change::Added, &text);
        }
        Pair::Both(old, new) => {
            let mut all = renamed(&old.name, &new.name);
            all.extend(changes(
                &settings::server(services.0, old, hosts.0),
                &settings::server(services.1, new, hosts.1),
            ));
            lines.changed(&called(services.1, new, hosts.1), &all);
        }
    }
}

/// A service by its name and by what the kernel knows it by.
fn called(kind: &str, service: &VirtualServer, hosts: &Hosts<'_>) -> String {
    let address = hosts.said(service.address.address, &service.address);
    let at = match *service.fwmark {
        0 => format!("{} {}", service.protocol, joined(&address, *service.port)),
        mark => format!("fwmark {mark}"),
    };
    format!("{kind} {} ({at})", service.name)
}

/// A service that comes or goes.
fn whole(kind: &str, service: &VirtualServer, hosts: &Hosts<'_>) -> String {
    let servers = match service.servers.len() {
        0 => String::new(),
        1 => ", with 1 real server".to_owned(),
        n => format!(", with {n} real servers"),
    };
    let active = inactive(*service.active);
    format!("{}{active}{servers}", called(kind, service, hosts))
}

fn inactive(active: bool) -> &'static str {
    if active { "" } else { ", inactive" }
}

/// `1.2.3.4:80`, `[2001:db8::1]:80`.
fn joined(address: &str, port: u16) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

fn renamed(old: &str, new: &str) -> Vec<String> {
    if old == new {
        return Vec::new();
    }
    vec![format!("name {old} -> {new}")]
}

/// `DIRECTIVE OLD -> NEW` for each that differs in value.
fn changes(old: &[Setting], new: &[Setting]) -> Vec<String> {
    let said = |setting: &Setting| setting.value.written().unwrap_or("none".to_owned());
    old.iter()
        .zip(new)
        .filter(|(old, new)| old.value != new.value)
        .map(|(old, new)| format!("{} {} -> {}", old.directive, said(old), said(new)))
        .collect()
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Added,
    Removed,
    Changed,
}

/// The lines so far.
struct Lines(String);

impl Lines {
    /// Adds what changed about one thing, if anything did.
    fn changed(&mut self, what: &str, changes: &[String]) {
        if !changes.is_empty() {
            let changes = changes.join(", ");
            self.add(Change::Changed, &format!("{what}: {changes}"));
        }
    }

    fn add(&mut self, change: Change, what: &str) {
        let verb = match change {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        };
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{verb}: {}", escaped(what, &[]));
    }
}
