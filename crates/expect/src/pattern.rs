//! POSIX extended regular expressions over bytes (`--regex`).
//!
//! The engine is `regex-lite`: its time is linear in the reply, whatever a server makes up, and
//! its code is small. It knows another syntax, and text only. So an expression is translated, and
//! each byte of a reply stands as the character of the same number.

mod bracket;
mod translate;

use regex_lite::{Regex, RegexBuilder};

use self::translate::translate;

/// How much memory a compiled expression may take, in KiB: the least of these that is enough. It bounds
/// the work for each byte of a reply: with the most, 64 KiB are searched in about a second. The 255
/// repetitions that POSIX promises (`RE_DUP_MAX`) of something simple take 19 KiB.
const SIZES: [usize; 6] = [1, 2, 4, 8, 16, HEAVIEST];

/// The largest [`Pattern::weight`].
pub const HEAVIEST: usize = 20;

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
    weight: usize,
}

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(source: &[u8]) -> Result<Self, PatternError> {
        let translated = translate(source)?;
        let of_size = |kib: usize| {
            let engine = RegexBuilder::new(&translated)
                .size_limit(kib * 1024)
                .build();
            Some((engine.ok()?, kib))
        };
        let (engine, weight) = SIZES
            .into_iter()
            .find_map(of_size)
            .ok_or(PatternError::TooLarge)?;
        Ok(Self {
            source: source.to_vec(),
            engine,
            weight,
        })
    }

    /// How much work each byte of a text is at most, from 1 to [`HEAVIEST`]: the engine may visit each
    /// of its states for each byte, and this is their size in KiB, rounded up.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
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
