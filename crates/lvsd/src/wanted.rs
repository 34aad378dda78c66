//! What a configuration asks for: the table as it should be, and the monitors that fill it.
//!
//! Pure. Services are brought to what the file says. Destinations that an active real server names
//! stay as they are, with their weight; the others go. None is added: the monitors add those that
//! pass.

use std::collections::HashMap;

use ipvs_netlink::{Destination, DestinationKey, ServiceKey, Table, Timeouts};
use lvs_cf::{Config, RealServer, VirtualServer};
use lvs_model::{destination, service};

use crate::monitor_argv::{CommandLine, command_line};

/// What a configuration asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The timeouts of connections, where the file sets one. 0 leaves one as it is.
    pub timeouts: Option<Timeouts>,
    /// The table to begin with.
    pub table: Table,
    /// The services to run, in file order.
    pub services: Vec<WantedService>,
    /// The monitors to run, in file order.
    pub monitors: Vec<WantedMonitor>,
    /// What is active in the file and not run.
    pub left_aside: Vec<LeftAside>,
}

/// A virtual service to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedService {
    /// The name of its block.
    pub name: String,
    /// Its name in the kernel.
    pub key: ServiceKey,
    /// The virtual port.
    pub port: u16,
}

/// A monitor to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedMonitor {
    /// `VS/RS`, for the log.
    pub label: String,
    /// Which of [`Wanted::services`] its real server belongs to.
    pub service: usize,
    /// Its real server's name in the kernel.
    pub destination: DestinationKey,
    /// Whether its real server is in the table already, and gets connections.
    pub adopted: bool,
    /// What stays in the table while its real server is out: nothing, or with `quiesce_server` a
    /// destination with weight 0.
    pub quiesced: Option<Destination>,
    /// How it is started.
    pub command_line: CommandLine,
}

/// Something that cannot run beside something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftAside {
    /// A service with the address, port and protocol, or the firewall mark, of an earlier one.
    Service {
        /// The later block's name.
        name: String,
        /// The earlier block's name.
        first: String,
    },
    /// A real server that is the same destination as an earlier one of its service.
    RealServer {
        /// `VS/RS` of the later one.
        label: String,
        /// `VS/RS` of the earlier one.
        first: String,
    },
}

/// What `config` asks for, given the kernel's `present` table. With `verbose` the monitors are to
/// be so too.
pub fn wanted(config: &Config, present: &Table, verbose: bool) -> Wanted {
    let mut wanted = Wanted {
        timeouts: timeouts(config),
        table: Table::new(),
        services: Vec::new(),
        monitors: Vec::new(),
        left_aside: Vec::new(),
    };
    let mut by_key: HashMap<ServiceKey, &str> = HashMap::new();
    for block in config.active_virtual_servers() {
        let service = service(block);
        let key = service.key;
        if let Some(first) = by_key.get(&key) {
            wanted.left_aside.push(LeftAside::Service {
                name: block.name.to_string(),
                first: (*first).to_owned(),
            });
            continue;
        }
        by_key.insert(key, &block.name);
        wanted.table.insert_service(service);
        wanted.services.push(WantedService {
            name: block.name.to_string(),
            key,
            port: *block.port,
        });
        wanted.add_pool(config, present, block, key, verbose);
    }
    wanted
}

impl Wanted {
    /// Adds the real servers of the service that was added last.
    fn add_pool(
        &mut self,
        config: &Config,
        present: &Table,
        block: &VirtualServer,
        key: ServiceKey,
        verbose: bool,
    ) {
        let mut by_destination: HashMap<DestinationKey, &RealServer> = HashMap::new();
        for server in block.active_servers() {
            let label = |server: &RealServer| format!("{}/{}", *block.name, *server.name);
            let asked = destination(config, block, server);
            if let Some(first) = by_destination.get(&asked.key) {
                self.left_aside.push(LeftAside::RealServer {
                    label: label(server),
                    first: label(first),
                });
                continue;
            }
            by_destination.insert(asked.key, server);
            let found = present.destination(&key, &asked.key);
            if let Some(found) = found {
                let kept = Destination {
                    forwarding: asked.forwarding,
                    ..found.clone()
                };
                self.table.insert_destination(&key, kept);
            }
            let quiesced = Destination {
                weight: 0,
                ..asked.clone()
            };
            self.monitors.push(WantedMonitor {
                label: label(server),
                service: self.services.len() - 1,
                destination: asked.key,
                adopted: found.is_some_and(|found| found.weight > 0),
                quiesced: block.quiesce_server.then_some(quiesced),
                command_line: command_line(config, block, server, verbose),
            });
        }
    }
}

/// The timeouts that the file sets.
fn timeouts(config: &Config) -> Option<Timeouts> {
    let timeouts = Timeouts {
        tcp: *config.tcp_timeout,
        tcp_fin: *config.tcpfin_timeout,
        udp: *config.udp_timeout,
    };
    (timeouts != Timeouts::default()).then_some(timeouts)
}

#[cfg(test)]
mod tests;
