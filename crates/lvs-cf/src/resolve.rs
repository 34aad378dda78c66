//! Names to numbers: hosts and services, apart from parsing so that a check needs no network.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;

use crate::Unresolved;
use crate::config::Protocol;

/// Turns the names a file uses into numbers. Addresses and port numbers never get here.
pub trait Resolve {
    /// The address of host `name`, an IPv4 address where it has one.
    fn host(&self, name: &str) -> Option<IpAddr>;

    /// The port that `name` stands for under `protocol`.
    fn service(&self, name: &str, protocol: Protocol) -> Option<u16>;
}

/// The machine's own resolver: `getaddrinfo` for hosts, `/etc/services` for ports.
///
/// `http` and `ftp`, the two names of the HOWTO, are known without a services file.
///
/// A host is asked for once: a name means the same wherever it stands in a file, whatever the order
/// of the answers, and one that nobody answers for is waited for once.
#[derive(Debug, Default)]
pub struct SystemResolver {
    hosts: RefCell<HashMap<String, Option<IpAddr>>>,
    services: OnceCell<Services>,
}

impl SystemResolver {
    /// A resolver that reads `/etc/services` when the first name is asked for.
    pub fn new() -> Self {
        Self::default()
    }
}

impl SystemResolver {
    /// The answer for `name`, which is `ask`ed for if it is not there yet.
    fn remembered(&self, name: &str, ask: fn(&str) -> Option<IpAddr>) -> Option<IpAddr> {
        if let Some(known) = self.hosts.borrow().get(name) {
            return *known;
        }
        let answer = ask(name);
        self.hosts.borrow_mut().insert(name.to_owned(), answer);
        answer
    }
}

/// What `getaddrinfo` says.
fn ask(name: &str) -> Option<IpAddr> {
    let answers = (name, 0).to_socket_addrs().ok()?.map(|a| a.ip());
    // What stands for a name that was not asked for is no answer.
    let addresses: Vec<IpAddr> = answers.filter(|a| !Unresolved::is_stand_in(*a)).collect();
    addresses
        .iter()
        .find(|a| a.is_ipv4())
        .or(addresses.first())
        .copied()
}

impl Resolve for SystemResolver {
    fn host(&self, name: &str) -> Option<IpAddr> {
        self.remembered(name, ask)
    }

    fn service(&self, name: &str, protocol: Protocol) -> Option<u16> {
        self.services
            .get_or_init(|| Services::read(Path::new("/etc/services")))
            .port(name, protocol)
            .or_else(|| built_in(name))
    }
}

/// A resolver with a fixed list of hosts, for tests. Of services it knows `http` and `ftp`, and
/// whatever it is given.
#[derive(Debug, Clone, Default)]
pub struct FixedResolver {
    hosts: HashMap<String, IpAddr>,
    services: Services,
}

impl FixedResolver {
    /// A resolver that knows no host.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a host.
    #[must_use]
    pub fn with_host(mut self, name: &str, address: IpAddr) -> Self {
        self.hosts.insert(name.to_owned(), address);
        self
    }

    /// Adds a service.
    #[must_use]
    pub fn with_service(mut self, name: &str, protocol: Protocol, port: u16) -> Self {
        self.services
            .ports
            .insert((name.to_owned(), protocol), port);
        self
    }
}

impl Resolve for FixedResolver {
    fn host(&self, name: &str) -> Option<IpAddr> {
        self.hosts.get(name).copied()
    }

    fn service(&self, name: &str, protocol: Protocol) -> Option<u16> {
        self.services
            .port(name, protocol)
            .or_else(|| built_in(name))
    }
}

fn built_in(name: &str) -> Option<u16> {
    match name {
        "http" => Some(80),
        "ftp" => Some(21),
        _ => None,
    }
}

/// A services database in the form of services(5): `name port/protocol alias...`.
#[derive(Debug, Clone, Default)]
struct Services {
    ports: HashMap<(String, Protocol), u16>,
}

impl Services {
    /// A file that cannot be read is an empty one: the two built-in names go on working.
    fn read(path: &Path) -> Self {
        fs::read(path)
            .map(|bytes| Self::parse(&String::from_utf8_lossy(&bytes)))
            .unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut ports = HashMap::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let (Some(name), Some(target)) = (words.next(), words.next()) else {
                continue;
            };
            let Some((port, protocol)) = target.split_once('/') else {
                continue;
            };
            let (Ok(port), Some(protocol)) = (port.parse(), Protocol::from_name(protocol)) else {
                continue;
            };
            for name in std::iter::once(name).chain(words) {
                // The first entry of a name wins, as in getservbyname(3).
                ports.entry((name.to_owned(), protocol)).or_insert(port);
            }
        }
        Self { ports }
    }

    fn port(&self, name: &str, protocol: Protocol) -> Option<u16> {
        self.ports.get(&(name.to_owned(), protocol)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_know_names_and_aliases_by_protocol() {
        let services = Services::parse(
            "# a comment\nhttp\t80/tcp\twww # web\ndomain 53/udp\nbad line\nx 99999/tcp\nhttp 81/tcp\n",
        );
        assert_eq!(services.port("www", Protocol::Tcp), Some(80));
        assert_eq!(services.port("http", Protocol::Tcp), Some(80));
        assert_eq!(services.port("domain", Protocol::Udp), Some(53));
        assert_eq!(services.port("domain", Protocol::Tcp), None);
        assert_eq!(services.port("x", Protocol::Tcp), None);
    }

    #[test]
    fn the_names_of_the_howto_need_no_services_file() {
        assert_eq!(
            FixedResolver::new().service("http", Protocol::Tcp),
            Some(80)
        );
        assert_eq!(FixedResolver::new().service("ftp", Protocol::Tcp), Some(21));
        assert!(
            Services::read(Path::new("/nonexistent/services"))
                .ports
                .is_empty()
        );
    }

    #[test]
    fn a_host_is_asked_for_once() {
        let resolver = SystemResolver::new();
        let four = Some(IpAddr::from([10, 0, 0, 4]));
        let again: fn(&str) -> Option<IpAddr> = |name| panic!("{name} is known");
        assert_eq!(
            resolver.remembered("a", |_| Some([10, 0, 0, 4].into())),
            four
        );
        assert_eq!(resolver.remembered("a", again), four);
        assert_eq!(resolver.remembered("nowhere", |_| None), None);
        assert_eq!(resolver.remembered("nowhere", again), None);
    }

    #[test]
    fn the_system_resolver_prefers_ipv4() {
        assert_eq!(
            SystemResolver::new().host("localhost"),
            Some(IpAddr::from([127, 0, 0, 1]))
        );
    }
}
