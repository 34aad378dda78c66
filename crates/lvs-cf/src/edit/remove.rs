//! Taking lines out.

use std::ops::Range;

use super::lines::Splice;
use super::style::{is_blank, with_comments};
use crate::Document;
use crate::document::LineKind;

/// Takes out `lines`, which are in file order.
pub(super) fn statements(document: &Document, lines: &[usize]) -> Vec<Splice> {
    let neighbours = lines.chunk_by(|a, b| a + 1 == *b);
    neighbours
        .filter_map(|run| Some(*run.first()?..run.last()? + 1))
        .map(|run| Splice::remove(document, run))
        .collect()
}

/// Takes out the lines of a block with the comments right above it, and a blank line above that
/// would be left over.
pub(super) fn block(document: &Document, mut lines: Range<usize>) -> Vec<Splice> {
    lines.start = with_comments(document, lines.start);
    let above = lines.start.checked_sub(1);
    let nothing_below = lines.end >= document.line_count()
        || is_blank(document, lines.end)
        || document.kind(lines.end) == LineKind::Close;
    if nothing_below && above.is_some_and(|line| is_blank(document, line)) {
        lines.start -= 1;
    }
    vec![Splice::remove(document, lines)]
}
