//! The lvs.cf configuration language: lossless document, typed configuration, diagnostics.
//!
//! A program calls [`load()`] and gets a [`Config`] or a [`LoadError`] whose report it prints.
//!
//! A tool that changes a file edits its [`Document`], which keeps every byte it was not asked to
//! change:
//!
//! ```
//! use lvs_cf::{BlockPath, Document, Place};
//!
//! # fn main() -> Result<(), lvs_cf::EditError> {
//! let text = "primary = 1.2.3.2   # lvs1\nvirtual vs1 {\n\taddress = 1.2.3.1\n}\n";
//! let (mut document, _) = Document::parse(text.into());
//! let rs1 = BlockPath::virtual_server("vs1").server("rs1");
//! document.set(Place::Global, "primary", &["1.2.3.4"])?;
//! document.add_block(rs1)?;
//! document.set(rs1, "address", &["192.168.1.3"])?;
//! let expected = "primary = 1.2.3.4   # lvs1\nvirtual vs1 {\n\taddress = 1.2.3.1\n\
//!     \tserver rs1 {\n\t\taddress = 192.168.1.3\n\t}\n}\n";
//! assert_eq!(document.to_bytes(), expected.as_bytes());
//! # Ok(())
//! # }
//! ```

// pest's generated code names it.
extern crate alloc;

#[cfg(feature = "command")]
pub mod command;
mod config;
mod diagnostic;
mod directive;
mod document;
mod edit;
#[cfg(feature = "__fuzz")]
#[doc(hidden)]
pub mod fuzz;
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
