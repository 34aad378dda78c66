//! Configurations for tests, built without a file.

use std::net::IpAddr;

use lvs_cf::{Config, Floating, RealServer, Spanned, VirtualServer};

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
        virtual_servers,
        ..Config::new(ip("192.0.2.1"))
    }
}

/// An active virtual server on port 80 with the defaults of the language.
pub(crate) fn service(name: &str, address: &str, servers: Vec<RealServer>) -> VirtualServer {
    let address = Floating {
        address: ip(address),
        device: None,
        prefix: None,
    };
    VirtualServer {
        active: given(true),
        servers,
        ..VirtualServer::new(given(name.to_owned()), given(address))
    }
}

/// An active real server with weight 1 on its virtual server's port.
pub(crate) fn server(name: &str, address: &str) -> RealServer {
    RealServer {
        active: given(true),
        ..RealServer::new(given(name.into()), given(ip(address)))
    }
}
