//! The lossless document: every byte of the file, cut into lines, words and blocks.
//!
//! A statement is one line, so the lines are the tree's nodes, in file order: an opening line
//! knows where its block ends. Lines and words are offsets into the text. An edit changes the
//! bytes of its own lines and cuts again; nothing here is ever printed from the typed values.

mod faults;
mod lines;
mod parse;

use crate::{Diagnostic, Span};

use parse::parse;

/// The text of a file and its structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    source: Vec<u8>,
    lines: Vec<Line>,
    words: Vec<Word>,
    /// The first line from which on it is a guess which block is which, or that is no text.
    fault: Option<u32>,
}

/// One line, its line end included. A large file has half a million: they are kept small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    /// Offset of its first byte; the next line's is its end.
    start: u32,
    /// Index of its first word; the next line's is its end. Below it, in three bits, the kind.
    first_word_and_kind: u32,
    /// For an opening: index of the first line behind the block, its `}` included in the block.
    block_end: u32,
}

impl Line {
    /// The line that begins at `start`. The index fits into 29 bits: a word has at least one of
    /// the [`Document::MAX_BYTES`], which take 26.
    fn new(start: usize, first_word: usize, kind: LineKind) -> Self {
        Self {
            start: to_u32(start),
            first_word_and_kind: to_u32(first_word) << 3 | kind as u32,
            block_end: 0,
        }
    }

    fn first_word(&self) -> usize {
        (self.first_word_and_kind >> 3) as usize
    }

    fn kind(&self) -> LineKind {
        let kind = (self.first_word_and_kind & 7) as usize;
        // Always found: what is there was one of them.
        *LineKind::ALL.get(kind).unwrap_or(&LineKind::Broken)
    }
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// Blank, or a comment.
    Empty,
    /// `NAME = VALUE...`; the values may be missing.
    Setting,
    /// `KEYWORD NAME {`; name and brace may be missing.
    Open,
    /// An opening with a fault that is already reported.
    BrokenOpen,
    /// `}`, perhaps with words behind it.
    Close,
    /// Words that are no statement.
    Stray,
    /// Not understood, and already reported.
    Broken,
}

impl LineKind {
    /// In the order of their numbers.
    const ALL: [LineKind; 7] = [
        LineKind::Empty,
        LineKind::Setting,
        LineKind::Open,
        LineKind::BrokenOpen,
        LineKind::Close,
        LineKind::Stray,
        LineKind::Broken,
    ];
}

/// A word of a statement. Comments and `=` are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    start: u32,
    len: u32,
}

/// A word and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'d> {
    /// The text, without its quotes.
    pub(crate) text: &'d str,
    /// Where it stands, quotes included.
    pub(crate) span: Span,
    /// Whether it was quoted.
    pub(crate) quoted: bool,
}

impl Document {
    /// Cuts `source` into lines, words and blocks. Nothing is ever refused: what is wrong is
    /// said in the diagnostics, the first few of each severity, in file order.
    ///
    /// The diagnostics are about the text alone (quotes, encoding, blocks); what the directives
    /// mean is [`load`](crate::load())'s part.
    ///
    /// At most [`MAX_BYTES`](Self::MAX_BYTES) are taken; the rest is left out and reported.
    pub fn parse(source: Vec<u8>) -> (Self, Vec<Diagnostic>) {
        let mut sink = crate::sink::Sink::default();
        let document = Self::parse_into(source, &mut sink);
        let found = sink.finish(&document);
        (document, found.diagnostics)
    }

    /// The longest text that is taken: offsets are 32 bits, and a longer file is no lvs.cf.
    pub const MAX_BYTES: usize = 64 << 20;

    pub(crate) fn parse_into(source: Vec<u8>, sink: &mut crate::sink::Sink) -> Self {
        parse(source, sink)
    }

    /// Prints the document: the bytes it was parsed from.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Printed line by line, so that a line lost while cutting is a byte lost here.
        (0..self.line_count())
            .flat_map(|i| &self.source[self.line_span(i).range()])
            .copied()
            .collect()
    }

    /// Number of lines. A last line without line end counts, an empty one does not.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The bytes of line `index` (from 0), its line end included.
    pub(crate) fn line_span(&self, index: usize) -> Span {
        let start = self.lines[index].start;
        let end = self
            .lines
            .get(index + 1)
            .map_or(self.len(), |next| next.start);
        Span::new(start, end)
    }

    /// The text of line `index` (from 0) without its line end and without a byte order mark.
    pub(crate) fn line_text(&self, index: usize) -> (Span, &[u8]) {
        let mut span = self.line_span(index);
        let bytes = &self.source[span.range()];
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let body = body.strip_suffix(b"\r").unwrap_or(body);
        let text = if index == 0 {
            body.strip_prefix(&BOM).unwrap_or(body)
        } else {
            body
        };
        span.start += to_u32(body.len() - text.len());
        (Span::new(span.start, span.start + to_u32(text.len())), text)
    }

    /// The line (from 0) that holds offset `at`; the last one for the end of the file.
    fn line_at(&self, at: u32) -> usize {
        self.lines
            .partition_point(|l| l.start <= at)
            .saturating_sub(1)
    }

    /// Line and column of offset `at`, both from 1, the column in characters.
    pub fn position(&self, at: u32) -> (u32, u32) {
        if self.lines.is_empty() {
            return (1, 1);
        }
        let line = self.line_at(at);
        let (span, text) = self.line_text(line);
        let before = (at.saturating_sub(span.start) as usize).min(text.len());
        let column = String::from_utf8_lossy(&text[..before]).chars().count();
        (to_u32(line + 1), to_u32(column + 1))
    }

    /// The end of the last line's text.
    pub(crate) fn text_end(&self) -> u32 {
        self.lines
            .len()
            .checked_sub(1)
            .map_or(0, |last| self.line_text(last).0.end())
    }

    /// The bytes, line ends and byte order mark included.
    pub(crate) fn source(&self) -> &[u8] {
        &self.source
    }

    /// Length in bytes.
    fn len(&self) -> u32 {
        to_u32(self.source.len())
    }

    /// The first line (from 0) from which on it is a guess which block is which: a brace too many
    /// or too few, or what is no text. Without one, every block has its `{` and its `}`.
    pub(crate) fn fault(&self) -> Option<usize> {
        self.fault.map(|line| line as usize)
    }

    pub(crate) fn kind(&self, line: usize) -> LineKind {
        self.lines[line].kind()
    }

    /// The first line behind the block that `line` opens.
    pub(crate) fn block_end(&self, line: usize) -> usize {
        self.lines[line].block_end as usize
    }

    /// The word at `span`, which came from this document.
    pub(crate) fn token_at(&self, span: Span) -> Token<'_> {
        self.token(Word {
            start: span.start,
            len: span.end() - span.start,
        })
    }

    /// The word that begins at `start`.
    pub(crate) fn word_at(&self, start: u32) -> Option<Token<'_>> {
        let index = self.words.binary_search_by_key(&start, |w| w.start).ok()?;
        Some(self.token(self.words[index]))
    }

    /// The first word of the line that holds `span`.
    pub(crate) fn first_token_of_line(&self, span: Span) -> Option<Token<'_>> {
        if self.lines.is_empty() {
            return None;
        }
        self.tokens(self.line_at(span.start)).next()
    }

    /// The words of a line.
    pub(crate) fn tokens(&self, line: usize) -> impl ExactSizeIterator<Item = Token<'_>> + Clone {
        let from = self.lines[line].first_word();
        let to = self
            .lines
            .get(line + 1)
            .map_or(self.words.len(), Line::first_word);
        self.words[from..to].iter().map(|w| self.token(*w))
    }

    fn token(&self, word: Word) -> Token<'_> {
        let span = Span::new(word.start, word.start + word.len);
        // Words come from text that was checked line by line, so this never falls back.
        let text = std::str::from_utf8(&self.source[span.range()]).unwrap_or_default();
        let unquoted = ['"', '\'']
            .iter()
            .find_map(|q| text.strip_prefix(*q).and_then(|t| t.strip_suffix(*q)));
        Token {
            text: unquoted.unwrap_or(text),
            span,
            quoted: unquoted.is_some(),
        }
    }
}

/// The UTF-8 byte order mark some editors put first.
pub(crate) const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Offsets fit: a document has at most [`Document::MAX_BYTES`].
fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
