//! The kernel's IPVS over generic netlink, typed.
//!
//! Everything the netlink family `IPVS` offers: services by address or firewall mark, their
//! destinations, statistics, timeouts and synchronization daemons. No `unsafe`, no `ipvsadm`, no
//! thread, no runtime. It needs `CAP_NET_ADMIN` in the initial user namespace, even for reading, and
//! acts on the network namespace it is in when [`Client::open`] is called.
//!
//! # Where things are
//! - [`Client`]: one socket; one request, list or batch at a time.
//! - [`Table`], [`Plan`], [`Change`]: a whole table as a value, the least changes from one to
//!   another, and making them.
//! - [`Service`], [`Destination`], and their keys: what a table is made of.
//! - [`message`]: the byte form of all that, without any I/O.
//! - `AsyncClient` (feature `tokio`): the client for tasks of a runtime.
//!
//! # From a wanted table to the kernel's
//! ```no_run
//! use ipvs_netlink::{Client, Destination, Forwarding, Protocol, Service, ServiceKey, Table};
//!
//! let key = ServiceKey::Address {
//!     protocol: Protocol::Tcp,
//!     address: [192, 168, 26, 1].into(),
//!     port: 80,
//! };
//! let mut wanted = Table::new();
//! wanted.insert_service(Service::new(key, "wlc"));
//! let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Masquerade, 2);
//! wanted.insert_destination(&key, server);
//!
//! let mut client = Client::open()?;
//! let plan = Table::read(&mut client)?.diff(&wanted);
//! print!("{plan}");
//! for (change, result) in plan.changes.iter().zip(plan.apply(&mut client)) {
//!     if let Err(error) = result {
//!         eprintln!("{change}: {error}");
//!     }
//! }
//! # Ok::<(), ipvs_netlink::Error>(())
//! ```
//!
//! # Facts that bite
//! - Ports and the IPv4 persistence mask travel big-endian; weights, firewall marks, the IPv6
//!   prefix length and the daemon's port in host order. Addresses are 16 bytes, IPv4 in the first
//!   four. Here all of them are ordinary values.
//! - A service is named by protocol, address and port, or by family and firewall mark, never by
//!   both. Adding or changing one needs scheduler, flags, timeout and mask, all of them; adding
//!   or changing a destination needs method, weight and both thresholds. So there is no changing
//!   of one field: what is sent is the whole [`Service`] or [`Destination`].
//! - With direct and tunnel forwarding packets are not rewritten, so the destination's port must
//!   be the service's. The kernel does not see to that; [`Table::insert_destination`] does.
//! - A destination of the other address family needs a tunnel. The kernel has no such destination
//!   while a synchronization daemon runs, and starts none while there is one (`EINVAL`).
//! - `ENOENT` on a service means a scheduler or persistence engine is missing, on a destination
//!   that the destination is; `ESRCH` that the service is. They have names in [`Error`].
//! - Lists are index-based and the kernel does not tell when the table changed under one: entries
//!   can be skipped or come twice. Here a list that came in more than one piece is read until it
//!   is the same twice ([`Error::Interrupted`] when it never is). Deletions at the same places of
//!   both, in step with the reading, could still hide others: there is nothing to tell them by.
//! - Listing the destinations of a service that does not exist gives an empty list.
//! - A deleted destination stays on a list of its own for a minute or two, which every addition
//!   searches; added again in that time it has its old counters.
//! - Receiving an answer costs many times what making a change does. The kernel answers refusals
//!   unasked and works in order, so [`Client::batch`] asks for one acknowledgement a send.
//! - The kernel makes every change under one lock, before the send returns. The one request it
//!   may not answer is to stop a synchronization daemon that had not begun to run.
//! - `ipvsadm -S`, and so the text of a [`Table`], leaves out thresholds, the mask of a service
//!   without persistence, and one flag of two schedulers. The commands of a [`Plan`] have them.
//! - Needs Linux 2.6.28 (the family), 3.18 for destinations of the other family, 4.1 for 64-bit
//!   statistics, 4.3 for the daemon's multicast settings, 5.2 and 5.3 for GUE and GRE tunnels.
//! - A client finds the family's number once. After the module `ip_vs` was unloaded nearly
//!   everything is [`Error::NoIpvs`]; open another when it is loaded again.
//! - A process and its fork share the socket, and would read each other's answers: open another.
#![forbid(unsafe_code)]

mod client;
mod control;
mod destination;
mod error;
#[cfg(feature = "__fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod key;
pub mod message;
mod service;
mod stats;
mod table;
#[cfg(feature = "tokio")]
mod tokio;

pub use client::{Client, IntoIter, Results};
pub use control::{Daemon, DaemonState, Info, Timeouts, Version};
pub use destination::{Destination, DestinationEntry, Forwarding, Tunnel, TunnelChecksum};
pub use error::{Attempt, Error};
pub use key::{DestinationKey, Family, Protocol, ServiceKey};
pub use netlink_packet_core::DecodeError;
pub use service::{Netmask, Service, ServiceEntry, ServiceFlags};
pub use stats::Stats;
pub use table::{Change, Plan, Table};
#[cfg(feature = "tokio")]
pub use tokio::AsyncClient;

/// The example in the README is one of the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
