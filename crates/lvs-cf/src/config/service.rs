//! Virtual servers, failover services and real servers.

use std::net::IpAddr;
use std::time::Duration;

use smol_str::SmolStr;

use super::{Floating, Protocol, Scheduler};
use crate::Spanned;

/// One `virtual NAME {` (or `virtual server NAME {`) block, or one `failover NAME {` block.
///
/// A failover service is run by its commands on the active router and watched from the other:
/// of the directives below it uses `active`, `address`, `port`, `timeout`, `send`, `expect`,
/// `use_regex`, `send_program`, `interval`, `client_monitor`, `start_cmd` and `stop_cmd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualServer {
    /// The block's name.
    pub name: Spanned<String>,
    /// `active`: whether it runs, default false.
    pub active: Spanned<bool>,
    /// `address` with `vip_nmask`: the VIP and its device.
    pub address: Spanned<Floating>,
    /// `port`: 1 to 65535, default 80.
    pub port: Spanned<u16>,
    /// `protocol`: default TCP.
    pub protocol: Spanned<Protocol>,
    /// `fwmark`: not 0 for a firewall-mark service in place of address and port, default 0.
    pub fwmark: Spanned<u32>,
    /// `scheduler`: default `wlc`.
    pub scheduler: Spanned<Scheduler>,
    /// `persistent`: client affinity in whole seconds, default 0 (none).
    pub persistent: Spanned<u32>,
    /// `pmask`: granularity of that affinity as a prefix length. 0 to 32, default 32; with an
    /// IPv6 VIP 1 to 128, default 128.
    pub pmask: Spanned<u8>,
    /// `timeout`: how long a real server may go without passing a check, at least 1 ms,
    /// default 10 s.
    pub timeout: Spanned<Duration>,
    /// `reentry`: how long it must pass before it is let back in, default 180 s.
    pub reentry: Spanned<Duration>,
    /// `interval`: time between checks, if the file says one. Never more than `timeout`. Else see
    /// [`VirtualServer::interval_of_checks`].
    pub interval: Option<Spanned<Duration>>,
    /// `load_monitor`: `uptime`, `ruptime`, `rup`, `none` or a program, default `uptime`.
    pub load_monitor: Spanned<String>,
    /// `send`: what a check sends, escapes not decoded.
    pub send: Option<Spanned<Box<str>>>,
    /// `expect`: what a check wants to read, escapes not decoded; `*` is anything.
    pub expect: Option<Spanned<Box<str>>>,
    /// `use_regex`: whether `expect` is a POSIX extended regular expression, default false.
    pub use_regex: Spanned<bool>,
    /// `send_program`: a command with `%h` and `%p` that checks in place of `send`.
    pub send_program: Option<Spanned<Box<str>>>,
    /// `quiesce_server`: whether a failed server is taken out by weight 0, default false.
    pub quiesce_server: Spanned<bool>,
    /// `sorry_server`: gets the traffic while no real server is up. `0.0.0.0` in the file means
    /// none.
    pub sorry_server: Option<Spanned<IpAddr>>,
    /// `client_monitor`: the program started per real server, default `/usr/sbin/nanny`.
    pub client_monitor: Spanned<String>,
    /// `start_cmd`: starts a failover service.
    pub start_cmd: Option<Spanned<Box<str>>>,
    /// `stop_cmd`: stops a failover service.
    pub stop_cmd: Option<Spanned<Box<str>>>,
    /// `master`: read and without effect.
    pub master: Option<Spanned<IpAddr>>,
    /// `dirs`: read and without effect.
    pub dirs: Option<Spanned<Vec<String>>>,
    /// The `server` blocks in file order, inactive ones included.
    pub servers: Vec<RealServer>,
}

impl VirtualServer {
    /// What a block means that has a name and an `address` and nothing else.
    pub fn new(name: Spanned<String>, address: Spanned<Floating>) -> Self {
        Self {
            name,
            active: Spanned::default_value(false),
            pmask: Self::whole_mask(address.address),
            address,
            port: Spanned::default_value(80),
            protocol: Spanned::default_value(Protocol::Tcp),
            fwmark: Spanned::default_value(0),
            scheduler: Spanned::default_value(Scheduler::Wlc),
            persistent: Spanned::default_value(0),
            timeout: Spanned::default_value(Duration::from_secs(10)),
            reentry: Spanned::default_value(Duration::from_secs(180)),
            interval: None,
            load_monitor: Spanned::default_value("uptime".to_owned()),
            send: None,
            expect: None,
            use_regex: Spanned::default_value(false),
            send_program: None,
            quiesce_server: Spanned::default_value(false),
            sorry_server: None,
            client_monitor: Spanned::default_value("/usr/sbin/nanny".to_owned()),
            start_cmd: None,
            stop_cmd: None,
            master: None,
            dirs: None,
            servers: Vec::new(),
        }
    }

    /// The `pmask` of a block that gives none: every client address counts by itself.
    pub(crate) fn whole_mask(address: IpAddr) -> Spanned<u8> {
        Spanned::default_value(if address.is_ipv4() { 32 } else { 128 })
    }

    /// Time between checks: `interval`, else what nanny takes that is told none, 2 s but at most a
    /// third of `timeout`.
    pub fn interval_of_checks(&self) -> Duration {
        let default = || Duration::from_secs(2).min(*self.timeout / 3);
        self.interval.as_ref().map_or_else(default, |given| **given)
    }

    /// The real servers that are to run. Whether this virtual server runs is another question.
    pub fn active_servers(&self) -> impl Iterator<Item = &RealServer> {
        self.servers.iter().filter(|s| *s.active)
    }

    /// The port `server` listens on: its own, else this virtual server's.
    pub fn port_of(&self, server: &RealServer) -> u16 {
        server.port.map_or(*self.port, |p| *p)
    }
}

/// One `server NAME {` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealServer {
    /// The block's name.
    pub name: Spanned<SmolStr>,
    /// `active`: whether it gets traffic, default false.
    pub active: Spanned<bool>,
    /// `address`.
    pub address: Spanned<IpAddr>,
    /// `port`, if its own. With direct and tunnel only the check goes there; see
    /// [`VirtualServer::port_of`].
    pub port: Option<Spanned<u16>>,
    /// `weight`: 0 to 2^31-1, default 1.
    pub weight: Spanned<u32>,
}

impl RealServer {
    /// What a block means that has a name and an `address` and nothing else.
    pub fn new(name: Spanned<SmolStr>, address: Spanned<IpAddr>) -> Self {
        Self {
            name,
            active: Spanned::default_value(false),
            address,
            port: None,
            weight: Spanned::default_value(1),
        }
    }
}
