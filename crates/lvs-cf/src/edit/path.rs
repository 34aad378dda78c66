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

/// A block, by its name and that of the block around it; where several have one name, by which of
/// them it is.
///
/// ```
/// # use lvs_cf::BlockPath;
/// let rs1 = BlockPath::virtual_server("vs1").server("rs1");
/// assert_eq!(rs1.to_string(), "virtual vs1/server rs1");
/// let second = BlockPath::virtual_server("vs1").nth(2).server("rs1");
/// assert_eq!(second.to_string(), "virtual vs1 (2)/server rs1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockPath<'a> {
    keyword: Keyword,
    outer: Name<'a>,
    server: Option<Name<'a>>,
}

/// One name of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Name<'a> {
    text: &'a str,
    /// Which of those that are called so and stand in one place, from 1; `None`: the only one.
    nth: Option<usize>,
}

impl<'a> Name<'a> {
    const fn only(text: &'a str) -> Self {
        Self { text, nth: None }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::words::shown(self.text))?;
        match self.nth {
            Some(nth) => write!(f, " ({nth})"),
            None => Ok(()),
        }
    }
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
            outer: Name::only(name),
            server: None,
        }
    }

    /// `server NAME {` in this block; of a `server` block, its neighbour of that name.
    #[must_use]
    pub fn server(self, name: &'a str) -> Self {
        Self {
            server: Some(Name::only(name)),
            ..self
        }
    }

    /// The `nth` of the blocks that this path names otherwise, from 1 and in file order: a file may
    /// have several of one name.
    #[must_use]
    pub fn nth(mut self, nth: usize) -> Self {
        self.own().nth = Some(nth);
        self
    }

    /// This path with no word on which of several it is.
    pub(super) fn only(mut self) -> Self {
        self.own().nth = None;
        self
    }

    /// Which of the blocks of its name it is, from 1. `None`: there is no other.
    pub fn ordinal(mut self) -> Option<usize> {
        self.own().nth
    }

    fn own(&mut self) -> &mut Name<'a> {
        self.server.as_mut().unwrap_or(&mut self.outer)
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
    pub fn name(mut self) -> &'a str {
        self.own().text
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
        write!(f, "{} {}", self.keyword.word(), self.outer)?;
        match self.server {
            Some(server) => write!(f, "/server {server}"),
            None => Ok(()),
        }
    }
}
