//! Changes of the table, one or many, with the result of each.

use super::core::Core;
use super::failure::{ENOENT, Failure};
use super::link::Link;
use super::results::Results;
use crate::message::Message;
use crate::{
    Attempt, Change, Destination, Error, Family, Forwarding, Netmask, Protocol, Service,
    ServiceFlags, ServiceKey, Tunnel, TunnelChecksum,
};

/// The kernel keeps persistence in clock ticks, of which there can be 1000 to the second, in 32
/// bits. A longer one would come out short.
const MAX_PERSISTENCE: u32 = u32::MAX / 1000;

/// A batch under way.
pub(crate) struct Batch<'a> {
    changes: Changes<'a>,
    /// The result of each change; success for those that are not made yet.
    pub(crate) results: Results,
    /// The first change that has not been looked at.
    next: usize,
}

impl<'a> Batch<'a> {
    /// Nothing of it is done yet.
    pub(crate) fn new(changes: &'a [Change]) -> Self {
        Self::over(Changes::Listed(changes))
    }

    /// A batch of changes that do not follow each other where they are.
    pub(super) fn of(changes: Vec<&'a Change>) -> Self {
        Self::over(Changes::Picked(changes))
    }

    fn over(changes: Changes<'a>) -> Self {
        Self {
            results: Results::of(changes.len()),
            changes,
            next: 0,
        }
    }
}

/// The changes of a batch.
enum Changes<'a> {
    Listed(&'a [Change]),
    Picked(Vec<&'a Change>),
}

impl<'a> Changes<'a> {
    fn len(&self) -> usize {
        match self {
            Self::Listed(changes) => changes.len(),
            Self::Picked(changes) => changes.len(),
        }
    }

    #[inline]
    fn get(&self, index: usize) -> Option<&'a Change> {
        match self {
            Self::Listed(changes) => changes.get(index),
            Self::Picked(changes) => changes.get(index).copied(),
        }
    }

    /// The changes at these places, each with its place.
    fn at(
        &self,
        places: impl IntoIterator<Item = usize>,
    ) -> impl Iterator<Item = (usize, &'a Change)> {
        places
            .into_iter()
            .filter_map(|place| Some((place, self.get(place)?)))
    }
}

impl<L: Link> Core<L> {
    /// Makes one change.
    pub(super) fn change(&mut self, change: &Change) -> Result<(), Error> {
        check(change)?;
        self.exchange
            .ask(&Message::from(change), self.family, |_| Ok(()))
            .map_err(|failure| error(change, failure))
    }

    /// Makes many changes.
    pub(super) fn batch(&mut self, changes: &[Change]) -> Results {
        let mut batch = Batch::new(changes);
        while self.advance(&mut batch) {}
        batch.results
    }

    /// Makes the next changes of a batch, as many as go at once, and refuses those that cannot be
    /// put to the kernel. Returns whether there are more.
    pub(crate) fn advance(&mut self, batch: &mut Batch<'_>) -> bool {
        let Batch {
            changes,
            results,
            next,
        } = batch;
        let start = *next;
        let requests = std::iter::from_fn(|| {
            while let Some(change) = changes.get(*next) {
                let index = *next;
                *next += 1;
                match check(change) {
                    Ok(()) => return Some(change),
                    Err(error) => results.fail(index, error),
                }
            }
            None
        });
        let window = self.exchange.window(requests, self.family);
        if !window.refused.is_empty() {
            let sent: Vec<_> = changes.at(results.successes(start..*next)).collect();
            for (place, failure) in window.refused {
                let (index, change) = sent[place];
                results.fail(index, error(change, failure));
            }
        }
        if let Some(failure) = window.failure {
            for (index, change) in changes.at(results.successes(start..*next)) {
                let result = match &failure {
                    Failure::Lost => self.change_again(change),
                    failure => Err(error(change, failure.again())),
                };
                if let Err(error) = result {
                    results.fail(index, error);
                }
            }
            // A socket that fails does so for everything that is left.
            if !matches!(failure, Failure::Lost) {
                for (index, change) in changes.at(*next..changes.len()) {
                    let problem = check(change).err();
                    results.fail(
                        index,
                        problem.unwrap_or_else(|| error(change, failure.again())),
                    );
                }
                *next = changes.len();
            }
        }
        let is_open = *next < changes.len();
        if !is_open {
            self.exchange.rest();
        }
        is_open
    }

    /// Makes a change whose answer was lost, so that it may have been made already.
    fn change_again(&mut self, change: &Change) -> Result<(), Error> {
        match (self.change(change), change) {
            (Err(error @ Error::AlreadyExists { .. }), Change::AddService(wanted)) => {
                let entry = self.service(&wanted.key)?;
                // In the form in which it is read back.
                let mut wanted = wanted.clone();
                wanted.normalize();
                if entry.service == wanted {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            (Err(error @ Error::AlreadyExists { .. }), Change::AddDestination(key, wanted)) => {
                let entry = self.destination(key, &wanted.key)?;
                let mut wanted = wanted.clone();
                wanted.drop_unused_tunnel();
                let is_there = entry.is_some_and(|entry| entry.destination == wanted);
                if is_there { Ok(()) } else { Err(error) }
            }
            (Err(Error::NoSuchService { .. }), Change::DeleteService(_))
            | (
                Err(Error::NoSuchService { .. } | Error::NoSuchDestination { .. }),
                Change::DeleteDestination(..),
            ) => Ok(()),
            (result, _) => result,
        }
    }
}

/// What a failure means for a change.
fn error(change: &Change, failure: Failure) -> Error {
    match (failure, change) {
        (
            Failure::Refused(ENOENT, _),
            Change::AddService(service) | Change::EditService(service),
        ) => Error::NoSuchScheduler {
            attempt: attempt(change),
            scheduler: service.scheduler.clone(),
            pe_name: service.pe_name.clone(),
        },
        (failure, _) => failure.during(attempt(change)),
    }
}

/// What is being tried with a change.
pub(super) fn attempt(change: &Change) -> Attempt {
    match change {
        Change::AddService(service) => Attempt::AddService(service.key),
        Change::EditService(service) => Attempt::EditService(service.key),
        Change::DeleteService(key) => Attempt::DeleteService(*key),
        Change::AddDestination(service, destination) => {
            Attempt::AddDestination(*service, destination.key)
        }
        Change::EditDestination(service, destination) => {
            Attempt::EditDestination(*service, destination.key)
        }
        Change::DeleteDestination(service, key) => Attempt::DeleteDestination(*service, *key),
    }
}

/// Refuses what the kernel would refuse without saying why, or would take for something else.
fn check(change: &Change) -> Result<(), Error> {
    let problem = match change {
        Change::AddService(service) | Change::EditService(service) => service_problem(service),
        Change::AddDestination(service, destination)
        | Change::EditDestination(service, destination) => {
            destination_problem(service, destination)
        }
        Change::DeleteService(_) | Change::DeleteDestination(..) => None,
    };
    check_key(change.service(), attempt(change))?;
    problem.map_or(Ok(()), |reason| {
        Err(Error::Invalid {
            attempt: attempt(change),
            reason,
        })
    })
}

/// Refuses a key that the kernel would take for that of another service: a mark of 0 for TCP at
/// 0.0.0.0:0, and a number for the protocol that has it.
pub(super) fn check_key(service: &ServiceKey, attempt: Attempt) -> Result<(), Error> {
    let reason = match *service {
        ServiceKey::Fwmark { mark: 0, .. } => "a firewall mark of 0 marks nothing",
        ServiceKey::Address { protocol, .. }
            if Protocol::from_number(protocol.number()) != protocol =>
        {
            "the protocol with this number has a name"
        }
        _ => return Ok(()),
    };
    Err(Error::Invalid { attempt, reason })
}

/// What is wrong with a service.
fn service_problem(service: &Service) -> Option<&'static str> {
    if !is_name(&service.scheduler) {
        Some("scheduler name is not 1 to 15 bytes")
    } else if service
        .pe_name
        .as_deref()
        .is_some_and(|name| !is_name(name))
    {
        Some("persistence engine name is not 1 to 15 bytes")
    } else if service.netmask.family() != service.key.family() {
        Some("persistence mask is not of the service's family")
    } else if matches!(service.netmask, Netmask::V6(0 | 129..)) {
        Some("persistence prefix is not 1 to 128")
    } else if service.persistence > MAX_PERSISTENCE {
        Some("persistence is above 4294967 seconds")
    } else if service.key.port() == Some(0)
        && service.persistence == 0
        && !service.flags.contains(ServiceFlags::PERSISTENT)
    {
        Some("port 0 needs persistence")
    } else {
        None
    }
}

/// What is wrong with a destination.
fn destination_problem(service: &ServiceKey, destination: &Destination) -> Option<&'static str> {
    if i32::try_from(destination.weight).is_err() {
        Some("weight is above 2147483647")
    } else if destination.lower_threshold > destination.upper_threshold {
        Some("lower threshold is above the upper one")
    } else if destination.forwarding == Forwarding::Tunnel
        && matches!(destination.tunnel, Tunnel::Gue { port: 0, .. })
    {
        Some("GUE tunnel has no port")
    } else if Forwarding::from_flags(destination.forwarding.number()) != destination.forwarding {
        Some("number of the forwarding method is not 5 to 7")
    } else if destination.forwarding == Forwarding::Tunnel && has_a_name(destination.tunnel) {
        Some("number of the kind of tunnel, or of its flags, is not above 2")
    } else if destination.forwarding != Forwarding::Tunnel
        && Family::of(destination.key.address) != service.family()
    {
        Some("a destination of the other address family needs a tunnel")
    } else {
        None
    }
}

/// Whether something of a tunnel is given by a number, though it has a name.
fn has_a_name(tunnel: Tunnel) -> bool {
    match tunnel {
        Tunnel::Ipip => false,
        Tunnel::Gue { checksum, .. } | Tunnel::Gre { checksum } => {
            TunnelChecksum::from_bits(checksum.bits()) != checksum
        }
        Tunnel::Other { kind, .. } => kind <= 2,
    }
}

/// Whether the kernel has room for a name (16 bytes with its NUL).
pub(super) fn is_name(name: &str) -> bool {
    (1..=15).contains(&name.len()) && !name.contains('\0')
}
