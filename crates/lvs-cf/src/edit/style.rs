//! The manner of a file: how its lines are indented, its `=` spaced, its words quoted.

use std::ops::Range;

use super::locate::{Entry, entries, inner_blocks, inside};
use super::words::Quoting;
use crate::Document;
use crate::document::LineKind;

/// The indentation of a block's lines in a file that shows none.
const INDENT: &str = "    ";

/// Whether a line has nothing on it.
pub(super) fn is_blank(document: &Document, line: usize) -> bool {
    let (_, text) = document.line_text(line);
    text.iter().all(|b| matches!(b, b' ' | b'\t'))
}

/// Whether a line has a comment on it and nothing else.
pub(super) fn is_comment(document: &Document, line: usize) -> bool {
    document.kind(line) == LineKind::Empty && !is_blank(document, line)
}

/// The first of the comment lines that stand right above `line`, else `line`.
pub(super) fn with_comments(document: &Document, line: usize) -> usize {
    let comments = (0..line).rev().take_while(|l| is_comment(document, *l));
    line - comments.count()
}

/// The blanks a line begins with.
pub(super) fn indent(document: &Document, line: usize) -> String {
    let (_, text) = document.line_text(line);
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | b'\t'));
    blanks.map(|b| char::from(*b)).collect()
}

/// The indentation of what stands in the block that `line` opens, as other blocks of the file
/// have it.
pub(super) fn indent_inside(document: &Document, line: usize) -> String {
    indent(document, line) + &unit(document)
}

/// By how much the lines of a block are indented more than its opening line.
fn unit(document: &Document) -> String {
    let all = 0..document.line_count();
    let own = |block: &Range<usize>| {
        let outside = indent(document, block.start);
        let inside = indent(document, first_setting(document, inside(block))?);
        inside.strip_prefix(&outside).map(str::to_owned)
    };
    inner_blocks(document, all)
        .find_map(|outer| {
            let mut inner = inner_blocks(document, inside(&outer));
            own(&outer).or_else(|| inner.find_map(|block| own(&block)))
        })
        .unwrap_or_else(|| INDENT.to_owned())
}

fn first_setting(document: &Document, scope: Range<usize>) -> Option<usize> {
    entries(document, scope).find_map(|entry| match entry {
        Entry::Line(line) if document.kind(line) == LineKind::Setting => Some(line),
        _ => None,
    })
}

/// What stands between a directive and its first value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Equals {
    /// Blanks before the `=`.
    before: String,
    /// Blanks behind it.
    after: String,
    /// The length of the directive before it.
    name: usize,
}

impl Equals {
    /// As on `line`, else as on the first line of the file that has a value.
    pub(super) fn like(document: &Document, line: Option<usize>) -> Self {
        line.into_iter()
            .chain(0..document.line_count())
            .find_map(|line| Self::of(document, line))
            .unwrap_or_else(|| Self {
                before: " ".to_owned(),
                after: " ".to_owned(),
                name: 0,
            })
    }

    fn of(document: &Document, line: usize) -> Option<Self> {
        if document.kind(line) != LineKind::Setting {
            return None;
        }
        let mut tokens = document.tokens(line);
        let (name, value) = (tokens.next()?.span, tokens.next()?.span);
        let between = &document.source()[name.end() as usize..value.start as usize];
        let (before, after) = std::str::from_utf8(between).ok()?.split_once('=')?;
        Some(Self {
            before: before.to_owned(),
            after: after.to_owned(),
            name: (name.end() - name.start) as usize,
        })
    }

    /// The `=` with its blanks, behind a directive of `name` bytes. Where more than one space
    /// stands before it, the `=` of several lines are one below the other.
    pub(super) fn behind(&self, name: usize) -> String {
        let Self { before, after, .. } = self;
        if before.len() > 1 && before.bytes().all(|b| b == b' ') {
            let width = (self.name + before.len()).saturating_sub(name).max(1);
            return format!("{:width$}={after}", "");
        }
        format!("{before}={after}")
    }

    /// The blanks behind the `=`.
    pub(super) fn after(&self) -> &str {
        &self.after
    }
}

/// How a new word is quoted: only if it must be, in the quotes that the file uses first.
pub(super) fn quoting(document: &Document) -> Quoting {
    let quoted = (0..document.line_count())
        .flat_map(|line| document.tokens(line))
        .find(|token| token.quoted);
    let quote = quoted.and_then(|token| document.source().get(token.span.start as usize));
    Quoting {
        always: false,
        quote: quote.map_or('"', |q| char::from(*q)),
    }
}
