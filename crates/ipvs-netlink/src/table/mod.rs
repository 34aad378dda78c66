//! A whole table as a value: what the kernel has, or what it should have.

mod change;
mod destinations;
mod diff;
mod ipvsadm;
mod print;
mod reading;

pub use change::{Change, Plan};
use destinations::Destinations;
pub(crate) use reading::Reading;

use std::collections::BTreeMap;

use crate::{Client, Destination, DestinationKey, Error, Service, ServiceKey};

/// Services and their destinations, in the order `ipvsadm -L` prints them.
///
/// [`Display`](std::fmt::Display) writes it as `ipvsadm -Sn` does, and leaves out the thresholds as
/// that does. The order is that of the keys, always; `ipvsadm` takes a 32-bit difference of
/// addresses or marks for their order, so those 2147483648 or more apart (10.0.0.1 and 192.168.0.1)
/// come the other way round there, and it prints marks from there on as negative numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    services: BTreeMap<ServiceKey, Row>,
}

/// One service of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    service: Service,
    destinations: Destinations,
}

impl Table {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the kernel's table.
    ///
    /// The services are listed again at the end; when they are not the same, all is read again, ten
    /// times at most. So the table is one that held at some time as far as services go; the
    /// destinations of each are those of a moment in between.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the table kept changing; those of [`Client::services`] and
    /// [`Client::destinations`].
    pub fn read(client: &mut Client) -> Result<Self, Error> {
        let mut reading = Reading::default();
        loop {
            if let Some(table) = reading.advance(client)? {
                return Ok(table);
            }
        }
    }

    /// Puts in a service, or changes it and leaves its destinations. Returns what it replaced.
    pub fn insert_service(&mut self, mut service: Service) -> Option<Service> {
        service.normalize();
        match self.services.get_mut(&service.key) {
            Some(row) => Some(std::mem::replace(&mut row.service, service)),
            None => {
                let row = Row {
                    service,
                    destinations: Destinations::default(),
                };
                self.services.insert(row.service.key, row);
                None
            }
        }
    }

    /// Puts in or replaces a destination, in the form the kernel should have it
    /// ([`Destination::normalize`]: with direct and tunnel forwarding the port is the service's).
    /// Returns whether there is such a service; without it nothing happens.
    pub fn insert_destination(
        &mut self,
        service: &ServiceKey,
        mut destination: Destination,
    ) -> bool {
        destination.normalize(service);
        self.insert_as_is(service, destination)
    }

    /// Puts in or replaces a destination as the kernel has it.
    fn insert_as_is(&mut self, service: &ServiceKey, mut destination: Destination) -> bool {
        destination.drop_unused_tunnel();
        let row = self.services.get_mut(service);
        row.map(|row| row.destinations.insert(destination))
            .is_some()
    }

    /// Puts in all destinations of a service as the kernel has them, in place of any.
    fn set_as_they_are(&mut self, service: &ServiceKey, destinations: Vec<Destination>) {
        if let Some(row) = self.services.get_mut(service) {
            row.destinations = destinations.into_iter().collect();
        }
    }

    /// Takes out a service and its destinations.
    pub fn remove_service(&mut self, key: &ServiceKey) -> Option<Service> {
        self.services.remove(key).map(|row| row.service)
    }

    /// Takes out a destination.
    pub fn remove_destination(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
    ) -> Option<Destination> {
        self.services.get_mut(service)?.destinations.remove(key)
    }

    /// The services, in order.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values().map(|row| &row.service)
    }

    /// A service.
    pub fn service(&self, key: &ServiceKey) -> Option<&Service> {
        self.services.get(key).map(|row| &row.service)
    }

    /// The destinations of a service, in order; none if there is no such service.
    pub fn destinations<'a>(
        &'a self,
        service: &ServiceKey,
    ) -> impl Iterator<Item = &'a Destination> + use<'a> {
        self.services
            .get(service)
            .into_iter()
            .flat_map(|row| row.destinations.iter())
    }

    /// A destination.
    pub fn destination(&self, service: &ServiceKey, key: &DestinationKey) -> Option<&Destination> {
        self.services.get(service)?.destinations.get(key)
    }

    /// Whether there is no service.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }
}
