//! POSIX extended regular expressions over bytes (`--regex`).
//!
//! The engine is `regex-lite`: its time is linear in the reply, whatever a server makes up, and
//! its code is small. It knows another syntax, and text only. So an expression is translated, and
//! each byte of a reply stands as the character of the same number.

mod bracket;
mod translate;

use regex_lite::{Regex, RegexBuilder};

use self::translate::translate;

/// The most memory a compiled expression may take. It bounds the work for each byte of a reply: the
/// longest reply is searched in some tenths of a second. The 255 repetitions that POSIX promises
/// (`RE_DUP_MAX`) of something simple take 19 KiB.
const LARGEST: usize = 20 * 1024;

/// What is wrong with an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A repetition at the start, after `(`, `|` or an anchor.
    #[error("nothing before the repetition")]
    NothingToRepeat,
    /// Braces that hold something else than numbers.
    #[error(
        "braces need {{N}}, {{N,}} or {{N,M}}, with a backslash before those that are meant as text"
    )]
    Braces,
    /// More repetitions than `RE_DUP_MAX` of POSIX systems.
    #[error("more than 32767 repetitions")]
    Repetitions,
    /// A group without its end.
    #[error("( without )")]
    Group,
    /// A bracket expression without its end.
    #[error("[ without ]")]
    Bracket,
    /// A range whose start is after its end, or that starts or ends with a class.
    #[error("invalid range in brackets")]
    Range,
    /// An unknown class.
    #[error("unknown class in brackets")]
    Class,
    /// A collating element of several characters.
    #[error("unknown collating element in brackets")]
    Collation,
    /// A backslash at the end.
    #[error("nothing after the backslash")]
    Backslash,
    /// `\1` to `\9`.
    #[error("extended regular expressions have no back-references")]
    BackReference,
    /// Too large or too deep for the engine.
    #[error("too large")]
    TooLarge,
}

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: Vec<u8>,
    engine: Regex,
}

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(source: &[u8]) -> Result<Self, PatternError> {
        let engine = RegexBuilder::new(&translate(source)?)
            .size_limit(LARGEST)
            .build()
            .map_err(|_| PatternError::TooLarge)?;
        Ok(Self {
            source: source.to_vec(),
            engine,
        })
    }

    /// Whether it is empty, and so matches anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// Whether it matches anywhere in `text`, in which each byte stands as the character of the same
    /// number (`char::from`).
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.engine.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests;
