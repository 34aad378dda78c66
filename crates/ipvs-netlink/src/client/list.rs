//! Lists: services, destinations, daemons.
//!
//! The kernel's dumps are index-based, and those of IPVS carry no flag for a table that changed
//! on the way: an entry can be skipped or come twice. A dump that fits one datagram was made in one
//! go and is right: under the lock for changes, or, in kernels that read without it (RCU), with
//! everything in it that was there all the time. A longer one is taken again until two in a row have
//! the same keys in the same order, and none twice.
//!
//! An entry is skipped only when one before it is deleted between two pieces; for services that can be
//! one of another network namespace, which count too. So two lists that are the same and both lack
//! something take such deletions at the same places of both, and, but for those of other namespaces,
//! of an entry that was added again in between.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use netlink_packet_core::DecodeError;

use super::change::check_key;
use super::core::Core;
use super::exchange::{DUMP_ROOM, LEAST_DUMP_ROOM, decode};
use super::link::Link;
use crate::message::{
    Attribute, Command, DaemonAttribute, DestinationAttribute, Message, ServiceAttribute,
    each_configured,
};
use crate::{
    Attempt, Daemon, Destination, DestinationEntry, DestinationKey, Error, ServiceEntry, ServiceKey,
};

/// How often a list is read before giving up on a table that keeps changing.
const TRIES: u32 = 10;

impl<L: Link> Core<L> {
    /// All services.
    pub(super) fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        self.list(
            Attempt::ListServices,
            &Message {
                command: Command::GetService,
                attributes: Vec::new(),
            },
            each(|attribute| match attribute {
                Attribute::Service(attributes) => Some(attributes.as_slice().try_into()),
                _ => None,
            }),
            |entry: &ServiceEntry| -> ServiceKey { entry.service.key },
        )
    }

    /// One service.
    pub(super) fn service(&mut self, key: &ServiceKey) -> Result<ServiceEntry, Error> {
        let attempt = Attempt::GetService(*key);
        check_key(key, attempt)?;
        let request = vec![Attribute::Service(ServiceAttribute::of_key(key))];
        self.query(attempt, Command::GetService, request)?
            .iter()
            .find_map(|attribute| match attribute {
                Attribute::Service(attributes) => Some(attributes.as_slice().try_into()),
                _ => None,
            })
            .ok_or(Error::EmptyAnswer { attempt })?
            .map_err(|source| Error::Decode { attempt, source })
    }

    /// The destinations of a service.
    pub(super) fn destinations(
        &mut self,
        service: &ServiceKey,
    ) -> Result<Vec<DestinationEntry>, Error> {
        let attempt = Attempt::ListDestinations(*service);
        check_key(service, attempt)?;
        self.list(
            attempt,
            &destinations_request(service),
            each(|attribute| destination_entry(attribute, service)),
            |entry: &DestinationEntry| -> DestinationKey { entry.destination.key },
        )
    }

    /// The destinations of a service as they are configured, without their counters.
    pub(super) fn configured(&mut self, service: &ServiceKey) -> Result<Vec<Destination>, Error> {
        let attempt = Attempt::ListDestinations(*service);
        check_key(service, attempt)?;
        self.list(
            attempt,
            &destinations_request(service),
            |payload, list| {
                each_configured(payload, service.family(), |destination| {
                    list.push(destination);
                })
            },
            |destination| destination.key,
        )
    }

    /// One destination of a service. The kernel has no command for that, so this reads the list,
    /// and keeps nothing of it but the one entry: processes that look for their own destination
    /// are many and small.
    ///
    /// What is in a list is there, whatever changed meanwhile. What is not may have been skipped,
    /// unless the list came in one piece, or came twice with the same keys in the same order.
    pub(super) fn destination(
        &mut self,
        service: &ServiceKey,
        key: &DestinationKey,
    ) -> Result<Option<DestinationEntry>, Error> {
        let attempt = Attempt::GetDestination(*service, *key);
        check_key(service, attempt)?;
        let mut previous = None;
        for _ in 0..TRIES {
            let mut found = None;
            let mut keys = DefaultHasher::new();
            let request = destinations_request(service);
            let whole = self
                .exchange
                .dump(&request, self.family, LEAST_DUMP_ROOM, |payload| {
                    for attribute in &decode(payload)?.attributes {
                        let Some(entry) = destination_entry(attribute, service).transpose()? else {
                            continue;
                        };
                        entry.destination.key.hash(&mut keys);
                        if entry.destination.key == *key {
                            found = Some(entry);
                        }
                    }
                    Ok(())
                })
                .map_err(|failure| failure.during(attempt))?;
            let keys = Some(keys.finish());
            if found.is_some() || whole || previous == keys {
                return Ok(found);
            }
            previous = keys;
        }
        Err(Error::Interrupted {
            attempt,
            tries: TRIES,
        })
    }

    /// The synchronization daemons.
    pub(super) fn daemons(&mut self) -> Result<Vec<Daemon>, Error> {
        self.list(
            Attempt::ListDaemons,
            &Message {
                command: Command::GetDaemon,
                attributes: Vec::new(),
            },
            each(|attribute| match attribute {
                Attribute::Daemon(attributes) => Some(
                    <Daemon as TryFrom<&[DaemonAttribute]>>::try_from(attributes),
                ),
                _ => None,
            }),
            |daemon| daemon.state,
        )
    }

    /// Dumps until the list is right: see the head of this file. `read` appends what a message
    /// describes.
    fn list<T, K: Eq + Hash>(
        &mut self,
        attempt: Attempt,
        request: &Message,
        read: impl Fn(&[u8], &mut Vec<T>) -> Result<(), DecodeError>,
        key: impl Fn(&T) -> K,
    ) -> Result<Vec<T>, Error> {
        let mut previous: Option<Vec<K>> = None;
        for _ in 0..TRIES {
            let mut entries = Vec::new();
            let whole = self
                .exchange
                .dump(request, self.family, DUMP_ROOM, |payload| {
                    read(payload, &mut entries)
                })
                .map_err(|failure| failure.during(attempt))?;
            if whole {
                return Ok(entries);
            }
            let keys: Vec<K> = entries.iter().map(&key).collect();
            if previous.as_ref() == Some(&keys) && !has_twice(&keys) {
                return Ok(entries);
            }
            previous = Some(keys);
        }
        Err(Error::Interrupted {
            attempt,
            tries: TRIES,
        })
    }
}

/// Reads the entries that attributes of a message describe.
fn each<T>(
    entry: impl Fn(&Attribute) -> Option<Result<T, DecodeError>>,
) -> impl Fn(&[u8], &mut Vec<T>) -> Result<(), DecodeError> {
    move |payload, list| {
        for entry in decode(payload)?.attributes.iter().filter_map(&entry) {
            list.push(entry?);
        }
        Ok(())
    }
}

/// The request for the destinations of a service.
fn destinations_request(service: &ServiceKey) -> Message {
    Message {
        command: Command::GetDest,
        attributes: vec![Attribute::Service(ServiceAttribute::of_key(service))],
    }
}

/// The destination of `service` that an attribute of that list describes.
fn destination_entry(
    attribute: &Attribute,
    service: &ServiceKey,
) -> Option<Result<DestinationEntry, DecodeError>> {
    match attribute {
        Attribute::Destination(attributes) => {
            Some(DestinationAttribute::entry(attributes, service.family()))
        }
        _ => None,
    }
}

/// Whether any key comes more than once.
fn has_twice<K: Eq + Hash>(keys: &[K]) -> bool {
    let mut seen = HashSet::with_capacity(keys.len());
    !keys.iter().all(|key| seen.insert(key))
}
