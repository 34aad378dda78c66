//! How an edit says which block it is about.

use std::fmt;

/// Where a directive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place<'a> {
    /// Outside the blocks.
    Global,
    /// In this block, not in one inside it.
    In(BlockPath<'a>),
}

impl<'a> From<BlockPath<'a>> for Place<'a> {
    fn from(block: BlockPath<'a>) -> Self {
        Place::In(block)
    }
}

/// A block, by its name and that of the block around it.
///
/// ```
/// # use lvs_cf::BlockPath;
/// let rs1 = BlockPath::virtual_server("vs1").server("rs1");
/// assert_eq!(rs1.to_string(), "virtual vs1/server rs1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockPath<'a> {
    keyword: Keyword,
    name: &'a str,
    server: Option<&'a str>,
}

/// The keyword of a block that stands in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Keyword {
    Virtual,
    Failover,
}

impl Keyword {
    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word {
            "virtual" => Some(Self::Virtual),
            "failover" => Some(Self::Failover),
            _ => None,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Failover => "failover",
        }
    }
}

impl<'a> BlockPath<'a> {
    /// `virtual NAME {`, which is also `virtual server NAME {`.
    pub const fn virtual_server(name: &'a str) -> Self {
        Self::outer(Keyword::Virtual, name)
    }

    /// `failover NAME {`.
    pub const fn failover(name: &'a str) -> Self {
        Self::outer(Keyword::Failover, name)
    }

    pub(super) const fn outer(keyword: Keyword, name: &'a str) -> Self {
        Self {
            keyword,
            name,
            server: None,
        }
    }

    /// `server NAME {` in this block; of a `server` block, its neighbour of that name.
    #[must_use]
    pub fn server(self, name: &'a str) -> Self {
        Self {
            server: Some(name),
            ..self
        }
    }

    /// The block around this one.
    pub fn service(self) -> Option<Self> {
        self.server?;
        Some(Self {
            server: None,
            ..self
        })
    }

    /// Its own name.
    pub fn name(self) -> &'a str {
        self.server.unwrap_or(self.name)
    }

    /// The keyword it opens with.
    pub fn keyword(self) -> &'static str {
        match self.server {
            Some(_) => "server",
            None => self.keyword.word(),
        }
    }
}

impl fmt::Display for BlockPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = crate::words::shown;
        write!(f, "{} {}", self.keyword.word(), shown(self.name))?;
        match self.server {
            Some(server) => write!(f, "/server {}", shown(server)),
            None => Ok(()),
        }
    }
}
