//! What the daemons share: command-line conventions, logging, daemonizing, pid files, children and
//! what they are handed, readiness.
//!
//! Nothing here knows what a router or a real server is, and nothing here starts a thread or an
//! async runtime: a daemon forks first ([`daemonize`]) and builds its event loop afterwards.

pub mod child;
pub mod cli;
pub mod daemonize;
pub mod exit;
pub mod handed;
pub mod log;
pub mod pid_file;
pub mod program;
pub mod rate;
pub mod ready;
