//! The tables that are made.

use ipvs_netlink::{Destination, Forwarding, Protocol, Service, ServiceKey, Table};

/// Size of a table.
pub(crate) struct World {
    /// What it is called in names of cases: its number of destinations.
    pub(crate) name: &'static str,
    services: u16,
    destinations_each: u16,
}

/// The two sizes.
pub(crate) const WORLDS: [World; 2] = [
    World {
        name: "10000",
        services: 1000,
        destinations_each: 10,
    },
    World {
        name: "36544",
        services: 571,
        destinations_each: 64,
    },
];

impl World {
    /// The table, with weights of 1 but for one in a hundred, which have `odd`.
    pub(crate) fn table(&self, odd: u32) -> Table {
        let mut table = Table::new();
        let mut number = 0_u32;
        for service in 0..self.services {
            let [high, low] = service.to_be_bytes();
            let key = ServiceKey::Address {
                protocol: Protocol::Tcp,
                address: [10, 99, high, low].into(),
                port: 80,
            };
            table.insert_service(Service::new(key, "wlc"));
            for _ in 0..self.destinations_each {
                number += 1;
                let [_, a, b, c] = number.to_be_bytes();
                let weight = if number.is_multiple_of(100) { odd } else { 1 };
                let address = [10, 100 + a, b, c].into();
                let destination = Destination::new(address, 80, Forwarding::Masquerade, weight);
                table.insert_destination(&key, destination);
            }
        }
        table
    }
}
