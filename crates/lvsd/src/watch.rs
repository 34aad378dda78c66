//! Sees to it that the services stay in the table while lvsd runs: `ipvsadm -C`, or a second lvsd that
//! somebody started by hand and ended, takes them out.
//!
//! Only what is missing is put back. What somebody changed in a service is left as it is, and real
//! servers are the monitors' affair.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use daemon::exit;
use daemon::rate::RateLimit;
use ipvs_netlink::{Change, Client, Error, Service, ServiceKey, Table};

use crate::log::Message;
use crate::wanted::WantedService;

/// How often the table is looked at.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// What has to be in the table.
pub(crate) struct Watch {
    /// With the names of their blocks.
    services: Vec<(String, Service)>,
    failures: RateLimit,
}

impl Watch {
    /// Watches `services` as `table` has them.
    pub(crate) fn new(services: &[WantedService], table: &Table) -> Self {
        let with_name = |wanted: &WantedService| {
            let service = table.service(&wanted.key)?;
            Some((wanted.name.clone(), service.clone()))
        };
        Self {
            services: services.iter().filter_map(with_name).collect(),
            failures: RateLimit::new(1, Duration::from_secs(60)),
        }
    }

    /// Puts back what is missing, and says so.
    pub(crate) fn put_back(&mut self, client: &mut Client) {
        let present = match client.services() {
            Ok(entries) => entries.into_iter().map(|entry| entry.service.key).collect(),
            Err(error) => return self.failed(&error),
        };
        let (names, changes) = self.missing(&present);
        for (name, result) in names.iter().zip(client.batch(&changes)) {
            match result {
                Ok(()) => Message::ServicePutBack { name }.log(),
                // Somebody was quicker.
                Err(Error::AlreadyExists { .. }) => {}
                Err(error) => self.failed(&error),
            }
        }
    }

    /// The names of the services that are not among `present`, and the changes that add them.
    fn missing(&self, present: &HashSet<ServiceKey>) -> (Vec<String>, Vec<Change>) {
        self.services
            .iter()
            .filter(|(_, service)| !present.contains(&service.key))
            .map(|(name, service)| (name.clone(), Change::AddService(service.clone())))
            .unzip()
    }

    /// It is tried again, so that not every failure is worth a line.
    fn failed(&mut self, error: &Error) {
        if self.failures.allow(Instant::now()).is_some() {
            Message::Table {
                error: &exit::chain(error),
            }
            .log();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{config, server, service};
    use crate::wanted::wanted;

    #[test]
    fn what_is_missing_is_put_back_as_the_file_has_it() {
        let blocks = ["1.2.3.4", "1.2.3.5"]
            .map(|address| service("vs", address, vec![server("rs", "10.0.0.1")]));
        let wanted = wanted(&config(blocks.into()), &Table::new(), false);
        let watch = Watch::new(&wanted.services, &wanted.table);
        let keys: Vec<ServiceKey> = wanted.services.iter().map(|s| s.key).collect();
        let missing = |present: &[ServiceKey]| watch.missing(&present.iter().copied().collect()).1;
        let add = |key| Change::AddService(wanted.table.service(key).expect("wanted").clone());

        assert_eq!(missing(&keys), []);
        assert_eq!(missing(&keys[..1]), [add(&keys[1])]);
        assert_eq!(missing(&[]), [add(&keys[0]), add(&keys[1])]);
    }
}
