//! Parts shared by the daemons: command-line conventions, logging, daemonizing, pid files, child
//! processes and the file that a child gets on standard input, readiness.
//!
//! This crate has no knowledge of routers or real servers, and starts neither a thread nor an async
//! runtime: a daemon forks first ([`daemonize`]) and builds its event loop afterwards.

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
