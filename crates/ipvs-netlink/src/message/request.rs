//! The message that makes a change.

use super::{Attribute, Command, DestinationAttribute, Message, ServiceAttribute};
use crate::{Change, Service, ServiceKey};

impl From<&Change> for Message {
    fn from(change: &Change) -> Self {
        match change {
            Change::AddService(service) => whole_service(Command::NewService, service),
            Change::EditService(service) => whole_service(Command::SetService, service),
            Change::DeleteService(key) => Self {
                command: Command::DelService,
                attributes: vec![Attribute::Service(ServiceAttribute::of_key(key))],
            },
            Change::AddDestination(service, destination) => in_service(
                Command::NewDest,
                service,
                DestinationAttribute::of_destination(destination),
            ),
            Change::EditDestination(service, destination) => in_service(
                Command::SetDest,
                service,
                DestinationAttribute::of_destination(destination),
            ),
            Change::DeleteDestination(service, key) => {
                in_service(Command::DelDest, service, DestinationAttribute::of_key(key))
            }
        }
    }
}

/// A command that takes all of a service.
fn whole_service(command: Command, service: &Service) -> Message {
    Message {
        command,
        attributes: vec![Attribute::Service(ServiceAttribute::of_service(service))],
    }
}

/// A command on a destination, which needs the name of its service.
fn in_service(
    command: Command,
    service: &ServiceKey,
    destination: Vec<DestinationAttribute>,
) -> Message {
    Message {
        command,
        attributes: vec![
            Attribute::Service(ServiceAttribute::of_key(service)),
            Attribute::Destination(destination),
        ],
    }
}
