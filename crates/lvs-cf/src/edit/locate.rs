//! Finding what an edit is about: the lines of a block, of a place, of a directive.

use std::collections::HashMap;
use std::ops::Range;

use super::EditError;
use super::path::{BlockPath, Keyword, Place};
use crate::Document;
use crate::document::{LineKind, Token};

/// What stands directly in a place.
pub(super) enum Entry {
    Line(usize),
    /// A block, from its opening up to and with its `}`.
    Block(Range<usize>),
}

/// The entries of `lines`, in file order.
pub(super) fn entries(document: &Document, lines: Range<usize>) -> impl Iterator<Item = Entry> {
    let mut at = lines.start;
    std::iter::from_fn(move || {
        let line = at;
        if line >= lines.end {
            return None;
        }
        at += 1;
        let opens = matches!(document.kind(line), LineKind::Open | LineKind::BrokenOpen);
        if !opens {
            return Some(Entry::Line(line));
        }
        at = document.block_end(line).clamp(at, lines.end);
        Some(Entry::Block(line..at))
    })
}

/// The blocks directly in `lines`.
pub(super) fn inner_blocks(
    document: &Document,
    lines: Range<usize>,
) -> impl DoubleEndedIterator<Item = Range<usize>> {
    let blocks = entries(document, lines).filter_map(|entry| match entry {
        Entry::Block(block) => Some(block),
        Entry::Line(_) => None,
    });
    blocks.collect::<Vec<_>>().into_iter()
}

/// The keyword and the name of an opening line. In `virtual server NAME {` the second word is no
/// name.
pub(super) fn title(document: &Document, line: usize) -> Option<(&str, Token<'_>)> {
    let mut tokens = document.tokens(line);
    let keyword = tokens.next()?;
    let mut names = tokens.take_while(|t| t.quoted || t.text != "{");
    let first = names.next()?;
    let is_dialect = keyword.text == "virtual" && first.text == "server";
    let name = names.next().filter(|_| is_dialect).unwrap_or(first);
    Some((keyword.text, name))
}

/// Every block with a name, outer ones before those in them.
pub(super) fn blocks(document: &Document) -> Vec<BlockPath<'_>> {
    let outer = inner_blocks(document, 0..document.line_count()).filter_map(|block| {
        let (keyword, name) = title(document, block.start)?;
        let path = BlockPath::outer(Keyword::from_word(keyword)?, name.text);
        Some((path, block))
    });
    let (mut paths, ranges): (Vec<BlockPath<'_>>, Vec<Range<usize>>) = outer.unzip();
    number(&mut paths);
    let mut found = Vec::with_capacity(paths.len());
    for (path, block) in paths.into_iter().zip(ranges) {
        found.push(path);
        let servers = inner_blocks(document, inside(&block));
        let servers = servers.filter_map(|inner| match title(document, inner.start) {
            Some(("server", name)) => Some(path.server(name.text)),
            _ => None,
        });
        let first = found.len();
        found.extend(servers);
        number(&mut found[first..]);
    }
    found
}

/// Says of those that are the same which one each is.
fn number(paths: &mut [BlockPath<'_>]) {
    let mut all: HashMap<BlockPath<'_>, usize> = HashMap::new();
    for path in &*paths {
        *all.entry(*path).or_default() += 1;
    }
    all.retain(|_, count| *count > 1);
    // Nearly every file ends here.
    let mut left = all.clone();
    for path in paths.iter_mut().filter(|_| !all.is_empty()) {
        if let (Some(all), Some(left)) = (all.get(path), left.get_mut(path)) {
            *path = path.nth(all + 1 - *left);
            *left -= 1;
        }
    }
}

/// The lines between a block's opening and its `}`.
pub(super) fn inside(block: &Range<usize>) -> Range<usize> {
    block.start + 1..(block.end - 1).max(block.start + 1)
}

/// The lines of the block that `path` names.
pub(super) fn block(document: &Document, path: BlockPath<'_>) -> Result<Range<usize>, EditError> {
    let around = match path.service() {
        Some(service) => inside(&block(document, service)?),
        None => whole(document)?,
    };
    let mut found = inner_blocks(document, around).filter(|block| {
        title(document, block.start)
            .is_some_and(|(keyword, name)| keyword == path.keyword() && name.text == path.name())
    });
    let missing = || EditError::NoSuchBlock {
        block: path.to_string(),
    };
    if let Some(nth) = path.ordinal() {
        let block = nth.checked_sub(1).and_then(|before| found.nth(before));
        return block.ok_or_else(missing);
    }
    match (found.next(), found.next()) {
        (Some(block), None) => Ok(block),
        (None, _) => Err(missing()),
        (Some(_), Some(_)) => Err(EditError::SeveralBlocks {
            block: path.to_string(),
        }),
    }
}

/// The lines of a place, those of the blocks in it included.
pub(super) fn scope(document: &Document, place: Place<'_>) -> Result<Range<usize>, EditError> {
    match place {
        Place::Global => whole(document),
        Place::In(path) => Ok(inside(&block(document, path)?)),
    }
}

/// All lines, if it is known which block is which.
fn whole(document: &Document) -> Result<Range<usize>, EditError> {
    match document.fault() {
        Some(line) => Err(EditError::Structure { line: line + 1 }),
        None => Ok(0..document.line_count()),
    }
}

/// The lines directly in `scope` that are about `directive`, understood or not.
pub(super) fn statements(document: &Document, scope: Range<usize>, directive: &str) -> Vec<usize> {
    let about = |line: &usize| {
        let first = document.tokens(*line).next();
        document.kind(*line) != LineKind::Close && first.is_some_and(|t| t.text == directive)
    };
    let lines = entries(document, scope).filter_map(|entry| match entry {
        Entry::Line(line) => Some(line),
        Entry::Block(_) => None,
    });
    lines.filter(about).collect()
}
