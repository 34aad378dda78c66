//! Cutting a text into lines, words and blocks.
//!
//! Lines are split here, over bytes, and each is given to the grammar by itself: a fault ends
//! with its line, and text that is not UTF-8 spoils no more than the line it is on.

use pest::Parser;

use super::faults;
use super::lines::{most, readable, split};
use super::{BOM, Document, Line, LineKind, Word, to_u32};
use crate::directive::Block;
use crate::sink::{Draft, Sink};
use crate::{Kind, Span};

#[derive(pest_derive::Parser)]
#[grammar = "document/line.pest"]
struct Grammar;

pub(super) fn parse(mut source: Vec<u8>, sink: &mut Sink) -> Document {
    let cut = source.len() > Document::MAX_BYTES;
    if cut {
        source.truncate(Document::MAX_BYTES);
        let end = Span::new(to_u32(source.len()), to_u32(source.len()));
        sink.fatal(
            end,
            Draft::new(Kind::NotText).detail(": longer than 64 MiB"),
        );
    }
    let (lines, words) = most(&source);
    let mut cutter = Cutter::new(sink, lines, words);
    if cut {
        cutter.fault = Some(0);
    }
    let mut start = 0;
    while start < source.len() {
        let (text_len, end) = split(&source, start);
        let bom = if start == 0 && source.starts_with(&BOM) {
            BOM.len()
        } else {
            0
        };
        if !cutter.line(start, &source[start + bom..start + text_len], start + bom) {
            // Not a text file: the rest stays one line that nobody looks at.
            break;
        }
        start = end;
    }
    cutter.end_of_file(to_u32(source.len()));
    Document {
        source,
        lines: cutter.lines,
        words: cutter.words,
        fault: cutter.fault,
    }
}

/// What the grammar made of a line.
struct Read {
    kind: LineKind,
    /// A comment reaches to the end of the text.
    in_comment: bool,
    /// A word whose quote is never closed.
    open_quote: Option<Span>,
    has_brace: bool,
    /// The last word is `}`.
    ends_in_brace: bool,
    /// If it is an opening.
    block: Block,
}

/// A block whose `}` is still to come.
struct Opened {
    line: usize,
    span: Span,
    block: Block,
}

struct Cutter<'s> {
    lines: Vec<Line>,
    words: Vec<Word>,
    /// Outermost first.
    open: Vec<Opened>,
    /// The last statement was an opening without its brace.
    brace_missing: bool,
    /// The first line from which on it is a guess which block is which.
    fault: Option<u32>,
    /// The text of the line at hand, without its indentation.
    text_span: Span,
    sink: &'s mut Sink,
}

impl<'s> Cutter<'s> {
    fn new(sink: &'s mut Sink, lines: usize, words: usize) -> Self {
        Self {
            lines: Vec::with_capacity(lines),
            words: Vec::with_capacity(words),
            open: Vec::new(),
            brace_missing: false,
            fault: None,
            text_span: Span::new(0, 0),
            sink,
        }
    }

    /// Adds the line that begins at `start`; its text begins at `offset`. False: this is no text
    /// file, stop.
    fn line(&mut self, start: usize, text: &[u8], offset: usize) -> bool {
        let first_word = self.words.len();
        let (valid, bad) = readable(text);
        let read = self.read(valid, offset);
        let bad = bad.filter(|_| !read.in_comment);
        if let Some(byte) = bad {
            let at = to_u32(offset + valid.len());
            if !self.bad_byte(byte, Span::new(at, at + 1), valid) {
                self.words.truncate(first_word);
                self.push(start, first_word, LineKind::Broken);
                self.fault();
                return false;
            }
        } else if let Some(span) = read.open_quote {
            let from = (span.start as usize).saturating_sub(offset);
            let rest = valid.get(from..).unwrap_or_default();
            self.sink.error(span, || faults::open_quote(rest));
        }
        let mut kind = read.kind;
        if bad.is_some() || read.open_quote.is_some() {
            kind = match kind {
                LineKind::Open | LineKind::BrokenOpen => LineKind::BrokenOpen,
                _ => LineKind::Broken,
            };
        }
        // `NAME = VALUE }`: reported, and the block closed so that the rest is understood.
        let closes = kind == LineKind::Setting
            && read.ends_in_brace
            && self.words.len() > first_word + 2
            && !self.open.is_empty();
        if closes {
            kind = LineKind::Broken;
            let brace = self.last_word().unwrap_or(self.text_span);
            self.sink.error(brace, faults::brace_behind_statement);
        }
        if self.brace_missing && kind == LineKind::Stray && valid.trim_start().starts_with('{') {
            // The brace of the opening above, which is reported there.
            kind = LineKind::Broken;
        }
        if kind != LineKind::Empty {
            let opens = matches!(kind, LineKind::Open | LineKind::BrokenOpen);
            self.brace_missing = opens && !read.has_brace;
        }
        self.push(start, first_word, kind);
        let indent = text.len() - text.trim_ascii_start().len();
        self.text_span = Span::new(to_u32(offset + indent), to_u32(offset + text.len()));
        match kind {
            LineKind::Open | LineKind::BrokenOpen => {
                self.open_block(read.block, first_word);
                if kind == LineKind::BrokenOpen || !read.has_brace {
                    self.fault();
                }
                if read.has_brace && read.ends_in_brace {
                    self.fault();
                    // A block on one line: reported, and closed so that the rest is understood.
                    self.pop_block(to_u32(self.lines.len()));
                }
            }
            LineKind::Close => self.close_block(first_word, read.ends_in_brace),
            LineKind::Broken if closes => {
                self.fault();
                self.pop_block(to_u32(self.lines.len()));
            }
            LineKind::Empty | LineKind::Setting | LineKind::Stray | LineKind::Broken => {}
        }
        true
    }

    fn push(&mut self, start: usize, first_word: usize, kind: LineKind) {
        self.lines.push(Line::new(start, first_word, kind));
    }

    /// From the line just added on it is a guess which block is which.
    fn fault(&mut self) {
        let line = to_u32(self.lines.len() - 1);
        self.fault.get_or_insert(line);
    }

    /// Runs the grammar over one line and keeps its words.
    fn read(&mut self, text: &str, offset: usize) -> Read {
        let mut read = Read {
            kind: LineKind::Empty,
            in_comment: false,
            open_quote: None,
            has_brace: false,
            ends_in_brace: false,
            block: Block::Other,
        };
        if text.bytes().all(|b| matches!(b, b' ' | b'\t')) {
            return read;
        }
        let Ok(Some(statement)) = Grammar::parse(Rule::line, text).map(|mut found| found.next())
        else {
            // The grammar matches every line. Should it ever not, the line must not be lost.
            let span = Span::new(to_u32(offset), to_u32(offset + text.len()));
            self.sink
                .error(span, || Draft::new(Kind::UnexpectedArguments));
            read.kind = LineKind::Broken;
            return read;
        };
        let rule = statement.as_rule();
        let first_word = self.words.len();
        read.in_comment = rule == Rule::comment;
        let (mut keyword, mut last) = (None, "");
        for part in statement.into_inner() {
            let span = part.as_span();
            let (start, len) = (
                to_u32(offset + span.start()),
                to_u32(span.end() - span.start()),
            );
            match part.as_rule() {
                Rule::comment => read.in_comment = true,
                Rule::open_quote => read.open_quote = Some(Span::new(start, start + len)),
                other => {
                    read.has_brace |= other == Rule::brace;
                    last = span.as_str();
                    read.ends_in_brace = last == "}";
                    keyword.get_or_insert(span.as_str());
                    self.words.push(Word { start, len });
                }
            }
        }
        read.block = keyword.map_or(Block::Other, Block::opened_by);
        // `virtual = web {`.
        let opens = rule == Rule::setting && read.block != Block::Other && last == "{";
        if opens {
            read.has_brace = true;
            let span = self.word_span(first_word).unwrap_or(self.text_span);
            let keyword = keyword.unwrap_or_default();
            self.sink.error(span, || faults::equals_in_title(keyword));
        }
        read.kind = match rule {
            Rule::setting if opens => LineKind::BrokenOpen,
            Rule::setting => LineKind::Setting,
            Rule::open => LineKind::Open,
            Rule::close => LineKind::Close,
            Rule::stray if read.block != Block::Other => LineKind::Open,
            Rule::stray => LineKind::Stray,
            _ => LineKind::Empty,
        };
        read
    }

    /// Reports a byte that is not text. False: the whole file is not.
    fn bad_byte(&mut self, byte: u8, span: Span, before: &str) -> bool {
        let utf16 = span.start == 0 && byte >= 0xfe;
        if byte == 0 || utf16 {
            self.sink.fatal(span, faults::not_text(byte, utf16));
            return false;
        }
        self.sink.error(span, || faults::not_utf8(byte, before));
        true
    }

    fn open_block(&mut self, block: Block, first_word: usize) {
        let line = self.lines.len() - 1;
        let span = self.word_span(first_word).unwrap_or(self.text_span);
        let unclosed = match block {
            // These stand in no other block, so every open one lacks its brace.
            Block::Outer => self.open.len(),
            Block::Server => {
                usize::from(self.open.last().is_some_and(|o| o.block == Block::Server))
            }
            Block::Other => 0,
        };
        for index in 0..unclosed {
            let Some(opened) = self.open.pop() else { break };
            self.lines[opened.line].block_end = to_u32(line);
            if index == 0 {
                self.fault();
                self.sink.error(span, || faults::block_inside(opened.span));
            }
        }
        self.open.push(Opened { line, span, block });
    }

    fn pop_block(&mut self, end: u32) -> bool {
        let Some(opened) = self.open.pop() else {
            return false;
        };
        self.lines[opened.line].block_end = end;
        true
    }

    fn close_block(&mut self, first_word: usize, ends_in_brace: bool) {
        if let (Some(first), Some(last)) = (self.word_span(first_word), self.last_word()) {
            self.sink.error(first.to(last), faults::behind_brace);
        }
        let end = to_u32(self.lines.len());
        if self.pop_block(end) {
            if ends_in_brace && self.words.len() == first_word + 1 {
                // `}}` for two blocks is reported like any other word there, and understood.
                self.pop_block(end);
                self.fault();
            }
            return;
        }
        self.fault();
        let brace = Span::new(self.text_span.start, self.text_span.start + 1);
        self.sink.error(brace, faults::stray_brace);
    }

    fn last_word(&self) -> Option<Span> {
        self.word_span(self.words.len().checked_sub(1)?)
    }

    fn word_span(&self, index: usize) -> Option<Span> {
        self.words
            .get(index)
            .map(|w| Span::new(w.start, w.start + w.len))
    }

    /// Ends the blocks that are open at the end of the file.
    fn end_of_file(&mut self, len: u32) {
        let lines = to_u32(self.lines.len());
        let end = self.text_span.end().min(len);
        while let Some(opened) = self.open.pop() {
            self.lines[opened.line].block_end = lines;
            self.fault.get_or_insert(to_u32(opened.line));
            self.sink
                .error(Span::new(end, end), || faults::end_of_file(opened.span));
        }
        self.lines.shrink_to_fit();
        self.words.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_line_with_a_word_is_a_statement(
            line in prop_oneof!["[ \t]{0,2}\\PC[^\n]{0,30}", "[ \t{}#='\"a!]{1,8}"],
        ) {
            let words = line.trim_matches([' ', '\t']);
            prop_assume!(!words.is_empty());
            let statement = Grammar::parse(Rule::line, &line).unwrap().next().unwrap();
            let read: String = statement.as_str().trim_end_matches([' ', '\t']).to_owned();
            prop_assert_eq!(read, words);
        }
    }

    #[test]
    fn braces_before_something_strange_are_a_word() {
        let mut line = Grammar::parse(Rule::line, "x{}\u{b}").unwrap();
        assert_eq!(line.next().unwrap().as_rule(), Rule::stray);
    }
}
