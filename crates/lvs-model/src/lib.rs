//! `lvs.cf` in the kernel's terms: the one place that maps a configuration to IPVS identities.
//!
//! pulse and lvsd both need them: lvsd to bring the table to the configuration, pulse to remove what
//! a dead lvsd left. The two libraries that meet here do not depend on each other.

use ipvs_netlink::{Destination, Family, Forwarding, Netmask, Protocol, Service, ServiceKey};
use lvs_cf::{Config, Network, RealServer, VirtualServer, ipv4_netmask};

/// Returns what the kernel knows a virtual server by: its firewall mark if it has one, else
/// protocol, address and port.
pub fn service_key(block: &VirtualServer) -> ServiceKey {
    let address = block.address.address;
    match *block.fwmark {
        0 => ServiceKey::Address {
            protocol: match *block.protocol {
                lvs_cf::Protocol::Tcp => Protocol::Tcp,
                lvs_cf::Protocol::Udp => Protocol::Udp,
                lvs_cf::Protocol::Sctp => Protocol::Sctp,
            },
            address,
            port: *block.port,
        },
        mark => ServiceKey::Fwmark {
            family: Family::of(address),
            mark,
        },
    }
}

/// Returns the keys of all active virtual servers, sorted, each once.
pub fn active_service_keys(config: &Config) -> Vec<ServiceKey> {
    let mut keys: Vec<_> = config.active_virtual_servers().map(service_key).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// Returns the kernel's service for a virtual server, with scheduler and persistence.
pub fn service(block: &VirtualServer) -> Service {
    let mut service = Service::new(service_key(block), block.scheduler.name());
    service.persistence = *block.persistent;
    // Without persistence the mask means nothing, and the table keeps the default.
    if *block.persistent > 0 {
        service.netmask = match service.netmask {
            Netmask::V4(_) => Netmask::V4(ipv4_netmask(*block.pmask)),
            Netmask::V6(_) => Netmask::V6(*block.pmask),
        };
    }
    service
}

/// Returns the kernel's destination for a real server of a virtual server, with its full weight.
pub fn destination(config: &Config, block: &VirtualServer, server: &RealServer) -> Destination {
    let forwarding = match *config.network {
        Network::Nat => Forwarding::Masquerade,
        Network::Direct => Forwarding::Direct,
        Network::Tunnel => Forwarding::Tunnel,
    };
    let port = block.port_of(server);
    let mut destination = Destination::new(*server.address, port, forwarding, *server.weight);
    destination.normalize(&service_key(block));
    destination
}

#[cfg(test)]
mod tests {
    use super::*;
    use lvs_cf::{Floating, Spanned};

    fn block(fwmark: u32) -> VirtualServer {
        let address = Floating {
            address: "1.2.3.1".parse().expect("an address"),
            device: None,
            prefix: None,
        };
        VirtualServer {
            active: Spanned::default_value(true),
            fwmark: Spanned::default_value(fwmark),
            ..VirtualServer::new(
                Spanned::default_value("web".to_owned()),
                Spanned::default_value(address),
            )
        }
    }

    #[test]
    fn firewall_mark_replaces_address_in_key() {
        let address = ServiceKey::Address {
            protocol: Protocol::Tcp,
            address: "1.2.3.1".parse().expect("an address"),
            port: 80,
        };
        assert_eq!(service_key(&block(0)), address);
        assert_eq!(
            service_key(&block(7)),
            ServiceKey::Fwmark {
                family: Family::V4,
                mark: 7
            }
        );
    }

    #[test]
    fn active_keys_are_sorted_and_distinct() {
        let inactive = VirtualServer {
            active: Spanned::default_value(false),
            ..block(9)
        };
        let config = Config {
            virtual_servers: vec![block(7), inactive, block(0), block(7)],
            ..Config::new("192.0.2.1".parse().expect("an address"))
        };
        let mut expected = vec![service_key(&block(0)), service_key(&block(7))];
        expected.sort();
        assert_eq!(active_service_keys(&config), expected);
    }

    #[test]
    fn mask_counts_only_with_persistence() {
        let plain = service(&block(0));
        let masked = VirtualServer {
            pmask: Spanned::default_value(24),
            ..block(0)
        };
        assert_eq!(service(&masked).netmask, plain.netmask);
        let persistent = VirtualServer {
            persistent: Spanned::default_value(300),
            ..masked
        };
        assert_eq!(
            service(&persistent).netmask,
            Netmask::V4([255, 255, 255, 0].into())
        );
    }
}
