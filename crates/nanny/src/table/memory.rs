//! A fake of the kernel's table in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use ipvs_netlink::Attempt;

use super::*;
use crate::check::dialogue::Dialogue;
use crate::check::probe::Probe;
use crate::settings::{Kind, Mode};

/// A table with one service, or none.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) has_service: bool,
    pub(crate) destinations: BTreeMap<DestinationKey, Destination>,
    /// Whether every change fails.
    pub(crate) is_broken: bool,
    /// Number of requested changes.
    pub(crate) requests: u32,
}

impl Memory {
    /// A table with the service and no destination.
    pub(crate) fn with_service() -> Self {
        Self {
            has_service: true,
            ..Self::default()
        }
    }

    /// A table with the service and the server of [`settings`].
    pub(crate) fn with_destination(weight: u32) -> Self {
        let mut table = Table::with(Self::with_service(), &settings(Method::Masquerade));
        table.add(weight).expect("added");
        table.kernel
    }

    /// The destination, if there is one.
    pub(crate) fn only_destination(&self) -> Option<&Destination> {
        assert!(self.destinations.len() <= 1);
        self.destinations.values().next()
    }

    fn refuse(&mut self, present: bool, wanted: bool, attempt: Attempt) -> Result<(), Error> {
        self.requests += 1;
        if self.is_broken {
            return Err(Error::Permission { attempt });
        }
        match (self.has_service, present, wanted) {
            (false, _, _) => Err(Error::NoSuchService { attempt }),
            (true, true, false) => Err(Error::AlreadyExists { attempt }),
            (true, false, true) => Err(Error::NoSuchDestination { attempt }),
            (true, _, _) => Ok(()),
        }
    }
}

impl Kernel for Memory {
    fn find(&mut self, _: &ServiceKey, key: &DestinationKey) -> Result<Option<Destination>, Error> {
        Ok(self.destinations.get(key).cloned())
    }
    fn add(&mut self, service: &ServiceKey, destination: &Destination) -> Result<(), Error> {
        let key = destination.key;
        let present = self.destinations.contains_key(&key);
        self.refuse(present, false, Attempt::AddDestination(*service, key))?;
        self.destinations.insert(key, destination.clone());
        Ok(())
    }
    fn edit(&mut self, service: &ServiceKey, destination: &Destination) -> Result<(), Error> {
        let key = destination.key;
        let present = self.destinations.contains_key(&key);
        self.refuse(present, true, Attempt::EditDestination(*service, key))?;
        self.destinations.insert(key, destination.clone());
        Ok(())
    }
    fn delete(&mut self, service: &ServiceKey, key: &DestinationKey) -> Result<(), Error> {
        let present = self.destinations.contains_key(key);
        self.refuse(present, true, Attempt::DeleteDestination(*service, *key))?;
        self.destinations.remove(key);
        Ok(())
    }
}

/// Settings for 1.2.3.1:80 on 10.0.0.2:8080, weight 100.
pub(crate) fn settings(method: Method) -> Settings {
    Settings {
        probe: Probe::Tcp(Dialogue::default()),
        kind: Kind::RealServer,
        service: "1.2.3.1:80".parse().expect("an address"),
        udp: false,
        mark: None,
        server: "10.0.0.2:8080".parse().expect("an address"),
        name: None,
        method,
        timeout: Duration::from_secs(10),
        interval: Duration::from_secs(2),
        reentry: Duration::from_secs(180),
        weight: 100,
        scale: 10,
        quiesce: false,
        load_data: None,
        report_only: false,
        mode: Mode::Foreground,
        verbose: false,
    }
}
