//! Every directive there is, and where it stands.

use crate::words::{akin, nearest};

/// Where a directive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Outside all blocks.
    Global,
    /// In a `virtual` or a `failover` block.
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

/// The directives of one place: an enum, so that the code that reads them misses none.
pub(crate) trait Directive: Copy + Eq + 'static {
    /// The place.
    const SCOPE: Scope;
    /// Each directive's name.
    const TABLE: &'static [(&'static str, Self)];

    /// The directive called `name`.
    fn find(name: &str) -> Option<Self> {
        let row = Self::TABLE.iter().find(|(known, _)| *known == name);
        row.map(|(_, directive)| *directive)
    }

    /// A bit of its own.
    fn bit(self) -> u32;
}

macro_rules! directives {
    ($what:literal $type:ident in $scope:ident: $($variant:ident $name:literal,)*) => {
        #[doc = $what]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $type {
            $($variant,)*
        }

        impl Directive for $type {
            const SCOPE: Scope = Scope::$scope;
            const TABLE: &'static [(&'static str, Self)] = &[$(($name, $type::$variant),)*];

            fn bit(self) -> u32 {
                1 << (self as u32)
            }
        }
    };
}

directives! {
    "A directive that stands outside the blocks."
    Global in Global:
    SerialNo "serial_no",
    Service "service",
    Primary "primary",
    PrimaryPrivate "primary_private",
    PrimaryShared "primary_shared",
    Backup "backup",
    BackupActive "backup_active",
    BackupPrivate "backup_private",
    BackupShared "backup_shared",
    Heartbeat "heartbeat",
    HeartbeatPort "heartbeat_port",
    Keepalive "keepalive",
    Deadtime "deadtime",
    RshCommand "rsh_command",
    Network "network",
    NatRouter "nat_router",
    NatNmask "nat_nmask",
    ReservationConflictAction "reservation_conflict_action",
    DebugLevel "debug_level",
    MonitorLinks "monitor_links",
    HardShutdown "hard_shutdown",
    Ipvsadm "ipvsadm",
    Syncdaemon "syncdaemon",
    SyncdIface "syncd_iface",
    SyncdId "syncd_id",
    TcpTimeout "tcp_timeout",
    TcpfinTimeout "tcpfin_timeout",
    UdpTimeout "udp_timeout",
    ActiveCmd "active_cmd",
    InactiveCmd "inactive_cmd",
    Sync "sync",
}

directives! {
    "A directive that stands in a `virtual` or `failover` block."
    Virtual in Virtual:
    Active "active",
    Address "address",
    VipNmask "vip_nmask",
    Port "port",
    Protocol "protocol",
    Fwmark "fwmark",
    Scheduler "scheduler",
    Persistent "persistent",
    Pmask "pmask",
    Timeout "timeout",
    Reentry "reentry",
    Interval "interval",
    LoadMonitor "load_monitor",
    Send "send",
    Expect "expect",
    UseRegex "use_regex",
    SendProgram "send_program",
    QuiesceServer "quiesce_server",
    SorryServer "sorry_server",
    ClientMonitor "client_monitor",
    StartCmd "start_cmd",
    StopCmd "stop_cmd",
    Master "master",
    Dirs "dirs",
}

directives! {
    "A directive that stands in a `server` block."
    Server in Server:
    Address "address",
    Active "active",
    Port "port",
    Weight "weight",
}

/// The names that stand in `scope`.
pub(crate) fn names(scope: Scope) -> Vec<&'static str> {
    fn of<D: Directive>() -> Vec<&'static str> {
        D::TABLE.iter().map(|(name, _)| *name).collect()
    }
    match scope {
        Scope::Global => of::<Global>(),
        Scope::Virtual => of::<Virtual>(),
        Scope::Server => of::<Server>(),
    }
}

/// A place where `name` stands.
pub(crate) fn place_of(name: &str) -> Option<Scope> {
    Scope::ALL
        .into_iter()
        .find(|scope| names(*scope).contains(&name))
}

/// The directive of `scope` that other programs and forms call `name`.
pub(crate) fn meant(scope: Scope, name: &str) -> Option<&'static str> {
    Some(match (scope, name) {
        (Scope::Global, "gateway" | "nat_gateway" | "nat_router_device") => "nat_router",
        (Scope::Global, "nat_netmask" | "netmask") => "nat_nmask",
        (Scope::Global, "master") => "primary",
        (Scope::Global, "slave" | "secondary" | "standby") => "backup",
        (Scope::Global, "heartbeat_interval" | "advert_int") => "keepalive",
        (Scope::Global, "lb_kind" | "lvs_method" | "forwarding" | "routing") => "network",
        (Scope::Virtual, "vip" | "ip" | "device" | "interface") => "address",
        (Scope::Virtual, "netmask" | "nmask" | "mask" | "nat_nmask") => "vip_nmask",
        (Scope::Virtual, "service" | "application") => "port",
        (Scope::Virtual, "lb_algo" | "lvs_sched" | "algorithm") => "scheduler",
        (Scope::Virtual, "persistence_timeout") => "persistent",
        (Scope::Virtual, "delay_loop" | "check_interval") => "interval",
        (Scope::Server, "ip" | "rip" | "host") => "address",
        _ => return None,
    })
}

/// The directive of `scope` that `name`, which is none of its own, is most likely meant to be.
pub(crate) fn guess(scope: Scope, name: &str) -> Option<&'static str> {
    let known = names(scope);
    meant(scope, name)
        .or_else(|| nearest(name, &known))
        .or_else(|| akin(name, &known))
}

/// Whether the value of the directive called `name` is a text, which may have blanks.
pub(crate) fn takes_text(name: &str) -> bool {
    matches!(
        name,
        "send"
            | "expect"
            | "send_program"
            | "start_cmd"
            | "stop_cmd"
            | "active_cmd"
            | "inactive_cmd"
            | "rsh_command"
            | "load_monitor"
            | "client_monitor"
            | "ipvsadm"
            | "primary_shared"
            | "backup_shared"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_page_has_every_directive() {
        let page = include_str!("../../../man/lvs.cf.5");
        for scope in Scope::ALL {
            for name in names(scope) {
                let item = page.lines().any(|line| {
                    line == format!(".It Ic {name}") || line.starts_with(&format!(".It Ic {name} "))
                });
                assert!(item, "no item for {name}");
            }
        }
    }

    #[test]
    fn what_is_meant_is_there_and_its_other_names_are_not() {
        for scope in Scope::ALL {
            for name in [
                "gateway", "vip", "ip", "netmask", "service", "master", "lb_algo",
            ] {
                if let Some(meant) = meant(scope, name) {
                    assert!(names(scope).contains(&meant), "{meant}");
                    assert!(!names(scope).contains(&name), "{name}");
                }
            }
        }
        assert_eq!(meant(Scope::Virtual, "service"), Some("port"));
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
