//! Watches one real server of one virtual server: checks it, puts it into and takes it out of the
//! IPVS table, and raises its weight gently.
//!
//! | decides, over plain data | does |
//! | --- | --- |
//! | [`health`]: in or out | [`check`]: one attempt |
//! | [`weight`]: the slow start, then by load | `place`, `table`: the kernel's IPVS table |
//! | [`failover`]: when a watch ends | |
//! | `failures`: what is logged | `signals`, `parent` |
//! | [`settings`], [`duration`] | `child`: a command beside the loop |
//! |  | `run`: the start; `actor`: the loop; `wait`: its one wait |
//!
//! One thread, no runtime. In the steady state nothing is allocated, and the process wakes only
//! for its timers and its socket: thousands of these run side by side.

mod actor;
pub mod check;
pub mod child;
pub mod cli;
pub mod duration;
pub mod error;
pub mod failover;
mod failures;
pub mod health;
pub mod load;
mod log;
pub mod pages;
mod parent;
mod place;
mod run;
pub mod settings;
mod signals;
mod table;
mod wait;
pub mod weight;

pub use run::run;
