//! Changing bytes: what is taken out of the text, and what is put there.

use std::ops::Range;

use crate::Document;
use crate::document::BOM;

/// Bytes that take the place of others.
#[derive(Debug)]
pub(super) struct Splice {
    range: Range<usize>,
    text: Vec<u8>,
}

impl Splice {
    /// `text` in place of the bytes of `range`.
    pub(super) fn replace(range: Range<usize>, text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        Self { range, text }
    }

    /// `lines` as lines of their own, in front of line `at`, or at the end of the file if that is
    /// behind the last one. They end as the line before them does.
    pub(super) fn insert(document: &Document, at: usize, lines: &[String]) -> Self {
        let above = at.checked_sub(1);
        let end = line_end(document, above.unwrap_or(0));
        let lines = lines.join(std::str::from_utf8(end).unwrap_or("\n"));
        let mut text = lines.into_bytes();
        let Some(above) = above else {
            let start = match document.line_count() {
                0 => 0,
                // Behind a byte order mark.
                _ => document.line_text(0).0.start as usize,
            };
            text.extend(end);
            return Self::replace(start..start, text);
        };
        let (span, body) = document.line_text(above);
        let start = document.line_span(above).end() as usize;
        let is_open = span.end() as usize == start;
        if is_open && !body.is_empty() {
            // The last line has no line end, and will not have one.
            text.splice(0..0, end.iter().copied());
        } else {
            text.extend(end);
        }
        Self::replace(start..start, text)
    }

    /// Nothing in place of the lines of `lines`.
    pub(super) fn remove(document: &Document, lines: Range<usize>) -> Self {
        let source = document.source();
        let mut start = document.line_text(lines.start).0.start as usize;
        let end = document.line_span(lines.end - 1).end() as usize;
        let last = document.line_text(lines.end - 1).0.end() as usize;
        if end == source.len() && last == end && lines.start > 0 {
            let (above, text) = document.line_text(lines.start - 1);
            if !text.is_empty() {
                // What is now the last line has no line end either.
                start = above.end() as usize;
            }
        }
        let rest = &source[end..];
        let text: &[u8] = if start == 0 && rest.first().is_some_and(|b| *b >= 0xef) {
            // What is now first must not turn into a byte order mark.
            &BOM
        } else if source[..start].ends_with(b"\r") && rest.starts_with(b"\n") {
            // Nor must two line ends turn into one.
            b"\r"
        } else {
            b""
        };
        Self::replace(start..end, text)
    }
}

/// The bytes that end `line`; for a line that has none, those of the line before, else LF.
fn line_end(document: &Document, line: usize) -> &[u8] {
    let of = |line: usize| {
        let span = document.line_span(line);
        let text = document.line_text(line).0;
        &document.source()[text.end() as usize..span.end() as usize]
    };
    [Some(line), line.checked_sub(1)]
        .into_iter()
        .flatten()
        .filter(|line| *line < document.line_count())
        .map(of)
        .find(|end| !end.is_empty())
        .unwrap_or(b"\n")
}

/// The text with `splices` in it, which are in file order.
pub(super) fn spliced(document: &Document, splices: &[Splice]) -> Vec<u8> {
    let source = document.source();
    let added: usize = splices.iter().map(|s| s.text.len()).sum();
    let mut text = Vec::with_capacity(source.len() + added);
    let mut done = 0;
    for splice in splices {
        text.extend_from_slice(&source[done..splice.range.start]);
        text.extend_from_slice(&splice.text);
        done = splice.range.end;
    }
    text.extend_from_slice(&source[done..]);
    text
}
