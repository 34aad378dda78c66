//! What the parser has to say about a file: errors and warnings with their places.

use std::fmt;

use crate::Span;

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The file does not load.
    Error,
    /// The file loads.
    Warning,
}

/// The kind of a diagnostic. The errors are 0.8.6's own vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A quoted value without its close quote.
    QuotationMismatch,
    /// A block is open at the end of the file.
    UnexpectedEndOfFile,
    /// Words behind a complete statement.
    UnexpectedArguments,
    /// A directive without `=`.
    EqualExpected,
    /// A directive without value, a block without name or `{`, or a required directive missing.
    MissingArguments,
    /// Not an address, and not a name that resolves.
    InvalidHost,
    /// A value the directive does not take.
    InvalidArgument,
    /// Not a number.
    IntegerExpected,
    /// Neither `0` nor `1`.
    BooleanExpected,
    /// Not words between brackets.
    ListExpected,
    /// No such directive here.
    UnknownCommand,
    /// Not a netmask.
    BadSubnetMask,
    /// Nothing but comments and blank lines.
    EmptyConfiguration,
    /// Known, and not implemented in this version.
    Unsupported,
    /// Bytes that are not text.
    NotText,
    /// Two blocks with one name, or one address, port and protocol.
    Duplicate,
    /// Something that changes nothing.
    NoEffect,
    /// A `deadtime` that is not more than `keepalive`.
    DeadtimeTooShort,
    /// `network = nat` without `nat_router`.
    NatWithoutRouter,
    /// Direct or tunnel, and a real port that is not the virtual one.
    RealPort,
    /// An active block without an active server.
    NoActiveServer,
    /// Connections of one client that belong together and need not meet the same real server.
    NoPersistence,
    /// The server of last resort is one of those it stands in for.
    SorryServerInPool,
    /// Something that loads and probably is not what was meant.
    Doubtful,
}

impl Kind {
    /// All of them, the errors first.
    pub const ALL: [Kind; 24] = [
        Kind::QuotationMismatch,
        Kind::UnexpectedEndOfFile,
        Kind::UnexpectedArguments,
        Kind::EqualExpected,
        Kind::MissingArguments,
        Kind::InvalidHost,
        Kind::InvalidArgument,
        Kind::IntegerExpected,
        Kind::BooleanExpected,
        Kind::ListExpected,
        Kind::UnknownCommand,
        Kind::BadSubnetMask,
        Kind::EmptyConfiguration,
        Kind::Unsupported,
        Kind::NotText,
        Kind::Duplicate,
        Kind::NoEffect,
        Kind::DeadtimeTooShort,
        Kind::NatWithoutRouter,
        Kind::RealPort,
        Kind::NoActiveServer,
        Kind::NoPersistence,
        Kind::SorryServerInPool,
        Kind::Doubtful,
    ];

    /// The words that begin the reason.
    pub fn text(self) -> &'static str {
        match self {
            Kind::QuotationMismatch => "quotation mismatch",
            Kind::UnexpectedEndOfFile => "unexpected end of file",
            Kind::UnexpectedArguments => "unexpected arguments",
            Kind::EqualExpected => "equal (=) expected after command",
            Kind::MissingArguments => "missing arguments",
            Kind::InvalidHost => "invalid host name or ip address",
            Kind::InvalidArgument => "invalid argument",
            Kind::IntegerExpected => "integer expected",
            Kind::BooleanExpected => "boolean expected",
            Kind::ListExpected => "list expected",
            Kind::UnknownCommand => "unknown command",
            Kind::BadSubnetMask => "Bad subnet mask specified",
            Kind::EmptyConfiguration => "Empty configuration",
            Kind::Unsupported => "unsupported",
            Kind::NotText => "not a text file",
            Kind::Duplicate => "duplicate",
            Kind::NoEffect => "no effect",
            Kind::DeadtimeTooShort => "deadtime is not more than keepalive",
            Kind::NatWithoutRouter => "nat without nat_router",
            Kind::RealPort => "real port other than the virtual port",
            Kind::NoActiveServer => "no active server",
            Kind::NoPersistence => "no persistence",
            Kind::SorryServerInPool => "sorry server in the pool",
            Kind::Doubtful => "doubtful",
        }
    }
}

/// One error or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What kind of fault.
    pub kind: Kind,
    /// The reason in one line, as it stands behind `at line N: `.
    pub reason: String,
    /// The bytes it is about.
    pub span: Span,
    /// Line of the span's start, from 1.
    pub line: u32,
    /// Column of the span's start in characters, from 1.
    pub column: u32,
    /// What would be right there.
    pub expected: Option<String>,
    /// What to do about it, often the nearest known word.
    pub help: Option<String>,
    /// Another place that has to do with it, and how.
    pub related: Option<(Span, String)>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}
