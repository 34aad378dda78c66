//! Reading a table, one list at a time.

use super::Table;
use crate::{Attempt, Client, Error, ServiceKey};

/// How often a table is read before giving up on one that keeps changing.
const TRIES: u32 = 10;

/// A table that is being read: first the services, then the destinations of each, then the
/// services again. While those are not the same ones, it goes on with them.
#[derive(Default)]
pub(crate) struct Reading {
    table: Table,
    /// Services whose destinations are not read yet.
    open: std::vec::IntoIter<ServiceKey>,
    /// How often the services were listed.
    lists: u32,
}

impl Reading {
    /// Reads one more list. Returns the table when it is whole.
    pub(crate) fn advance(&mut self, client: &mut Client) -> Result<Option<Table>, Error> {
        if let Some(key) = self.open.next() {
            for entry in client.destinations(&key)? {
                self.table.insert_as_is(&key, entry.destination);
            }
            return Ok(None);
        }
        let entries = client.services()?;
        let is_same = entries.len() == self.table.services.len()
            && entries
                .iter()
                .all(|entry| self.table.service(&entry.service.key).is_some());
        if is_same && self.lists > 0 {
            return Ok(Some(std::mem::take(&mut self.table)));
        }
        if self.lists > TRIES {
            return Err(Error::Interrupted {
                attempt: Attempt::ListServices,
                tries: TRIES,
            });
        }
        self.lists += 1;
        self.table = Table::new();
        for entry in entries {
            self.table.insert_service(entry.service);
        }
        let keys: Vec<ServiceKey> = self.table.services.keys().copied().collect();
        self.open = keys.into_iter();
        Ok(None)
    }
}
