//! The kernel's IPVS over generic netlink, typed.
#![forbid(unsafe_code)]

mod client;
mod control;
mod destination;
mod error;
mod key;
pub mod message;
mod service;
mod stats;
mod table;

pub use client::Client;
pub use control::{Daemon, DaemonState, Info, Timeouts, Version};
pub use destination::{Destination, DestinationEntry, Forwarding, Tunnel, TunnelChecksum};
pub use error::{Attempt, Error};
pub use key::{DestinationKey, Family, Protocol, ServiceKey};
pub use netlink_packet_core::DecodeError;
pub use nix::errno::Errno;
pub use service::{Netmask, Service, ServiceEntry, ServiceFlags};
pub use stats::Stats;
pub use table::{Change, Plan, Table};
