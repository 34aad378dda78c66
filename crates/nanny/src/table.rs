//! The server's place in the kernel's IPVS table. All use of `ipvs-netlink` is here.

use ipvs_netlink::{
    Client, Destination, DestinationKey, Error, Family, Forwarding, Protocol, ServiceKey,
};

use crate::settings::{Method, Settings};

/// What is asked of the kernel; the tests have one of their own.
pub(crate) trait Kernel {
    /// A destination, if there is such a service and it has it.
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

/// The server's place in the table, taken or not.
pub(crate) struct Table<K = Client> {
    kernel: K,
    service: ServiceKey,
    destination: Destination,
}

impl Table {
    /// Opens the kernel's table, and asks it something, to find out whether it may be used.
    pub(crate) fn open(settings: &Settings) -> Result<Self, Error> {
        let mut client = Client::open()?;
        client.info()?;
        Ok(Self::with(client, settings))
    }
}

/// Whether an error means that the virtual service is not there.
pub(crate) fn is_no_service(error: &Error) -> bool {
    matches!(error, Error::NoSuchService { .. })
}

/// What the kernel knows the virtual service by.
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
    /// The place of the server of `settings`, in `kernel`'s table.
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
        // With direct and tunnel the kernel delivers to the virtual port, whatever it is told.
        destination.normalize(&service);
        Self {
            kernel,
            service,
            destination,
        }
    }

    /// The weight the server has in the table, if it is there.
    ///
    /// A server that is there with another forwarding method gets the right one; thresholds that
    /// it has are kept from now on.
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

    /// Adds the server. `Some(weight)`: it is there already, with that weight, and was left so.
    pub(crate) fn add(&mut self, weight: u32) -> Result<Option<u32>, Error> {
        self.destination.weight = weight;
        match self.kernel.add(&self.service, &self.destination) {
            Ok(()) => Ok(None),
            Err(error @ Error::AlreadyExists { .. }) => match self.find()? {
                Some(weight) => Ok(Some(weight)),
                // Gone again: the next check tries anew.
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Adds the server if somebody took it out. One that is there is left as it is.
    pub(crate) fn put_back(&mut self, weight: u32) -> Result<(), Error> {
        self.destination.weight = weight;
        match self.kernel.add(&self.service, &self.destination) {
            Err(Error::AlreadyExists { .. }) => Ok(()),
            result => result,
        }
    }

    /// Sets the weight of the server; one that somebody took out comes back.
    pub(crate) fn set(&mut self, weight: u32) -> Result<(), Error> {
        self.destination.weight = weight;
        match self.kernel.edit(&self.service, &self.destination) {
            Err(Error::NoSuchDestination { .. }) => {
                self.kernel.add(&self.service, &self.destination)
            }
            result => result,
        }
    }

    /// Gives the server no new connections, and leaves it those it has. Whether it is there.
    pub(crate) fn quiesce(&mut self) -> Result<bool, Error> {
        self.destination.weight = 0;
        match self.kernel.edit(&self.service, &self.destination) {
            Ok(()) => Ok(true),
            Err(Error::NoSuchDestination { .. } | Error::NoSuchService { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes the server out. One that is gone already, with its service or alone, is out.
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
