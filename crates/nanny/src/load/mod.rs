//! The load of the real server: sources (`-U`) and parsers.

pub mod command;
pub(crate) mod failure;
pub mod names;
pub(crate) mod poller;
mod query;
pub mod rpc;
pub mod rstat;
pub mod rwho;
pub mod text;

/// A one-minute load average: finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Load(f64);

impl Load {
    /// Returns the load average, unless it is negative, infinite or not a number.
    #[must_use]
    pub fn new(average: f64) -> Option<Self> {
        (average.is_finite() && average >= 0.0).then_some(Self(average))
    }

    /// Average number of runnable processes over the last minute.
    #[must_use]
    pub fn average(self) -> f64 {
        self.0
    }
}
