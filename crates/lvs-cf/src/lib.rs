//! The lvs.cf configuration language: lossless document, typed configuration, diagnostics.
//!
//! A program calls [`load`] and gets a [`Config`] or a [`LoadError`] whose report it prints.

mod config;
mod diagnostic;
mod document;
mod load;
mod resolve;
mod span;

pub use config::{
    Config, Device, Floating, Network, Protocol, RealServer, Scheduler, VirtualServer, ipv4_netmask,
};
pub use diagnostic::{Diagnostic, Kind, Severity};
pub use document::Document;
pub use load::{DEFAULT_PATHS, LoadError, Loaded, default_path, load};
pub use resolve::{FixedResolver, Resolve, SystemResolver};
pub use span::{Span, Spanned};
