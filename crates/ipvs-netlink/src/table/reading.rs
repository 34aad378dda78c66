//! Reading a table, one list at a time.

use super::Table;
use crate::{Attempt, Client, Destination, Error, ServiceEntry, ServiceKey};

/// How often a table is read before giving up on one that keeps changing.
const TRIES: u32 = 10;

/// What a table is read from.
pub(crate) trait Lists {
    /// All services.
    fn services(&mut self) -> Result<Vec<ServiceEntry>, Error>;

    /// The destinations of a service.
    fn destinations(&mut self, service: &ServiceKey) -> Result<Vec<Destination>, Error>;
}

impl Lists for Client {
    fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        Self::services(self)
    }

    fn destinations(&mut self, service: &ServiceKey) -> Result<Vec<Destination>, Error> {
        self.configured(service)
    }
}

/// A table that is being read: first the services, then the destinations of each, then the
/// services again. While those are not the same, it goes on with them.
#[derive(Default)]
pub(crate) struct Reading {
    table: Table,
    /// Services whose destinations are not read yet.
    open: std::vec::IntoIter<ServiceKey>,
    /// How often it was begun.
    tries: u32,
}

impl Reading {
    /// Reads one more list. Returns the table when it is whole.
    pub(crate) fn advance(&mut self, lists: &mut impl Lists) -> Result<Option<Table>, Error> {
        if let Some(key) = self.open.next() {
            let destinations = lists.destinations(&key)?;
            self.table.set_as_they_are(&key, destinations);
            return Ok(None);
        }
        let entries = lists.services()?;
        if self.tries > 0 && self.is_of(&entries) {
            return Ok(Some(std::mem::take(&mut self.table)));
        }
        if self.tries == TRIES {
            return Err(Error::Interrupted {
                attempt: Attempt::ListServices,
                tries: TRIES,
            });
        }
        self.tries += 1;
        self.table = Table::new();
        for entry in entries {
            self.table.insert_service(entry.service);
        }
        let keys: Vec<ServiceKey> = self.table.services.keys().copied().collect();
        self.open = keys.into_iter();
        Ok(None)
    }

    /// Whether these are the services that were read.
    fn is_of(&self, entries: &[ServiceEntry]) -> bool {
        entries.len() == self.table.services.len()
            && entries
                .iter()
                .all(|entry| self.table.service(&entry.service.key) == Some(&entry.service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Forwarding, Protocol, Service};

    /// The table as it is when the services are listed for the first time, the second, and so on;
    /// the last one stays.
    struct Kernel {
        tables: Vec<Table>,
        lists: usize,
    }

    impl Kernel {
        fn table(&self) -> &Table {
            let now = self.lists.saturating_sub(1).min(self.tables.len() - 1);
            &self.tables[now]
        }
    }

    impl Lists for Kernel {
        fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
            self.lists += 1;
            let services = self.table().services().cloned();
            Ok(services.map(ServiceEntry::new).collect())
        }

        fn destinations(&mut self, service: &ServiceKey) -> Result<Vec<Destination>, Error> {
            Ok(self.table().destinations(service).cloned().collect())
        }
    }

    /// Reads until there is a table or an error; tells how often the services were listed.
    fn read(tables: Vec<Table>) -> (Result<Table, Error>, usize) {
        let mut kernel = Kernel { tables, lists: 0 };
        let mut reading = Reading::default();
        loop {
            match reading.advance(&mut kernel) {
                Ok(None) => {}
                Ok(Some(table)) => return (Ok(table), kernel.lists),
                Err(error) => return (Err(error), kernel.lists),
            }
        }
    }

    /// A table with these services, by port, of this scheduler.
    fn table(ports: &[u16], scheduler: &str) -> Table {
        let mut table = Table::new();
        for port in ports {
            let key = ServiceKey::Address {
                protocol: Protocol::Tcp,
                address: [1, 2, 3, 1].into(),
                port: *port,
            };
            table.insert_service(Service::new(key, scheduler));
            let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Masquerade, 1);
            table.insert_destination(&key, server);
        }
        table
    }

    #[test]
    fn a_table_that_rests_is_read_once() {
        for table in [table(&[1, 2, 3], "rr"), Table::new()] {
            let (found, lists) = read(vec![table.clone()]);
            assert_eq!(found.unwrap(), table);
            assert_eq!(lists, 2);
        }
    }

    #[test]
    fn a_table_whose_services_change_is_read_again() {
        let before = table(&[1, 2], "rr");
        for after in [
            table(&[1, 2, 3], "rr"),
            table(&[1], "rr"),
            table(&[1, 3], "rr"),
            table(&[1, 2], "wlc"),
            Table::new(),
        ] {
            let (found, lists) = read(vec![before.clone(), after.clone()]);
            assert_eq!(found.unwrap(), after);
            assert_eq!(lists, 3);
        }
    }

    #[test]
    fn a_table_that_never_rests_is_given_up_on_after_ten_readings() {
        let restless = (0..30).map(|port| table(&[port], "rr")).collect();
        let (found, lists) = read(restless);
        let error = found.unwrap_err();
        assert!(matches!(error, Error::Interrupted { tries: 10, .. }));
        assert_eq!(lists, 11);
    }
}
