//! Virtual servers and their real servers.

use std::net::IpAddr;
use std::time::Duration;

use super::{Floating, Protocol, Scheduler};
use crate::Spanned;

/// One `virtual NAME {` (or `virtual server NAME {`) block.
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
    /// `protocol`: always TCP in this version.
    pub protocol: Spanned<Protocol>,
    /// `scheduler`: default `wlc`.
    pub scheduler: Spanned<Scheduler>,
    /// `persistent`: client affinity in whole seconds, default 0 (none).
    pub persistent: Spanned<u32>,
    /// `pmask`: granularity of that affinity as a prefix length, 0 to 32, default 32.
    pub pmask: Spanned<u8>,
    /// `timeout`: how long a real server may go without passing a check, at least 1 ms,
    /// default 10 s.
    pub timeout: Spanned<Duration>,
    /// `reentry`: how long it must pass before it is let back in, default 180 s.
    pub reentry: Spanned<Duration>,
    /// `interval`: time between checks, if the file says one. Never more than `timeout`.
    pub interval: Option<Spanned<Duration>>,
    /// `load_monitor`: `uptime`, `ruptime`, `rup`, `none` or a program, default `uptime`.
    pub load_monitor: Spanned<String>,
    /// `client_monitor`: the program started per real server, default `/usr/sbin/nanny`.
    pub client_monitor: Spanned<String>,
    /// The `server` blocks in file order, inactive ones included.
    pub servers: Vec<RealServer>,
}

impl VirtualServer {
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
    pub name: Spanned<Box<str>>,
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
