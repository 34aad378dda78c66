//! Programs the IPVS table from lvs.cf and keeps one monitor per real server.
//!
//! [`run()`] is the whole program. Deciding stands apart from doing: [`wanted`], [`monitor_argv`],
//! [`readiness`], [`verdict`], [`backoff`] and [`lines`] are pure; [`monitors`] handles processes and
//! knows nothing of the table.

pub mod backoff;
mod cli;
mod error;
pub mod fd_limit;
#[cfg(test)]
mod fixture;
pub mod lines;
mod log;
pub mod monitor_argv;
pub mod monitors;
mod passthrough;
mod programs;
pub mod readiness;
mod run;
mod start;
mod table;
mod telling;
pub mod verdict;
pub mod wanted;
mod watch;

pub use cli::Cli;
pub use error::Error;
pub use start::run;
