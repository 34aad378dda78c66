//! The global section: the two routers, their heartbeat, the forwarding method.

use std::net::IpAddr;
use std::time::Duration;

use super::{Floating, Network, VirtualServer};
use crate::Spanned;

/// A whole lvs.cf, checked, with the defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `serial_no`: the file's revision, default 0.
    pub serial_no: Spanned<i64>,
    /// `primary`: the primary router's public address.
    pub primary: Spanned<IpAddr>,
    /// `backup`: the backup router's public address. `0.0.0.0` in the file means none.
    pub backup: Option<Spanned<IpAddr>>,
    /// `backup_active`: whether a backup takes part. Default: whether `backup` is given.
    pub backup_active: Spanned<bool>,
    /// `primary_private`: the primary's address on the private heartbeat link.
    pub primary_private: Option<Spanned<IpAddr>>,
    /// `backup_private`: the backup's address on the private heartbeat link.
    pub backup_private: Option<Spanned<IpAddr>>,
    /// `heartbeat_port`: UDP port on both routers, default 539.
    pub heartbeat_port: Spanned<u16>,
    /// `keepalive`: time between heartbeats, more than zero, default 2 s.
    pub keepalive: Spanned<Duration>,
    /// `deadtime`: silence after which the partner is dead, always more than `keepalive`,
    /// default 5 s. A value that is not is replaced by twice `keepalive`, with a warning.
    pub deadtime: Spanned<Duration>,
    /// `rsh_command`: `rsh`, `ssh` or a path, default `rsh`.
    pub rsh_command: Spanned<String>,
    /// `network`: how packets reach every real server, default NAT.
    pub network: Spanned<Network>,
    /// `nat_router` with `nat_nmask`: the real servers' gateway.
    pub nat_router: Option<Spanned<Floating>>,
    /// `hard_shutdown`: whether a monitor's death stops everything, default true.
    pub hard_shutdown: Spanned<bool>,
    /// `ipvsadm`: passed on to external monitors, default `/sbin/ipvsadm`.
    pub ipvsadm: Spanned<String>,
    /// The `virtual` blocks in file order, inactive ones included.
    pub virtual_servers: Vec<VirtualServer>,
}

impl Config {
    /// The virtual servers that are to run.
    pub fn active_virtual_servers(&self) -> impl Iterator<Item = &VirtualServer> {
        self.virtual_servers.iter().filter(|v| *v.active)
    }
}
