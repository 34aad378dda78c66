//! Where in a file something stands: byte ranges, and values that remember theirs.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::ops::{Deref, Range};

/// A range of bytes of the file, end exclusive.
///
/// Two words, and no more as an `Option`: a large file has hundreds of thousands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// One more than the end.
    beyond: NonZeroU32,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub fn new(start: u32, end: u32) -> Self {
        Self {
            start,
            beyond: NonZeroU32::MIN.saturating_add(end),
        }
    }

    /// Offset behind the last byte.
    pub fn end(self) -> u32 {
        self.beyond.get() - 1
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            beyond: self.beyond.max(other.beyond),
        }
    }

    /// The same range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end() as usize
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end())
    }
}

/// A value and the place it was written, or no place if it is a default.
///
/// Two of them are equal when their values are: a reload compares what a file means, not where
/// it says so.
#[derive(Debug, Clone, Copy)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where the file says it; `None` for a default.
    pub span: Option<Span>,
}

impl<T> Spanned<T> {
    /// A value that stands in the file.
    pub fn at(value: T, span: Span) -> Self {
        Self {
            value,
            span: Some(span),
        }
    }

    /// A value the file does not give.
    pub fn default_value(value: T) -> Self {
        Self { value, span: None }
    }

    /// Whether the file does not give this value.
    pub fn is_default(&self) -> bool {
        self.span.is_none()
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: Hash> Hash for Spanned<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
