//! The load of the real server: where it is asked for (`-U`), and what is read there.

pub(crate) mod asking;
pub mod command;
pub(crate) mod failure;
pub mod names;
mod question;
pub mod rpc;
pub mod rstat;
pub mod rwho;
pub mod text;

/// A one-minute load average: a number of at least 0, and not infinite.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Load(f64);

impl Load {
    /// The load average, if it is one: neither negative, nor infinite, nor no number.
    #[must_use]
    pub fn new(average: f64) -> Option<Self> {
        (average.is_finite() && average >= 0.0).then_some(Self(average))
    }

    /// How many processes wanted to run, on average over the last minute.
    #[must_use]
    pub fn average(self) -> f64 {
        self.0
    }
}
