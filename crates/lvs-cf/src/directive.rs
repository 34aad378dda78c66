//! Every directive there is, and how far this version goes with it.
//!
//! What a later version learns moves from `Later` or `Only` to `Works`; nothing else knows the
//! difference.

/// Where a directive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Outside all blocks.
    Global,
    /// In a `virtual` block.
    Virtual,
    /// In a `server` block.
    Server,
}

impl Scope {
    const ALL: [Scope; 3] = [Scope::Global, Scope::Virtual, Scope::Server];

    /// How messages call the place.
    pub(crate) fn place(self) -> &'static str {
        match self {
            Scope::Global => "outside the blocks",
            Scope::Virtual => "in a virtual block",
            Scope::Server => "in a server block",
        }
    }
}

/// The blocks, as far as nesting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// `virtual`, `failover`: in no other block.
    Outer,
    /// `server`: in an outer block, not in another `server`.
    Server,
    /// Anything else with a brace.
    Other,
}

impl Block {
    /// The block that `keyword` opens.
    pub(crate) fn opened_by(keyword: &str) -> Self {
        match keyword {
            "virtual" | "failover" => Block::Outer,
            "server" => Block::Server,
            _ => Block::Other,
        }
    }
}

/// A directive that this version carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directive {
    SerialNo,
    Primary,
    PrimaryPrivate,
    Backup,
    BackupActive,
    BackupPrivate,
    Heartbeat,
    HeartbeatPort,
    Keepalive,
    Deadtime,
    RshCommand,
    Network,
    NatRouter,
    NatNmask,
    HardShutdown,
    Ipvsadm,
    Active,
    Address,
    VipNmask,
    Port,
    Protocol,
    Scheduler,
    Persistent,
    Pmask,
    Timeout,
    Reentry,
    Interval,
    LoadMonitor,
    ClientMonitor,
    Weight,
}

/// How far this version goes with a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// All the way.
    Works(Directive),
    /// This one value, which asks for nothing. Behind it all the values there are, if few.
    Only(&'static str, &'static [&'static str]),
    /// Read and without effect, for this reason.
    Idle(&'static str),
    /// Not at all yet.
    Later,
}

use Directive as D;
use Support::{Idle, Later, Only, Works};

type Row = (&'static str, Support);

const GLOBAL: &[Row] = &[
    ("serial_no", Works(D::SerialNo)),
    ("service", Only("lvs", &["lvs", "fos"])),
    ("primary", Works(D::Primary)),
    ("primary_private", Works(D::PrimaryPrivate)),
    ("primary_shared", Later),
    ("backup", Works(D::Backup)),
    ("backup_active", Works(D::BackupActive)),
    ("backup_private", Works(D::BackupPrivate)),
    ("backup_shared", Later),
    ("heartbeat", Works(D::Heartbeat)),
    ("heartbeat_port", Works(D::HeartbeatPort)),
    ("keepalive", Works(D::Keepalive)),
    ("deadtime", Works(D::Deadtime)),
    ("rsh_command", Works(D::RshCommand)),
    ("network", Works(D::Network)),
    ("nat_router", Works(D::NatRouter)),
    ("nat_nmask", Works(D::NatNmask)),
    ("reservation_conflict_action", Later),
    ("debug_level", Only("NONE", &[])),
    ("monitor_links", Only("0", &[])),
    ("hard_shutdown", Works(D::HardShutdown)),
    ("ipvsadm", Works(D::Ipvsadm)),
    ("syncdaemon", Only("0", &[])),
    ("syncd_iface", Idle("the connection-sync daemon is off")),
    ("syncd_id", Idle("the connection-sync daemon is off")),
    ("tcp_timeout", Only("0", &[])),
    ("tcpfin_timeout", Only("0", &[])),
    ("udp_timeout", Only("0", &[])),
    ("active_cmd", Later),
    ("inactive_cmd", Later),
    ("sync", Only("0", &[])),
];

const VIRTUAL: &[Row] = &[
    ("active", Works(D::Active)),
    ("address", Works(D::Address)),
    ("vip_nmask", Works(D::VipNmask)),
    ("port", Works(D::Port)),
    ("protocol", Works(D::Protocol)),
    ("fwmark", Only("0", &[])),
    ("scheduler", Works(D::Scheduler)),
    ("persistent", Works(D::Persistent)),
    ("pmask", Works(D::Pmask)),
    ("timeout", Works(D::Timeout)),
    ("reentry", Works(D::Reentry)),
    ("interval", Works(D::Interval)),
    ("load_monitor", Works(D::LoadMonitor)),
    ("send", Later),
    ("expect", Later),
    ("use_regex", Only("0", &[])),
    ("send_program", Later),
    ("quiesce_server", Only("0", &[])),
    ("sorry_server", Later),
    ("client_monitor", Works(D::ClientMonitor)),
    ("start_cmd", Later),
    ("stop_cmd", Later),
    ("master", Later),
    ("dirs", Later),
];

const SERVER: &[Row] = &[
    ("address", Works(D::Address)),
    ("active", Works(D::Active)),
    ("port", Works(D::Port)),
    ("weight", Works(D::Weight)),
];

fn rows(scope: Scope) -> &'static [Row] {
    match scope {
        Scope::Global => GLOBAL,
        Scope::Virtual => VIRTUAL,
        Scope::Server => SERVER,
    }
}

/// What `name` is in `scope`.
pub(crate) fn find(scope: Scope, name: &str) -> Option<Support> {
    rows(scope)
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, support)| *support)
}

/// Another place where `name` stands.
pub(crate) fn find_elsewhere(name: &str) -> Option<Scope> {
    Scope::ALL
        .into_iter()
        .find(|scope| find(*scope, name).is_some())
}

/// The names that stand in `scope`.
pub(crate) fn names(scope: Scope) -> Vec<&'static str> {
    rows(scope).iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_page_has_every_directive() {
        let page = include_str!("../../../man/lvs.cf.5");
        for scope in Scope::ALL {
            for (name, _) in rows(scope) {
                let item = page.lines().any(|line| {
                    line == format!(".It Ic {name}") || line.starts_with(&format!(".It Ic {name} "))
                });
                assert!(item, "no item for {name}");
            }
        }
    }

    #[test]
    fn names_are_unique_in_their_scope() {
        for scope in Scope::ALL {
            let mut names = names(scope);
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        }
    }
}
