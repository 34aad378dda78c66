//! What `ipvsadm` has options for: less than the kernel takes.

use super::Change;
use crate::{
    Destination, Forwarding, Protocol, Service, ServiceFlags, ServiceKey, Tunnel, TunnelChecksum,
};

/// The longest persistence it takes: 31 days, in seconds.
const LONGEST_PERSISTENCE: u32 = 31 * 86400;

/// The highest threshold it takes.
const HIGHEST_THRESHOLD: u32 = i32::MAX.unsigned_abs();

/// Whether `ipvsadm` can make a change.
pub(super) fn can_make(change: &Change) -> bool {
    let is_known = |service: &ServiceKey| {
        !matches!(
            service,
            ServiceKey::Address {
                protocol: Protocol::Other(_),
                ..
            }
        )
    };
    let is_possible = match change {
        Change::AddService(service) | Change::EditService(service) => {
            has_options_for_service(service)
        }
        Change::AddDestination(_, destination) | Change::EditDestination(_, destination) => {
            has_options_for_destination(destination)
        }
        Change::DeleteService(_) | Change::DeleteDestination(..) => true,
    };
    is_known(change.service()) && is_possible
}

fn has_options_for_service(service: &Service) -> bool {
    let options = ServiceFlags::ONE_PACKET
        | ServiceFlags::SCHEDULER_1
        | ServiceFlags::SCHEDULER_2
        | ServiceFlags::SCHEDULER_3;
    // The flag of persistence by itself is not among its options, and needs none beside a timeout.
    let is_timed = service.persistence > 0;
    let flags = if is_timed {
        service.flags.without(ServiceFlags::PERSISTENT)
    } else {
        service.flags
    };
    let takes_one_packet = match service.key {
        ServiceKey::Address { protocol, .. } => protocol == Protocol::Udp,
        ServiceKey::Fwmark { .. } => true,
    };
    flags.without(options) == ServiceFlags::empty()
        && (takes_one_packet || !flags.contains(ServiceFlags::ONE_PACKET))
        && service.persistence <= LONGEST_PERSISTENCE
        && (is_timed || service.key.port() != Some(0))
}

fn has_options_for_destination(destination: &Destination) -> bool {
    let is_sent = match destination.forwarding {
        Forwarding::Masquerade | Forwarding::Direct => true,
        Forwarding::Tunnel => !matches!(
            destination.tunnel,
            Tunnel::Other { .. }
                | Tunnel::Gue {
                    checksum: TunnelChecksum::Other(_),
                    ..
                }
                | Tunnel::Gre {
                    checksum: TunnelChecksum::Remote | TunnelChecksum::Other(_)
                }
        ),
        Forwarding::Local | Forwarding::Bypass | Forwarding::Other(_) => false,
    };
    is_sent
        && destination.upper_threshold <= HIGHEST_THRESHOLD
        && destination.lower_threshold <= HIGHEST_THRESHOLD
}
