//! What pulse takes from the configuration and from the host it runs on: role, links, floating
//! addresses, timers. Pure.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use ipvs_netlink::ServiceKey;
use lvs_cf::{Config, Network};

use crate::error::Error;
use crate::fsm::{Role, Rules};

/// An address that this host carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAddress {
    /// The device, without an alias.
    pub interface: String,
    /// The address.
    pub address: IpAddr,
}

/// The two ends of a heartbeat link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// This router's address: heartbeats leave from it.
    pub own: Ipv4Addr,
    /// The partner's: heartbeats go to it and are taken from nowhere else.
    pub partner: Ipv4Addr,
}

/// A floating address and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floating {
    /// The address.
    pub address: Ipv4Addr,
    /// The device.
    pub interface: String,
    /// The alias, shown by `ifconfig`.
    pub label: Option<String>,
    /// The prefix length the file gives; `None`: that of the connected subnet.
    pub prefix: Option<u8>,
}

/// How long the kernel keeps a floating address that nobody renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The lifetime, in seconds.
    pub seconds: u32,
    /// Time between renewals.
    pub renewal: Duration,
}

impl Lease {
    /// The lease for a pair with these timers: `deadtime` rounded up to seconds and one more, at
    /// least 2 s, renewed every keepalive or every quarter of it, whichever is shorter.
    #[must_use]
    pub fn new(keepalive: Duration, deadtime: Duration) -> Self {
        let whole = deadtime
            .as_secs()
            .saturating_add(u64::from(deadtime.subsec_nanos() > 0));
        let seconds = u32::try_from(whole.saturating_add(1))
            .unwrap_or(u32::MAX - 1)
            .max(2);
        Self {
            seconds,
            renewal: keepalive.min(Duration::from_secs(seconds.into()) / 4),
        }
    }
}

/// Everything pulse works by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The rules of the state machine.
    pub rules: Rules,
    /// The UDP port of heartbeats.
    pub port: u16,
    /// The links to the partner; none without one.
    pub links: Vec<Link>,
    /// The floating addresses, the NAT router's first.
    pub floating: Vec<Floating>,
    /// The IPVS services of this file.
    pub services: Vec<ServiceKey>,
    /// The lease of the floating addresses; `None` without a partner: they are permanent.
    pub lease: Option<Lease>,
}

/// How often a lone router looks after its addresses, at most.
const LONE_RENEWAL: Duration = Duration::from_secs(2);

impl Settings {
    /// Time between two raisings of the floating addresses.
    #[must_use]
    pub fn renewal(&self) -> Duration {
        self.lease.map_or(LONE_RENEWAL, |lease| lease.renewal)
    }

    /// Takes the settings of this host from `config`, which was read from `file`.
    ///
    /// # Errors
    /// The start-up refusals that need no system call.
    pub fn new(config: &Config, own: &[OwnAddress], file: &Path) -> Result<Self, Error> {
        if config.active_virtual_servers().next().is_none() {
            return Err(Error::NoServices {
                file: file.to_owned(),
            });
        }
        let has_partner = config.backup.is_some() && *config.backup_active;
        let role = role(config, own)?;
        if let (Role::Backup, false, Some(backup)) = (role, has_partner, &config.backup) {
            return Err(Error::BackupInactive { backup: **backup });
        }
        let rules = Rules {
            role,
            has_partner,
            keepalive: *config.keepalive,
            deadtime: *config.deadtime,
        };
        Ok(Self {
            rules,
            port: *config.heartbeat_port,
            links: if has_partner {
                links(config, role)?
            } else {
                Vec::new()
            },
            floating: floating(config, role, own)?,
            services: lvs_model::active_service_keys(config),
            lease: has_partner.then(|| Lease::new(rules.keepalive, rules.deadtime)),
        })
    }
}

fn role(config: &Config, own: &[OwnAddress]) -> Result<Role, Error> {
    let carried = |address: IpAddr| own.iter().any(|own| own.address == address);
    let backup = config.backup.as_ref().map(|backup| **backup);
    if carried(*config.primary) {
        Ok(Role::Primary)
    } else if backup.is_some_and(carried) {
        Ok(Role::Backup)
    } else {
        Err(Error::NotARouter {
            primary: *config.primary,
            backup,
        })
    }
}

fn links(config: &Config, role: Role) -> Result<Vec<Link>, Error> {
    let public = config
        .backup
        .as_ref()
        .map(|backup| (*config.primary, **backup));
    let private = config
        .primary_private
        .as_ref()
        .zip(config.backup_private.as_ref())
        .map(|(primary, backup)| (**primary, **backup));
    let mut links = Vec::new();
    for (primary, backup) in [public, private].into_iter().flatten() {
        let (primary, backup) = (ipv4("primary", primary)?, ipv4("backup", backup)?);
        links.push(match role {
            Role::Primary => Link {
                own: primary,
                partner: backup,
            },
            Role::Backup => Link {
                own: backup,
                partner: primary,
            },
        });
    }
    Ok(links)
}

fn floating(config: &Config, role: Role, own: &[OwnAddress]) -> Result<Vec<Floating>, Error> {
    let public = match (role, &config.backup) {
        (Role::Backup, Some(backup)) => **backup,
        _ => *config.primary,
    };
    // The role says that this host carries it; without it there is no device to fall back on,
    // and the one that the file names must do.
    let default_interface = own
        .iter()
        .find(|own| own.address == public)
        .map(|own| own.interface.as_str())
        .unwrap_or_default();
    let nat_router = config
        .nat_router
        .as_ref()
        .filter(|_| *config.network == Network::Nat)
        .map(|floating| ("nat_router", &**floating));
    let vips = config
        .active_virtual_servers()
        .map(|server| ("address", &*server.address));
    let mut floating: Vec<Floating> = Vec::new();
    for (what, wanted) in nat_router.into_iter().chain(vips) {
        let address = ipv4(what, wanted.address)?;
        if floating.iter().any(|known| known.address == address) {
            continue;
        }
        let device = wanted.device.as_ref();
        floating.push(Floating {
            address,
            interface: device.map_or_else(
                || default_interface.to_owned(),
                |device| device.interface.clone(),
            ),
            label: device.and_then(|device| device.label.clone()),
            prefix: wanted.prefix.map(|prefix| *prefix),
        });
    }
    Ok(floating)
}

fn ipv4(what: &'static str, address: IpAddr) -> Result<Ipv4Addr, Error> {
    match address {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(_) => Err(Error::Ipv6 { what, address }),
    }
}

#[cfg(test)]
mod tests;
