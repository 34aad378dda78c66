//! What is expected of a reply, and what the bytes that came so far say: no socket, no clock.

use expect::pattern::{HEAVIEST, Pattern, PatternError};

use super::Excerpt;
use crate::pages::Pages;

/// How many bytes of a reply an expression is matched with at most.
pub const LONGEST: usize = 64 * 1024;

/// How much one reply is searched, in all, while more of it may come: the loop has other things to do.
/// In bytes, each counted as often as the expression weighs: enough to search the longest reply once
/// with the heaviest expression, and many times with others. One search after that, when nothing more
/// can come, is always made.
const PATIENCE: usize = LONGEST * HEAVIEST;

/// So much of that may be spent on searching whenever the reply has grown. After that it is searched
/// when it has doubled, or its server is waited for in vain: one that sends byte by byte costs no more.
const EFFORT: usize = PATIENCE / 4;

/// Satisfied by any byte.
const WILDCARD: u8 = b'*';

/// What is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// These bytes from the start of the reply, where `*` stands for any byte.
    Bytes(Vec<u8>),
    /// A match anywhere in the reply.
    Pattern(Pattern),
}

/// What the bytes that came so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// As expected so far, but not all of it.
    SoFar,
    /// As expected.
    Yes,
    /// Not as expected.
    No,
}

/// What came of a reply.
#[derive(Debug, Default)]
pub struct Reply {
    /// How many bytes came.
    length: usize,
    start: Excerpt,
    /// What came, where an expression is matched with it.
    text: Text,
    /// How long it was when it was last searched.
    searched: usize,
    /// How much it was searched in all, see [`PATIENCE`].
    effort: usize,
}

impl Expect {
    /// Bytes, or an expression to be compiled.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn new(expected: Vec<u8>, is_pattern: bool) -> Result<Self, PatternError> {
        if is_pattern {
            Pattern::new(&expected).map(Self::Pattern)
        } else {
            Ok(Self::Bytes(expected))
        }
    }

    /// Whether nothing was written: any bytes agree with it.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Bytes(expected) => expected.is_empty(),
            Self::Pattern(pattern) => pattern.is_empty(),
        }
    }

    /// Whether it accepts the whole output of a program, less one final newline. Of an output that
    /// was cut off only the start is there: it equals nothing.
    #[must_use]
    pub fn accepts(&self, output: &[u8], is_cut_off: bool) -> bool {
        let output = match output {
            [line @ .., b'\n'] if !is_cut_off => line,
            output => output,
        };
        match self {
            // By itself the wildcard means "anything", of a reply as of an output.
            Self::Bytes(expected) if expected == &[WILDCARD] => !output.is_empty(),
            Self::Bytes(expected) => {
                !is_cut_off && expected.len() == output.len() && agree(expected, output)
            }
            Self::Pattern(pattern) => pattern.is_in(Text::from(output).as_str()),
        }
    }
}

impl Reply {
    /// How many more bytes can make a difference.
    #[must_use]
    pub fn missing(&self, expect: &Expect) -> usize {
        let wanted = match expect {
            Expect::Bytes(expected) => expected.len(),
            Expect::Pattern(_) => LONGEST,
        };
        wanted.saturating_sub(self.length)
    }

    /// The start of it.
    pub(super) fn start(&self) -> Excerpt {
        self.start
    }

    /// Takes in more of the reply. Bytes beyond those that are missing are not looked at.
    pub fn take(&mut self, expect: &Expect, bytes: &[u8]) -> Match {
        self.start.push(bytes);
        let missing = self.missing(expect);
        let bytes = &bytes[..bytes.len().min(missing)];
        let is_whole = bytes.len() == missing;
        let before = self.length;
        self.length += bytes.len();
        match expect {
            Expect::Bytes(expected) => {
                if !agree(expected.get(before..).unwrap_or_default(), bytes) {
                    Match::No
                } else if is_whole {
                    Match::Yes
                } else {
                    Match::SoFar
                }
            }
            Expect::Pattern(_) => {
                self.text.push(bytes);
                if is_whole {
                    self.ended(expect)
                } else {
                    Match::SoFar
                }
            }
        }
    }

    /// For now nothing more is there.
    pub fn pause(&mut self, expect: &Expect) -> Match {
        match expect {
            Expect::Pattern(pattern)
                if (self.length >= 2 * self.searched || self.affords(pattern, EFFORT))
                    && self.affords(pattern, PATIENCE)
                    && self.search(pattern) =>
            {
                Match::Yes
            }
            Expect::Pattern(_) | Expect::Bytes(_) => Match::SoFar,
        }
    }

    /// Nothing more will come.
    pub fn ended(&mut self, expect: &Expect) -> Match {
        let is_expected = match expect {
            Expect::Bytes(_) => self.missing(expect) == 0,
            // That nothing came at all may be what is expected.
            Expect::Pattern(pattern) if self.length == 0 => pattern.is_in(self.text.as_str()),
            Expect::Pattern(pattern) => self.search(pattern),
        };
        if is_expected { Match::Yes } else { Match::No }
    }

    /// Whether what has come is as expected, though the server may go on; `is_last` where it is not
    /// waited for any more.
    pub fn is_enough(&mut self, expect: &Expect, is_last: bool) -> bool {
        match expect {
            Expect::Bytes(_) => self.missing(expect) == 0,
            Expect::Pattern(pattern) => {
                (is_last || self.affords(pattern, PATIENCE)) && self.search(pattern)
            }
        }
    }

    /// Whether one more search leaves the effort within `most`.
    fn affords(&self, pattern: &Pattern, most: usize) -> bool {
        self.effort + self.length * pattern.weight() <= most
    }

    /// Searches what has come, unless that has been done.
    fn search(&mut self, pattern: &Pattern) -> bool {
        if self.searched == self.length {
            return false;
        }
        self.searched = self.length;
        self.effort += self.length * pattern.weight();
        pattern.is_in(self.text.as_str())
    }
}

/// What an expression is matched with: each byte as the character of the same number.
#[derive(Debug)]
struct Text(Pages);

impl Default for Text {
    fn default() -> Self {
        // A character takes two bytes at most.
        Self(Pages::new(2 * LONGEST))
    }
}

impl Text {
    fn push(&mut self, bytes: &[u8]) {
        for run in bytes.chunk_by(|one, next| one.is_ascii() == next.is_ascii()) {
            if run.is_ascii() {
                self.0.push(run);
            } else {
                for &byte in run {
                    self.0
                        .push(char::from(byte).encode_utf8(&mut [0; 2]).as_bytes());
                }
            }
        }
    }

    fn as_str(&self) -> &str {
        // It is text, unless the room ended within a character.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        let mut text = Self::default();
        text.push(bytes);
        text
    }
}

/// Whether the bytes agree as far as both go.
fn agree(expected: &[u8], bytes: &[u8]) -> bool {
    let mut pairs = expected.iter().zip(bytes);
    pairs.all(|(expected, byte)| *expected == WILDCARD || expected == byte)
}

#[cfg(test)]
mod tests;
