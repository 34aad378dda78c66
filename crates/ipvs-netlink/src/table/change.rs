//! Changes, and plans made of them.

use crate::{Client, Destination, DestinationKey, Results, Service, ServiceKey};

/// One change of the table.
///
/// [`Display`](std::fmt::Display) writes it as `ipvsadm` takes it, such as
/// `-a -t 1.2.3.1:80 -r 10.0.0.1:80 -m -w 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Add a service.
    AddService(Service),
    /// Change a service.
    EditService(Service),
    /// Delete a service and its destinations.
    DeleteService(ServiceKey),
    /// Add a destination to a service.
    AddDestination(ServiceKey, Destination),
    /// Change a destination of a service.
    EditDestination(ServiceKey, Destination),
    /// Delete a destination of a service.
    DeleteDestination(ServiceKey, DestinationKey),
}

impl Change {
    /// The service this is about.
    pub fn service(&self) -> &ServiceKey {
        match self {
            Self::AddService(service) | Self::EditService(service) => &service.key,
            Self::DeleteService(key)
            | Self::AddDestination(key, _)
            | Self::EditDestination(key, _)
            | Self::DeleteDestination(key, _) => key,
        }
    }
}

/// The changes that turn one table into another, in an order that is safe to make them in.
///
/// [`Display`](std::fmt::Display) writes one `ipvsadm` command a line, for a shell. The kernel takes
/// more than `ipvsadm` has options for, as a protocol that is not TCP, UDP or SCTP, or
/// [`Forwarding::Local`](crate::Forwarding::Local): a change with any of that is a comment there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a plan changes nothing until it is applied"]
pub struct Plan {
    /// The changes, in order.
    pub changes: Vec<Change>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Makes the changes and returns the result of each, in order. One that fails does not stop those
    /// after it, but for this: destinations that are to go wait until those that take their place are
    /// there. Should the kernel refuse one of these, and the service be left without any destination,
    /// nothing is taken from it: the deletions fail with [`Error::Withheld`](crate::Error::Withheld).
    ///
    /// The changes of one service are made in their order, those of different services in any.
    pub fn apply(&self, client: &mut Client) -> Results {
        client.apply(&self.changes)
    }
}
