//! Real clusters for tests: hosts, switches and wires in network namespaces of one guest kernel
//! under an emulator, in virtual time (see `guest.rs`). `LAB_KERNEL=this` uses namespaces of the
//! running kernel instead, `LAB_KERNEL=kvm` a guest in real time.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! // A `#[test]` function of its own:
//! fn the_lab_is_there() {
//!     lab::scenario(lab::here!(), Duration::from_secs(20), |lab| {
//!         let plan = lab::Topology::new()
//!             .switch("lan")
//!             .host(lab::HostPlan::new("a").wire("eth0", "lan", "10.0.0.1/24"))
//!             .host(lab::HostPlan::new("b").wire("eth0", "lan", "10.0.0.2/24"));
//!         lab.build(&plan)?;
//!         lab.cut("a")?;
//!         Ok(())
//!     });
//! }
//! ```

mod addresses;
mod capture;
mod client;
mod clock;
mod error;
mod guest;
mod host;
mod http;
mod inside;
mod ipvs;
mod job;
mod kept;
mod lab;
mod lines;
mod namespace;
mod owners;
mod paths;
mod ping;
mod process;
mod procfs;
mod rtnl;
mod run;
mod syslog;
mod topology;

// For the lab's own programs.
#[doc(hidden)]
pub mod init;
#[doc(hidden)]
pub mod keeper;

pub use addresses::Address;
pub use capture::{ArpCapture, ArpFrame};
pub use client::{Attempt, Client, Gap, Outcome, Polling, View};
pub use error::{Error, Result};
pub use host::Host;
pub use http::Server;
pub use ipvs::{Destination, Service, ServiceKey, Table};
pub use lab::{Impairment, Lab, kernel_line, memory_dir};
pub use lines::{Line, LineLog, Source};
pub use nix::sys::signal::Signal;
pub use owners::{OwnerWatch, Owners, Span};
pub use paths::{built_program, target_dir};
pub use process::{Exit, Process, Program};
pub use procfs::ProcessInfo;
pub use run::{
    Cause, Failure, scenario, scenario_in_guest, test_name, try_scenario, try_scenario_within,
};
pub use topology::{HostPlan, Topology, WirePlan};
