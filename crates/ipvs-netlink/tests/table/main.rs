//! Tables, their differences and their printed form.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod diff;
mod print;
mod worlds;
