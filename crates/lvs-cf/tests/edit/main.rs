//! Editing: what an edit writes, what it leaves alone, and what it refuses.

mod examples;
mod large;
mod properties;
mod refusals;
