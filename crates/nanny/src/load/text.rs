//! Parses a load average from the output of a command: `uptime`, `ruptime`, `rup` and similar ones.
//! The output comes from another host and may contain anything.
//!
//! Within a line: the word `load`, after it the first `:` or run of blanks, after that the first
//! number. A host may be named `load1`, so of several matches `load average` has precedence over
//! the word `load`, and that over a word that contains `load`; then the first counts.

use super::Load;

/// Maximum length of a line: the cost of a line full of `load` is quadratic.
const LINE: usize = 1024;

/// The word to search for.
const WORD: &[u8] = b"load";

/// Parses the one-minute load average from `output`.
#[must_use]
pub fn load(output: &[u8]) -> Option<Load> {
    best(output).map(|(_, load)| load)
}

/// Parses the load average of the host `name` from `output`, which may cover several hosts, one a
/// line and named first: some versions of `ruptime` always print all. A single line counts for any
/// name.
#[must_use]
pub fn load_of(name: &str, output: &[u8]) -> Option<Load> {
    let mut lines = lines(output).filter_map(|line| Some((line, best(line)?.1)));
    let (first, load) = lines.next()?;
    let is_of_host = |line: &[u8]| {
        let mut words = line
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
    };
    let mut rest = lines.peekable();
    if rest.peek().is_none() || is_of_host(first) {
        return Some(load);
    }
    rest.find(|(line, _)| is_of_host(line))
        .map(|(_, load)| load)
}

/// Rank of a match, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// `load average`
    Average,
    /// `load` by itself
    Word,
    /// in a longer word
    Part,
}

fn lines(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = output.split(|&byte| byte == b'\n' || byte == b'\r');
    lines.map(|line| line.get(..LINE).unwrap_or(line))
}

/// The best match of the output, the first of several.
fn best(output: &[u8]) -> Option<(Rank, Load)> {
    let found = lines(output).flat_map(|line| {
        let at = (0..line.len()).filter(|&at| starts_with(&line[at..], WORD));
        at.filter_map(|at| Some((rank(line, at), after(&line[at + WORD.len()..])?)))
    });
    // Of equal ranks `min_by_key` takes the first.
    found.min_by_key(|&(rank, _)| rank)
}

fn starts_with(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The rank of the `load` at `at`.
fn rank(line: &[u8], at: usize) -> Rank {
    let rest = &line[at + WORD.len()..];
    let begins = at == 0 || !line[at - 1].is_ascii_alphanumeric();
    match rest.first() {
        Some(b' ' | b'\t') if begins && starts_with(rest.trim_ascii_start(), b"average") => {
            Rank::Average
        }
        Some(b' ' | b'\t' | b':') if begins => Rank::Word,
        _ => Rank::Part,
    }
}

/// The number after a `load`; `text` is the rest of the line.
fn after(text: &[u8]) -> Option<Load> {
    let is_end = |&byte: &u8| matches!(byte, b':' | b' ' | b'\t');
    let start = text.iter().position(is_end)? + 1;
    number(&text[start..])
}

/// Parses the first number: digits, with a fraction after a point or a comma.
///
/// Not a number: digits adjacent to letters or signs, such as the hours of `1+03:21`.
fn number(text: &[u8]) -> Option<Load> {
    let digit = text.iter().position(u8::is_ascii_digit)?;
    let is_mark = |byte: u8| byte == b'.' || byte == b',';
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let start = match digit.checked_sub(1) {
        Some(mark) if is_mark(text[mark]) => mark,
        _ => digit,
    };
    let digits = |from: usize| {
        let rest = text[from..].iter();
        from + rest.take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut end = digits(start);
    if text.get(end).is_some_and(|&byte| is_mark(byte)) && is_digit(end + 1) {
        end = digits(end + 1);
    }
    let is_cut =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b':' | b'%');
    let before = start.checked_sub(1).map(|at| text[at]);
    if before.is_some_and(|byte| is_cut(byte) && byte != b':')
        || text
            .get(end)
            .is_some_and(|&byte| is_cut(byte) || (byte == b'.' && is_digit(end + 1)))
    {
        return None;
    }
    // Digits and at most one mark, so valid UTF-8.
    let text = std::str::from_utf8(&text[start..end]).ok()?;
    Load::new(text.replace(',', ".").parse().ok()?)
}

#[cfg(test)]
mod tests;
