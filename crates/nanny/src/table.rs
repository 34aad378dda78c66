//! The server's destination in the kernel's IPVS table. All use of `ipvs-netlink` is here.

use ipvs_netlink::{
    Client, Destination, DestinationKey, Error, Family, Forwarding, Protocol, ServiceKey,
};

use crate::settings::{Method, Settings};

/// Operations on the table. The tests use a fake.
pub(crate) trait Kernel {
    /// Reads a destination; `None` without the service or the destination.
    fn find(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
    ) -> Result<Option<Destination>, Error>;
    /// Adds a destination.
    fn add(&mut self, service: &ServiceKey, destination: &Destination) -> Result<(), Error>;
    /// Changes a destination.
    fn edit(&mut self, service: &ServiceKey, destination: &Destination) -> Result<(), Error>;
    /// Deletes a destination.
    fn delete(&mut self, service: &ServiceKey, key: &DestinationKey) -> Result<(), Error>;
}

impl Kernel for Client {
    fn find(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
    ) -> Result<Option<Destination>, Error> {
        let found = self.destination(service, key)?;
        Ok(found.map(|entry| entry.destination))
    }
    fn add(&mut self, service: &ServiceKey, destination: &Destination) -> Result<(), Error> {
        self.add_destination(service, destination)
    }
    fn edit(&mut self, service: &ServiceKey, destination: &Destination) -> Result<(), Error> {
        self.edit_destination(service, destination)
    }
    fn delete(&mut self, service: &ServiceKey, key: &DestinationKey) -> Result<(), Error> {
        self.delete_destination(service, key)
    }
}

/// The destination of a server, which may be absent.
pub(crate) struct Table<K = Client> {
    kernel: K,
    service: ServiceKey,
    destination: Destination,
}

impl Table {
    /// Opens the kernel's table, and reads its version to check the permission.
    pub(crate) fn open(settings: &Settings) -> Result<Self, Error> {
        let mut client = Client::open()?;
        client.info()?;
        Ok(Self::with(client, settings))
    }
}

/// Whether the error means that the virtual service does not exist.
pub(crate) fn is_no_service(error: &Error) -> bool {
    matches!(error, Error::NoSuchService { .. })
}

/// The key of the virtual service in the table.
fn key(settings: &Settings) -> ServiceKey {
    let address = settings.service.ip();
    match settings.mark {
        Some(mark) => ServiceKey::Fwmark {
            family: Family::of(address),
            mark: mark.get(),
        },
        None => ServiceKey::Address {
            protocol: if settings.udp {
                Protocol::Udp
            } else {
                Protocol::Tcp
            },
            address,
            port: settings.service.port(),
        },
    }
}

impl<K: Kernel> Table<K> {
    /// Creates the destination of `settings` in the table of `kernel`.
    pub(crate) fn with(kernel: K, settings: &Settings) -> Self {
        let service = key(settings);
        let forwarding = match settings.method {
            Method::Masquerade => Forwarding::Masquerade,
            Method::Tunnel => Forwarding::Tunnel,
            Method::Direct => Forwarding::Direct,
        };
        let server = settings.server;
        let mut destination =
            Destination::new(server.ip(), server.port(), forwarding, settings.weight);
        // With direct routing and tunneling the kernel delivers to the virtual port, whatever port
        // it gets.
        destination.normalize(&service);
        Self {
            kernel,
            service,
            destination,
        }
    }

    /// Reads the destination and returns its weight, if it exists.
    ///
    /// Corrects a different forwarding method; adopts the thresholds.
    pub(crate) fn find(&mut self) -> Result<Option<u32>, Error> {
        let key = self.destination.key;
        let Some(found) = self.kernel.find(&self.service, &key)? else {
            return Ok(None);
        };
        self.destination.upper_threshold = found.upper_threshold;
        self.destination.lower_threshold = found.lower_threshold;
        if found.forwarding != self.destination.forwarding {
            self.set(found.weight)?;
        }
        Ok(Some(found.weight))
    }

    /// Adds the destination. Returns `Some(weight)` if it exists already, with that weight, and
    /// leaves it unchanged.
    pub(crate) fn add(&mut self, weight: u32) -> Result<Option<u32>, Error> {
        self.destination.weight = weight;
        match self.kernel.add(&self.service, &self.destination) {
            Ok(()) => Ok(None),
            Err(error @ Error::AlreadyExists { .. }) => match self.find()? {
                Some(weight) => Ok(Some(weight)),
                // Deleted in between: the next check retries.
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Adds the destination if another process deleted it. Leaves an existing one unchanged.
    pub(crate) fn restore(&mut self, weight: u32) -> Result<(), Error> {
        self.destination.weight = weight;
        match self.kernel.add(&self.service, &self.destination) {
            Err(Error::AlreadyExists { .. }) => Ok(()),
            result => result,
        }
    }

    /// Sets the weight; adds the destination again if another process deleted it.
    pub(crate) fn set(&mut self, weight: u32) -> Result<(), Error> {
        self.destination.weight = weight;
        match self.kernel.edit(&self.service, &self.destination) {
            Err(Error::NoSuchDestination { .. }) => {
                self.kernel.add(&self.service, &self.destination)
            }
            result => result,
        }
    }

    /// Quiesces the server: no new connections, established ones continue. Returns whether the
    /// destination exists.
    pub(crate) fn quiesce(&mut self) -> Result<bool, Error> {
        self.destination.weight = 0;
        match self.kernel.edit(&self.service, &self.destination) {
            Ok(()) => Ok(true),
            Err(Error::NoSuchDestination { .. } | Error::NoSuchService { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes the destination. Succeeds if it, or its service, is absent.
    pub(crate) fn remove(&mut self) -> Result<(), Error> {
        match self.kernel.delete(&self.service, &self.destination.key) {
            Err(Error::NoSuchDestination { .. } | Error::NoSuchService { .. }) => Ok(()),
            result => result,
        }
    }
}

#[cfg(test)]
impl<K> Table<K> {
    pub(crate) fn kernel(&self) -> &K {
        &self.kernel
    }

    pub(crate) fn kernel_mut(&mut self) -> &mut K {
        &mut self.kernel
    }
}

#[cfg(test)]
pub(crate) mod memory;
#[cfg(test)]
mod tests;
