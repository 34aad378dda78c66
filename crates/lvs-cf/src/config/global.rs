//! The global section: the two routers, their heartbeat, the forwarding method.

use std::net::IpAddr;
use std::time::Duration;

use super::{Floating, Network, ReservationConflict, ServiceKind, VirtualServer};
use crate::Spanned;

/// A whole lvs.cf, checked, with the defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `serial_no`: the file's revision, default 0.
    pub serial_no: Spanned<i64>,
    /// `service`: which kind of block is run, default `lvs`.
    pub service: Spanned<ServiceKind>,
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
    /// `primary_shared`: the primary's shared disk, for failover services.
    pub primary_shared: Option<Spanned<String>>,
    /// `backup_shared`: the backup's shared disk, for failover services.
    pub backup_shared: Option<Spanned<String>>,
    /// `heartbeat`: read and without effect, default true. Heartbeats are sent all the same.
    pub heartbeat: Spanned<bool>,
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
    /// `reservation_conflict_action`: what a router does that finds the shared disk reserved.
    pub reservation_conflict_action: Option<Spanned<ReservationConflict>>,
    /// `debug_level`: a word as the file has it, default `NONE`.
    pub debug_level: Spanned<String>,
    /// `monitor_links`: not 0, and a lost link costs the active role. Default 0.
    pub monitor_links: Spanned<i64>,
    /// `hard_shutdown`: whether a monitor's death stops everything, default true.
    pub hard_shutdown: Spanned<bool>,
    /// `ipvsadm`: passed on to external monitors, default `/sbin/ipvsadm`.
    pub ipvsadm: Spanned<String>,
    /// `syncdaemon`: whether the kernel's connection-sync daemon runs, default false.
    pub syncdaemon: Spanned<bool>,
    /// `syncd_iface`: the interface of its multicasts, default `eth0`.
    pub syncd_iface: Spanned<String>,
    /// `syncd_id`: its sync id, default 0.
    pub syncd_id: Spanned<u8>,
    /// `tcp_timeout`: IPVS timeout of established TCP connections in seconds, 0 to 2147483.
    /// Default 0: the kernel's.
    pub tcp_timeout: Spanned<u32>,
    /// `tcpfin_timeout`: the same of TCP connections that are being closed.
    pub tcpfin_timeout: Spanned<u32>,
    /// `udp_timeout`: the same of UDP.
    pub udp_timeout: Spanned<u32>,
    /// `active_cmd`: run on becoming active; split on blanks, no shell.
    pub active_cmd: Option<Spanned<String>>,
    /// `inactive_cmd`: run on becoming inactive; split on blanks, no shell.
    pub inactive_cmd: Option<Spanned<String>>,
    /// `sync`: read and without effect, default false.
    pub sync: Spanned<bool>,
    /// The `virtual` blocks in file order, inactive ones included.
    pub virtual_servers: Vec<VirtualServer>,
    /// The `failover` blocks in file order, inactive ones included. They have the directives of
    /// virtual servers; see [`VirtualServer`] for which ones count.
    pub failover_services: Vec<VirtualServer>,
}

impl Config {
    /// What a file means that gives the address of the primary router and nothing else.
    pub fn new(primary: IpAddr) -> Self {
        Self {
            serial_no: Spanned::default_value(0),
            service: Spanned::default_value(ServiceKind::Lvs),
            primary: Spanned::default_value(primary),
            backup: None,
            backup_active: Spanned::default_value(false),
            primary_private: None,
            backup_private: None,
            primary_shared: None,
            backup_shared: None,
            heartbeat: Spanned::default_value(true),
            heartbeat_port: Spanned::default_value(539),
            keepalive: Spanned::default_value(Duration::from_secs(2)),
            deadtime: Spanned::default_value(Duration::from_secs(5)),
            rsh_command: Spanned::default_value("rsh".to_owned()),
            network: Spanned::default_value(Network::Nat),
            nat_router: None,
            reservation_conflict_action: None,
            debug_level: Spanned::default_value("NONE".to_owned()),
            monitor_links: Spanned::default_value(0),
            hard_shutdown: Spanned::default_value(true),
            ipvsadm: Spanned::default_value("/sbin/ipvsadm".to_owned()),
            syncdaemon: Spanned::default_value(false),
            syncd_iface: Spanned::default_value("eth0".to_owned()),
            syncd_id: Spanned::default_value(0),
            tcp_timeout: Spanned::default_value(0),
            tcpfin_timeout: Spanned::default_value(0),
            udp_timeout: Spanned::default_value(0),
            active_cmd: None,
            inactive_cmd: None,
            sync: Spanned::default_value(false),
            virtual_servers: Vec::new(),
            failover_services: Vec::new(),
        }
    }

    /// The virtual servers that are to run.
    pub fn active_virtual_servers(&self) -> impl Iterator<Item = &VirtualServer> {
        self.virtual_servers.iter().filter(|v| *v.active)
    }

    /// The failover services that are to run.
    pub fn active_failover_services(&self) -> impl Iterator<Item = &VirtualServer> {
        self.failover_services.iter().filter(|f| *f.active)
    }

    /// The blocks of both kinds.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &VirtualServer> {
        self.virtual_servers.iter().chain(&self.failover_services)
    }
}
