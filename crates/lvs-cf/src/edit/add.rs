//! Adding lines: a statement among its neighbours, a block behind its likes.

use std::ops::Range;

use super::lines::Splice;
use super::locate::{Entry, entries, inner_blocks, inside, title};
use super::path::{BlockPath, Keyword};
use super::rewrite::written;
use super::style::{Equals, indent, indent_inside, is_blank, is_comment, quoting, with_comments};
use super::{EditError, words};
use crate::Document;
use crate::document::LineKind;

/// A statement behind the others of `scope`, before the blocks in it.
pub(super) fn statement(
    document: &Document,
    scope: Range<usize>,
    directive: &str,
    values: &[&str],
) -> Result<Splice, EditError> {
    let neighbour = neighbour(document, scope.clone());
    let (at, indent) = match neighbour {
        Some(line) => (line + 1, indent(document, line)),
        None => match scope.start.checked_sub(1) {
            Some(opening) => (scope.start, indent_inside(document, opening)),
            None => (top(document), String::new()),
        },
    };
    let equals = Equals::like(document, neighbour).behind(directive.len());
    let line = format!("{indent}{directive}{equals}{}", written(document, values)?);
    Ok(Splice::insert(document, at, &[line]))
}

/// The statement of `scope` that a new one comes behind.
fn neighbour(document: &Document, scope: Range<usize>) -> Option<usize> {
    let setting = |entry: &Entry| match entry {
        Entry::Line(line) if document.kind(*line) == LineKind::Setting => Some(*line),
        _ => None,
    };
    let before_blocks = entries(document, scope.clone())
        .take_while(|entry| !matches!(entry, Entry::Block(_)))
        .filter_map(|entry| setting(&entry))
        .last();
    before_blocks.or_else(|| {
        entries(document, scope)
            .filter_map(|entry| setting(&entry))
            .last()
    })
}

/// Where the first global statement goes: before the blocks, else at the end.
fn top(document: &Document) -> usize {
    let all = 0..document.line_count();
    match inner_blocks(document, all.clone()).next() {
        Some(first) => with_comments(document, first.start),
        None => all.end,
    }
}

/// A `virtual` or `failover` block behind the last one.
pub(super) fn service(document: &Document, block: BlockPath<'_>) -> Result<Splice, EditError> {
    let all = 0..document.line_count();
    let is_service = |lines: &Range<usize>| {
        title(document, lines.start).is_some_and(|(word, _)| Keyword::from_word(word).is_some())
    };
    let last = inner_blocks(document, all.clone()).rev().find(is_service);
    let (at, apart) = match &last {
        Some(last) => (last.end, is_apart(document, last)),
        None => {
            let last = all.end.checked_sub(1);
            (all.end, last.is_some_and(|line| !is_blank(document, line)))
        }
    };
    let model = model(document, all, block).or(last);
    let indent = model.as_ref().map(|m| indent(document, m.start));
    lines(
        document,
        at,
        apart,
        &indent.unwrap_or_default(),
        model,
        block,
    )
}

/// A `server` block in `service`, behind the others there, else before its `}`.
pub(super) fn server(
    document: &Document,
    service: &Range<usize>,
    block: BlockPath<'_>,
) -> Result<Splice, EditError> {
    let own = model(document, inside(service), block);
    let (at, apart, indent) = match &own {
        Some(last) => (
            last.end,
            is_apart(document, last),
            indent(document, last.start),
        ),
        None => (
            service.end - 1,
            // A comment there is not about the new block.
            is_comment(document, service.end.saturating_sub(2)),
            indent_inside(document, service.start),
        ),
    };
    let all = inner_blocks(document, 0..document.line_count());
    let model = own.or_else(|| {
        all.rev()
            .find_map(|outer| model(document, inside(&outer), block))
    });
    lines(document, at, apart, &indent, model, block)
}

/// The last block directly in `scope` that opens as `block` does.
fn model(document: &Document, scope: Range<usize>, block: BlockPath<'_>) -> Option<Range<usize>> {
    inner_blocks(document, scope)
        .rev()
        .find(|lines| title(document, lines.start).is_some_and(|(word, _)| word == block.keyword()))
}

/// Whether a blank line stands before a block and the comments right above it.
fn is_apart(document: &Document, block: &Range<usize>) -> bool {
    let above = with_comments(document, block.start).checked_sub(1);
    above.is_some_and(|line| is_blank(document, line))
}

/// The lines of an empty block in front of line `at`, in the manner of `model`.
fn lines(
    document: &Document,
    at: usize,
    apart: bool,
    indent: &str,
    model: Option<Range<usize>>,
    block: BlockPath<'_>,
) -> Result<Splice, EditError> {
    let opening = model
        .and_then(|model| opening_like(document, model.start, block))
        .or_else(|| {
            let name = words::name(block.name(), quoting(document))?;
            Some(format!("{} {name} {{", block.keyword()))
        })
        .ok_or_else(|| EditError::cannot_write(block.name()))?;
    let mut lines = vec![format!("{indent}{opening}"), format!("{indent}}}")];
    if apart {
        lines.insert(0, String::new());
    }
    Ok(Splice::insert(document, at, &lines))
}

/// The words of the opening on `line`, with the name of `block`.
fn opening_like(document: &Document, line: usize, block: BlockPath<'_>) -> Option<String> {
    let (keyword, name) = title(document, line)?;
    let mut tokens = document.tokens(line);
    let start = tokens.next()?.span.start;
    let brace = tokens.find(|token| token.span.start >= name.span.end())?;
    if keyword != block.keyword() || brace.quoted || brace.text != "{" {
        return None;
    }
    let mut quoting = quoting(document);
    quoting.always = name.quoted;
    let written = words::name(block.name(), quoting)?;
    let text = |from: u32, to: u32| {
        std::str::from_utf8(&document.source()[from as usize..to as usize]).ok()
    };
    let before = text(start, name.span.start)?;
    let behind = text(name.span.end(), brace.span.end())?;
    // A closing quote stands before a blank.
    let blank = if written.ends_with(['"', '\'']) && behind.starts_with('{') {
        " "
    } else {
        ""
    };
    Some(format!("{before}{written}{blank}{behind}"))
}
