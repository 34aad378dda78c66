//! The messages of the netlink family `IPVS`, version 1: one type per command and attribute set.
//!
//! Everything here is plain data with a byte form; nothing does I/O. Names and numbers are those
//! of `linux/ip_vs.h`. Attributes this crate does not know are kept as they came.

mod attribute;
mod daemon;
mod destination;
mod nested;
pub(crate) mod request;
mod service;
mod stats;

pub use attribute::{Attribute, InfoAttribute};
pub use daemon::DaemonAttribute;
pub use destination::DestinationAttribute;
pub(crate) use destination::each_configured;
pub use service::ServiceAttribute;
pub use stats::{Counter, StatsAttribute};

use self::nested::{emit_run, run_len};
use netlink_packet_core::{DecodeError, Emitable, ErrorContext, ParseableParametrized};
use netlink_packet_generic::{GenlFamily, GenlHeader};

/// Name of the generic netlink family (`IPVS_GENL_NAME`).
pub const FAMILY_NAME: &str = "IPVS";

/// Version of the generic netlink family (`IPVS_GENL_VERSION`).
pub const FAMILY_VERSION: u8 = 1;

/// The commands of the family (`IPVS_CMD_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Command {
    /// Add a service; also the answer that describes one.
    NewService = 1,
    /// Change a service.
    SetService = 2,
    /// Delete a service.
    DelService = 3,
    /// Read one service, or as a dump all.
    GetService = 4,
    /// Add a destination; also the answer that describes one.
    NewDest = 5,
    /// Change a destination.
    SetDest = 6,
    /// Delete a destination.
    DelDest = 7,
    /// Dump the destinations of a service.
    GetDest = 8,
    /// Start a synchronization daemon; also the answer that describes one.
    NewDaemon = 9,
    /// Stop a synchronization daemon.
    DelDaemon = 10,
    /// Dump the synchronization daemons.
    GetDaemon = 11,
    /// Set the timeouts; also the answer that tells them.
    SetConfig = 12,
    /// Read the timeouts.
    GetConfig = 13,
    /// The answer to [`Command::GetInfo`]; never a request.
    SetInfo = 14,
    /// Read version and table size.
    GetInfo = 15,
    /// Zero the counters of a service, or without one of all.
    Zero = 16,
    /// Delete all services and destinations.
    Flush = 17,
}

impl Command {
    /// Every command, in the order of their numbers.
    pub const ALL: &[Self] = &[
        Self::NewService,
        Self::SetService,
        Self::DelService,
        Self::GetService,
        Self::NewDest,
        Self::SetDest,
        Self::DelDest,
        Self::GetDest,
        Self::NewDaemon,
        Self::DelDaemon,
        Self::GetDaemon,
        Self::SetConfig,
        Self::GetConfig,
        Self::SetInfo,
        Self::GetInfo,
        Self::Zero,
        Self::Flush,
    ];

    /// The command with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The command a message has.
    fn of(header: GenlHeader) -> Result<Self, DecodeError> {
        Self::from_number(header.cmd)
            .ok_or_else(|| DecodeError::from(format!("unknown IPVS command {}", header.cmd)))
    }
}

/// A message of the family: a command and its attributes, in order.
///
/// Nothing is checked here that [`Client`](crate::Client) checks before it sends. An attribute of more
/// than 65535 bytes, as one with a name of that length, has no byte form: to emit a message with one
/// panics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What is asked, or what the answer describes.
    pub command: Command,
    /// First-level attributes.
    pub attributes: Vec<Attribute>,
}

impl GenlFamily for Message {
    fn family_name() -> &'static str {
        FAMILY_NAME
    }

    fn command(&self) -> u8 {
        self.command as u8
    }

    fn version(&self) -> u8 {
        FAMILY_VERSION
    }
}

impl Emitable for Message {
    fn buffer_len(&self) -> usize {
        run_len(&self.attributes)
    }

    fn emit(&self, buffer: &mut [u8]) {
        emit_run(&self.attributes, buffer);
    }
}

impl ParseableParametrized<[u8], GenlHeader> for Message {
    /// Reads what follows the generic netlink header.
    ///
    /// # Errors
    /// The command is not one of the family, or an attribute is malformed.
    fn parse_with_param(bytes: &[u8], header: GenlHeader) -> Result<Self, DecodeError> {
        let command = Command::of(header)?;
        let attributes = Attribute::parse_all(bytes, command)
            .with_context(|| format!("invalid attributes of {command:?}"))?;
        Ok(Self {
            command,
            attributes,
        })
    }
}
