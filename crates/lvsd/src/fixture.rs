//! Configurations for tests, built without a file.

use std::net::IpAddr;
use std::time::Duration;

use lvs_cf::{Config, Floating, Network, Protocol, RealServer, Scheduler, Spanned, VirtualServer};

fn given<T>(value: T) -> Spanned<T> {
    Spanned::default_value(value)
}

/// The address, which must be one.
pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A file with nothing but defaults.
pub(crate) fn config(virtual_servers: Vec<VirtualServer>) -> Config {
    Config {
        serial_no: given(0),
        primary: given(ip("192.0.2.1")),
        backup: None,
        backup_active: given(false),
        primary_private: None,
        backup_private: None,
        heartbeat_port: given(539),
        keepalive: given(Duration::from_secs(2)),
        deadtime: given(Duration::from_secs(5)),
        rsh_command: given("rsh".to_owned()),
        network: given(Network::Nat),
        nat_router: None,
        hard_shutdown: given(true),
        ipvsadm: given("/sbin/ipvsadm".to_owned()),
        virtual_servers,
    }
}

/// An active virtual server on port 80 with the defaults of the language.
pub(crate) fn service(name: &str, address: &str, servers: Vec<RealServer>) -> VirtualServer {
    VirtualServer {
        name: given(name.to_owned()),
        active: given(true),
        address: given(Floating {
            address: ip(address),
            device: None,
            prefix: None,
        }),
        port: given(80),
        protocol: given(Protocol::Tcp),
        scheduler: given(Scheduler::Wlc),
        persistent: given(0),
        pmask: given(32),
        timeout: given(Duration::from_secs(10)),
        reentry: given(Duration::from_secs(180)),
        interval: None,
        load_monitor: given("uptime".to_owned()),
        client_monitor: given("/usr/sbin/nanny".to_owned()),
        servers,
    }
}

/// An active real server with weight 1 on its virtual server's port.
pub(crate) fn server(name: &str, address: &str) -> RealServer {
    RealServer {
        name: given(name.into()),
        active: given(true),
        address: given(ip(address)),
        port: None,
        weight: given(1),
    }
}
