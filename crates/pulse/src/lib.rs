//! The supervisor of an LVS router: heartbeat, failover, floating addresses.
//!
//! What to do is decided by [`fsm`] and [`activation`], which are pure; [`start`] checks and
//! builds, [`actor`] does.

pub mod activation;
pub mod actor;
pub mod announce;
pub mod arp;
pub mod cli;
pub mod error;
pub mod fsm;
pub mod heartbeat;
pub mod host;
pub mod links;
pub mod log;
pub mod lvsd;
pub mod rtnl;
pub mod settings;
pub mod start;
pub mod table;
pub mod text;
pub mod vip;
