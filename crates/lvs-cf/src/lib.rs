//! The lvs.cf configuration language: lossless document, typed configuration, diagnostics.
//!
//! A program calls [`load()`] and gets a [`Config`] or a [`LoadError`] whose report it prints.

// pest's generated code names it.
extern crate alloc;

#[cfg(feature = "command")]
pub mod command;
mod config;
mod diagnostic;
mod directive;
mod document;
mod edit;
mod load;
mod not_yet;
mod report;
mod resolve;
mod sink;
mod source;
mod span;
mod unresolved;
mod value;
mod words;

pub use config::{
    Config, Device, Floating, Network, Protocol, RealServer, ReservationConflict, Scheduler,
    ServiceKind, VirtualServer, ipv4_netmask,
};
pub use diagnostic::{Diagnostic, Kind, Severity};
pub use document::Document;
pub use edit::{BlockPath, EditError, Place};
pub use load::{DEFAULT_PATHS, Invalid, LoadError, Loaded, check, default_path, load, parse};
pub use resolve::{FixedResolver, Resolve, SystemResolver};
pub use span::{Span, Spanned};
pub use unresolved::Unresolved;
