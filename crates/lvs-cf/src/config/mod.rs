//! The typed configuration: every directive with its default filled in, every value with its span.

mod global;
mod kinds;
mod service;

pub use global::Config;
pub use kinds::{Device, Floating, Network, Protocol, Scheduler, ipv4_netmask};
pub use service::{RealServer, VirtualServer};
