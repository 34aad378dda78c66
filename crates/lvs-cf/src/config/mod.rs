//! The typed configuration: every directive with its default filled in, every value with its span.

mod blocks;
mod build;
mod check;
mod global;
mod header;
mod instead;
mod kinds;
mod missed;
mod reader;
mod service;
mod slots;

pub(crate) use build::build;

pub use global::Config;
pub use kinds::{
    Device, Floating, Network, Protocol, ReservationConflict, Scheduler, ServiceKind, ipv4_netmask,
};
pub use service::{RealServer, VirtualServer};
