//! Compares a reply, as it arrives, with the expected one. No socket, no clock.

use expect::pattern::{HEAVIEST, Pattern, PatternError};

use super::Excerpt;
use crate::pages::Pages;

/// Maximum length of the part of a reply that an expression is matched with.
pub const LONGEST: usize = 64 * 1024;

/// Search budget of one reply while more of it may arrive, so that the event loop is not blocked.
/// In bytes, each weighted by the cost of the expression: sufficient to search the longest reply
/// once with the most expensive expression, and many times with others. One last search at the end
/// of the reply is always made.
const BUDGET: usize = LONGEST * HEAVIEST;

/// Part of the budget that may be spent whenever the reply has grown. After that the reply is
/// searched when it has doubled, or at the end of a part of the timeout: a server that sends byte
/// by byte costs no more.
const EAGER_BUDGET: usize = BUDGET / 4;

/// Matches any byte.
const WILDCARD: u8 = b'*';

/// An expected reply or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// These bytes from the start of the reply; `*` matches any byte.
    Bytes(Vec<u8>),
    /// A match anywhere in the reply.
    Pattern(Pattern),
}

/// Result of the comparison with the bytes so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Matches so far, but incomplete.
    Partial,
    /// Matches.
    Yes,
    /// Does not match.
    No,
}

/// A reply as it arrives.
#[derive(Debug, Default)]
pub struct Reply {
    /// Number of bytes so far.
    length: usize,
    start: Excerpt,
    /// The bytes so far, for an expression.
    text: Text,
    /// Length at the last search.
    searched: usize,
    /// Spent search budget, see [`BUDGET`].
    effort: usize,
}

impl Expect {
    /// Takes bytes, or compiles an expression.
    ///
    /// # Errors
    /// The expression is invalid.
    pub fn new(expected: Vec<u8>, is_pattern: bool) -> Result<Self, PatternError> {
        if is_pattern {
            Pattern::new(&expected).map(Self::Pattern)
        } else {
            Ok(Self::Bytes(expected))
        }
    }

    /// Whether it is empty, and so matches any bytes.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Bytes(expected) => expected.is_empty(),
            Self::Pattern(pattern) => pattern.is_empty(),
        }
    }

    /// Whether it matches the whole output of a program, less one final newline. A truncated output
    /// equals no bytes.
    #[must_use]
    pub fn accepts(&self, output: &[u8], is_cut_off: bool) -> bool {
        let output = match output {
            [line @ .., b'\n'] if !is_cut_off => line,
            output => output,
        };
        match self {
            // Alone the wildcard matches anything but an empty output.
            Self::Bytes(expected) if expected == &[WILDCARD] => !output.is_empty(),
            Self::Bytes(expected) => {
                !is_cut_off && expected.len() == output.len() && agree(expected, output)
            }
            Self::Pattern(pattern) => pattern.is_in(Text::from(output).as_str()),
        }
    }
}

impl Reply {
    /// Number of further bytes that can affect the result.
    #[must_use]
    pub fn missing(&self, expect: &Expect) -> usize {
        let needed = match expect {
            Expect::Bytes(expected) => expected.len(),
            Expect::Pattern(_) => LONGEST,
        };
        needed.saturating_sub(self.length)
    }

    /// The start of the reply.
    pub(super) fn start(&self) -> Excerpt {
        self.start
    }

    /// Appends bytes of the reply. Ignores those beyond the missing ones.
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
                    Match::Partial
                }
            }
            Expect::Pattern(_) => {
                self.text.push(bytes);
                if is_whole {
                    self.ended(expect)
                } else {
                    Match::Partial
                }
            }
        }
    }

    /// Compares when no more bytes are available for now.
    pub fn pause(&mut self, expect: &Expect) -> Match {
        match expect {
            Expect::Pattern(pattern)
                if (self.length >= 2 * self.searched || self.affords(pattern, EAGER_BUDGET))
                    && self.affords(pattern, BUDGET)
                    && self.search(pattern) =>
            {
                Match::Yes
            }
            Expect::Pattern(_) | Expect::Bytes(_) => Match::Partial,
        }
    }

    /// Compares when the reply is complete.
    pub fn ended(&mut self, expect: &Expect) -> Match {
        let is_expected = match expect {
            Expect::Bytes(_) => self.missing(expect) == 0,
            // The expression may match an empty reply.
            Expect::Pattern(pattern) if self.length == 0 => pattern.is_in(self.text.as_str()),
            Expect::Pattern(pattern) => self.search(pattern),
        };
        if is_expected { Match::Yes } else { Match::No }
    }

    /// Whether the reply so far matches although the server may continue; `is_last` at the timeout.
    pub fn is_enough(&mut self, expect: &Expect, is_last: bool) -> bool {
        match expect {
            Expect::Bytes(_) => self.missing(expect) == 0,
            Expect::Pattern(pattern) => {
                (is_last || self.affords(pattern, BUDGET)) && self.search(pattern)
            }
        }
    }

    /// Whether one more search keeps the spent budget within `most`.
    fn affords(&self, pattern: &Pattern, most: usize) -> bool {
        self.effort + self.length * pattern.weight() <= most
    }

    /// Searches the reply so far, unless that was done already.
    fn search(&mut self, pattern: &Pattern) -> bool {
        if self.searched == self.length {
            return false;
        }
        self.searched = self.length;
        self.effort += self.length * pattern.weight();
        pattern.is_in(self.text.as_str())
    }
}

/// Text for the expression: each byte as the character with the same number.
#[derive(Debug)]
struct Text(Pages);

impl Default for Text {
    fn default() -> Self {
        // A character takes at most two bytes.
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
        // Valid text, unless the buffer ended within a character.
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

/// Whether the bytes match over the common length.
fn agree(expected: &[u8], bytes: &[u8]) -> bool {
    let mut pairs = expected.iter().zip(bytes);
    pairs.all(|(expected, byte)| *expected == WILDCARD || expected == byte)
}

#[cfg(test)]
mod tests;
