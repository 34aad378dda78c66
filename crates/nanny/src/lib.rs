//! Monitors one real server of one virtual server: checks it, adds it to and removes it from the
//! IPVS table, and adjusts its weight.
//!
//! | pure decisions | input and output |
//! | --- | --- |
//! | [`health`]: in or out | [`check`]: one check |
//! | [`weight`]: slow start, then by load | `pool_member`, `table`: the IPVS table |
//! | [`failover`]: end of a watch | [`load`]: load data |
//! | `failures`: rate limits of the log | `signals`, `parent` |
//! | [`settings`], [`duration`] | [`child`]: asynchronous commands |
//! |  | `run`: start-up; `actor`: event loop; `wait`: its poll |
//!
//! One thread, no runtime. In the steady state the process allocates nothing and wakes only for its
//! timers and its sockets: thousands of nannies run side by side.

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
mod pool_member;
mod run;
pub mod settings;
mod signals;
mod table;
mod wait;
pub mod weight;

pub use run::run;
