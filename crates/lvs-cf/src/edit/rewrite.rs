//! Changing a line that is there.

use super::EditError;
use super::lines::Splice;
use super::style::{Equals, quoting};
use super::words::{self, Quoting, Role};
use crate::Document;
use crate::document::{LineKind, Token};

/// The values of a line that is a statement.
pub(super) fn values(document: &Document, line: usize) -> Option<Vec<&str>> {
    let is_statement = document.kind(line) == LineKind::Setting;
    is_statement.then(|| {
        let tokens = tokens(document, line).1;
        tokens.iter().map(|token| token.text).collect()
    })
}

/// The directive of a line, and its values. In `NAME = # why` there are none: only a complete
/// statement has a comment.
fn tokens(document: &Document, line: usize) -> (Option<Token<'_>>, Vec<Token<'_>>) {
    let mut tokens = document.tokens(line);
    let name = tokens.next();
    let mut values: Vec<Token<'_>> = tokens.collect();
    let is_comment = |first: &Token<'_>| first.text.starts_with('#') && !first.quoted;
    if values.len() > 1 && values.first().is_some_and(is_comment) {
        values.clear();
    }
    (name, values)
}

/// Gives `line` these values.
pub(super) fn statement(
    document: &Document,
    line: usize,
    values: &[&str],
) -> Result<Vec<Splice>, EditError> {
    let (name, found) = tokens(document, line);
    let name_end = name.map_or(0, |name| name.span.end() as usize);
    let text = document.line_text(line).0;
    match document.kind(line) {
        LineKind::Setting if !found.is_empty() => replace(document, &found, values),
        LineKind::Setting => {
            let rest = &document.source()[name_end..text.end() as usize];
            let equals = rest.iter().position(|b| *b == b'=').map_or(0, |at| at + 1);
            let start = name_end + equals;
            let after = Equals::like(document, None).after().to_owned();
            let written = written(document, values)?;
            // A comment may follow, or nothing but blanks.
            let comment = rest[equals..]
                .iter()
                .position(|b| !matches!(b, b' ' | b'\t'));
            let end = comment.map_or(text.end() as usize, |_| start);
            Ok(vec![Splice::replace(start..end, after + &written)])
        }
        kind => {
            // Words without `=` end before a comment; of what is not understood nothing is known.
            let end = match found.last() {
                Some(last) if kind == LineKind::Stray => last.span.end(),
                None if kind == LineKind::Stray => to_end_of(name),
                _ => text.end(),
            };
            let equals = Equals::like(document, None).behind(name.map_or(0, |n| n.text.len()));
            let written = equals + &written(document, values)?;
            Ok(vec![Splice::replace(name_end..end as usize, written)])
        }
    }
}

fn to_end_of(name: Option<Token<'_>>) -> u32 {
    name.map_or(0, |name| name.span.end())
}

/// The values as a new line has them.
pub(super) fn written(document: &Document, values: &[&str]) -> Result<String, EditError> {
    written_from(document, values, 0)
}

/// Those from index `first` on.
fn written_from(document: &Document, values: &[&str], first: usize) -> Result<String, EditError> {
    let quoting = quoting(document);
    let words: Result<Vec<String>, EditError> = (first..values.len())
        .map(|index| word(values, index, quoting))
        .collect();
    Ok(words?.join(" "))
}

fn word(values: &[&str], index: usize, quoting: Quoting) -> Result<String, EditError> {
    words::one_of(values, index, quoting)
        .ok_or_else(|| EditError::cannot_write(values.get(index).unwrap_or(&"")))
}

/// Word by word, so that blanks and quotes stay as they are.
fn replace(
    document: &Document,
    found: &[Token<'_>],
    values: &[&str],
) -> Result<Vec<Splice>, EditError> {
    let mut splices = Vec::new();
    let of_file = quoting(document);
    for (index, (token, value)) in found.iter().zip(values).enumerate() {
        if token.text == *value && Role::of(values, index).allows(token.quoted) {
            continue;
        }
        let mut quoting = of_file;
        if token.quoted {
            let quote = document.source().get(token.span.start as usize);
            quoting.always = true;
            quoting.quote = quote.map_or('"', |q| char::from(*q));
        }
        let written = word(values, index, quoting)?;
        splices.push(Splice::replace(token.span.range(), written));
    }
    let kept = found.len().min(values.len());
    let end_of = |index: usize| found.get(index).map_or(0, |t| t.span.end() as usize);
    let end = end_of(kept.saturating_sub(1));
    if found.len() > kept {
        splices.push(Splice::replace(end..end_of(found.len() - 1), ""));
    } else if values.len() > kept {
        let more = written_from(document, values, kept)?;
        splices.push(Splice::replace(end..end, format!(" {more}")));
    }
    Ok(splices)
}
