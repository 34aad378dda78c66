//! What a check sends and expects, as lvs.cf and the command line of a monitor write it.
//!
//! `nanny` compares replies with it; `lvs-cf` says at load what `nanny` could not use, before a
//! monitor that does not start stops a router.

pub mod escape;
pub mod pattern;
