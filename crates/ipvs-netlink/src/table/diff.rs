//! The least changes from one table to another.

use super::{Change, Plan, Row, Table};
use crate::ServiceKey;

impl Table {
    /// The changes that turn this table into `wanted`.
    ///
    /// Nothing is changed that is as wanted. Within a service destinations are added, then
    /// changed, those that get weight 0 after the others, then deleted: so a service that has
    /// destinations and is to have some is never without, and neither is one without those that
    /// take connections. Services that are not wanted go last.
    ///
    /// [`Plan::apply`] sees to it that this holds where the kernel refuses some of it as well, as far
    /// as being without destinations goes.
    pub fn diff(&self, wanted: &Self) -> Plan {
        self.diff_owned(wanted, |_| true)
    }

    /// As [`Table::diff`], but services for which `owned` is false are left alone when they are
    /// not wanted: other programs' services in the same table.
    pub fn diff_owned(&self, wanted: &Self, owned: impl Fn(&ServiceKey) -> bool) -> Plan {
        let mut changes = Vec::new();
        for (key, row) in &wanted.services {
            match self.services.get(key) {
                None => {
                    changes.push(Change::AddService(row.service.clone()));
                    changes.extend(
                        row.destinations
                            .iter()
                            .map(|destination| Change::AddDestination(*key, destination.clone())),
                    );
                }
                Some(present) => {
                    if present.service != row.service {
                        changes.push(Change::EditService(row.service.clone()));
                    }
                    diff_destinations(*key, present, row, &mut changes);
                }
            }
        }
        let unwanted = self
            .services
            .keys()
            .filter(|key| !wanted.services.contains_key(key));
        changes.extend(
            unwanted
                .filter(|key| owned(key))
                .copied()
                .map(Change::DeleteService),
        );
        Plan { changes }
    }

    /// What this table is after a change was made: the kernel's behaviour as a pure function.
    /// Returns whether the kernel would have accepted it, as far as it is about what is there.
    pub fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::AddService(service) => {
                let is_new = !self.services.contains_key(&service.key);
                if is_new {
                    self.insert_service(service.clone());
                }
                is_new
            }
            Change::EditService(service) => {
                let is_there = self.services.contains_key(&service.key);
                if is_there {
                    self.insert_service(service.clone());
                }
                is_there
            }
            Change::DeleteService(key) => self.remove_service(key).is_some(),
            Change::AddDestination(key, destination) => {
                self.destination(key, &destination.key).is_none()
                    && self.insert_as_is(key, destination.clone())
            }
            Change::EditDestination(key, destination) => {
                self.destination(key, &destination.key).is_some()
                    && self.insert_as_is(key, destination.clone())
            }
            Change::DeleteDestination(key, destination) => {
                self.remove_destination(key, destination).is_some()
            }
        }
    }
}

/// Additions, changes and deletions of one service's destinations, in that order. Of the changes
/// those that take the weight away come last, so that the weight is somewhere all the time.
fn diff_destinations(key: ServiceKey, present: &Row, wanted: &Row, changes: &mut Vec<Change>) {
    let is_quiescing = |change: &Change| matches!(change, Change::EditDestination(_, destination) if destination.weight == 0);
    let mut edits = Vec::new();
    for destination in wanted.destinations.iter() {
        match present.destinations.get(&destination.key) {
            None => changes.push(Change::AddDestination(key, destination.clone())),
            Some(there) if there != destination => {
                edits.push(Change::EditDestination(key, destination.clone()));
            }
            Some(_) => {}
        }
    }
    edits.sort_by_key(is_quiescing);
    changes.append(&mut edits);
    let gone = present
        .destinations
        .iter()
        .map(|destination| destination.key)
        .filter(|key| wanted.destinations.get(key).is_none());
    changes.extend(gone.map(|name| Change::DeleteDestination(key, name)));
}
