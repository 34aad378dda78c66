//! `diff`: what a reload would change.
//!
//! Services are the same if the kernel takes them for the same: by address, port and protocol, or
//! by firewall mark. Real servers are the same by address and port. Names are for people.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::Hash;
use std::net::IpAddr;

use super::cli::Diff;
use super::settings::{self, Hosts, Setting};
use super::{Outcome, TROUBLE, escaped, input};
use crate::edit::written;
use crate::{Config, LoadError, Loaded, Protocol, RealServer, VirtualServer, parse};

/// There are differences.
const DIFFERENT: u8 = 1;

pub(super) fn run(args: &Diff) -> Outcome {
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
                outcome.err.push_str(&error.report("lvs-cf"));
                outcome.status = TROUBLE;
            }
        }
    }
    if let [old, new] = loaded.as_slice() {
        outcome.out = differences(old, new);
        outcome.status = if outcome.out.is_empty() { 0 } else { DIFFERENT };
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

fn service(
    lines: &mut Lines,
    kind: &str,
    pair: Pair<&VirtualServer>,
    hosts: (&Hosts<'_>, &Hosts<'_>),
) {
    let called = |service: &VirtualServer, hosts: &Hosts<'_>| {
        let address = hosts.said(service.address.address, &service.address);
        let at = match *service.fwmark {
            0 => format!("{} {}", service.protocol, joined(&address, *service.port)),
            mark => format!("fwmark {mark}"),
        };
        format!("{kind} {} ({at})", service.name)
    };
    let whole = |service: &VirtualServer, hosts: &Hosts<'_>| {
        let active = if *service.active { "" } else { ", inactive" };
        let servers = match service.servers.len() {
            0 => String::new(),
            1 => ", with 1 real server".to_owned(),
            n => format!(", with {n} real servers"),
        };
        format!("{}{active}{servers}", called(service, hosts))
    };
    let (old, new) = match pair {
        Pair::Gone(old) => return lines.add(Change::Removed, &whole(old, hosts.0)),
        Pair::Come(new) => return lines.add(Change::Added, &whole(new, hosts.1)),
        Pair::Both(old, new) => (old, new),
    };
    let called = called(new, hosts.1);
    let mut all = renamed(&old.name, &new.name);
    all.extend(changes(
        &settings::service(old, hosts.0),
        &settings::service(new, hosts.1),
    ));
    if !all.is_empty() {
        lines.add(Change::Changed, &format!("{called}: {}", all.join(", ")));
    }
    let key = |service: &VirtualServer| {
        let port = *service.port;
        move |server: &RealServer| (*server.address, server.port.map_or(port, |p| *p))
    };
    let servers = pairs(&old.servers, key(old), &new.servers, key(new), |s| &s.name);
    for pair in servers {
        let called = |service: &VirtualServer, server: &RealServer, hosts: &Hosts<'_>| {
            let address = hosts.said(*server.address, &server.address);
            let at = joined(&address, service.port_of(server));
            format!("real server {} ({at}) of {}", server.name, service.name)
        };
        match pair {
            Pair::Gone(server) => lines.add(Change::Removed, &called(old, server, hosts.0)),
            Pair::Come(server) => {
                let active = if *server.active { "" } else { ", inactive" };
                let text = format!(
                    "{}, weight {}{active}",
                    called(new, server, hosts.1),
                    server.weight
                );
                lines.add(Change::Added, &text);
            }
            Pair::Both(one, other) => {
                let mut all = renamed(&one.name, &other.name);
                all.extend(changes(
                    &settings::server(old, one, hosts.0),
                    &settings::server(new, other, hosts.1),
                ));
                if !all.is_empty() {
                    let text = format!("{}: {}", called(new, other, hosts.1), all.join(", "));
                    lines.add(Change::Changed, &text);
                }
            }
        }
    }
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
    let said = |setting: &Setting| {
        let written = |word: String| written::value(&word).unwrap_or(word);
        let words = setting.value.words();
        words.map_or("none".to_owned(), |words| {
            let words: Vec<String> = words.into_iter().map(written).collect();
            words.join(" ")
        })
    };
    old.iter()
        .zip(new)
        .filter(|(old, new)| old.value != new.value)
        .map(|(old, new)| format!("{} {} -> {}", old.directive, said(old), said(new)))
        .collect()
}

/// What became of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair<T> {
    Both(T, T),
    Gone(T),
    Come(T),
}

/// Who of `old` is who of `new`: those of one identity, by their names, else in their order.
fn pairs<'a, T, K: Copy + Eq + Hash>(
    old: &'a [T],
    old_identity: impl Fn(&T) -> K,
    new: &'a [T],
    new_identity: impl Fn(&T) -> K,
    name: impl Fn(&'a T) -> &'a str,
) -> Vec<Pair<&'a T>> {
    // Last to first, so that `pop` gives the first.
    let mut by_name: HashMap<(K, &str), Vec<usize>> = HashMap::new();
    let mut by_order: HashMap<K, Vec<usize>> = HashMap::new();
    for (index, item) in new.iter().enumerate().rev() {
        let identity = new_identity(item);
        by_name
            .entry((identity, name(item)))
            .or_default()
            .push(index);
        by_order.entry(identity).or_default().push(index);
    }
    let mut is_new = vec![true; new.len()];
    let mut take = |index: usize| std::mem::take(&mut is_new[index]);
    let mut partners: Vec<Option<usize>> = old
        .iter()
        .map(|item| {
            let same = by_name.get_mut(&(old_identity(item), name(item)))?.pop();
            same.filter(|index| take(*index))
        })
        .collect();
    for (item, partner) in old.iter().zip(&mut partners) {
        let Some(rest) = by_order.get_mut(&old_identity(item)) else {
            continue;
        };
        while partner.is_none()
            && let Some(next) = rest.pop()
        {
            *partner = take(next).then_some(next);
        }
    }
    let both = old
        .iter()
        .zip(partners)
        .map(|(item, partner)| match partner {
            Some(index) => Pair::Both(item, &new[index]),
            None => Pair::Gone(item),
        });
    let mut pairs: Vec<Pair<&T>> = both.collect();
    let come = new.iter().zip(is_new).filter(|(_, is_new)| *is_new);
    pairs.extend(come.map(|(item, _)| Pair::Come(item)));
    pairs
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Items are an identity and a name.
    fn paired(old: &[(u8, &str)], new: &[(u8, &str)]) -> String {
        let pairs = pairs(old, |i| i.0, new, |i| i.0, |i| i.1);
        let shown = pairs.iter().map(|pair| match pair {
            Pair::Both(old, new) => format!("{}{}", old.1, new.1),
            Pair::Gone(old) => format!("{}-", old.1),
            Pair::Come(new) => format!("-{}", new.1),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn who_is_who_is_by_identity_then_name_then_order() {
        assert_eq!(
            paired(&[(1, "a"), (2, "b")], &[(2, "b"), (1, "a")]),
            "aa bb"
        );
        assert_eq!(paired(&[(1, "a")], &[(2, "a")]), "a- -a");
        assert_eq!(paired(&[(1, "a")], &[(1, "x"), (2, "y")]), "ax -y");
        let bundle = [(1, "a"), (1, "b"), (1, "c")];
        assert_eq!(paired(&bundle, &[(1, "b"), (1, "c")]), "a- bb cc");
        assert_eq!(paired(&bundle, &[(1, "c"), (1, "x"), (1, "y")]), "ax by cc");
        assert_eq!(paired(&bundle[..1], &[(1, "a"), (1, "a")]), "aa -a");
        assert_eq!(paired(&[(1, "a"), (1, "a")], &[(1, "a")]), "aa a-");
    }
}
