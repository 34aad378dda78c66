//! Words for people: how a word of the file is shown, and which known word it comes nearest to.

use std::path::Path;

/// The longest word that is compared or shown whole; longer ones are no misspelling.
const LONGEST: usize = 40;

/// `text` for a message: control characters and blanks that look like others escaped, a long one
/// cut.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == LONGEST {
            out.push('…');
            break;
        }
        if c.is_control() || (c.is_whitespace() && c != ' ') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// `text` with its control characters escaped, which could do anything to a terminal or end a line;
/// those of `keep` are left.
pub(crate) fn escaped(text: &str, keep: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && !keep.contains(&c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// The name of a file for a message: it may have any bytes, and the message stays one line.
pub(crate) fn shown_path(path: &Path) -> String {
    escaped(&path.to_string_lossy(), &[])
}

/// The known word that `word` is most likely meant to be, if any is near: at most a third of its
/// letters wrong, missing, added or swapped with their neighbour. Case does not count.
pub(crate) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let letters: Vec<char> = word.chars().take(LONGEST + 1).collect();
    if letters.is_empty() || letters.len() > LONGEST {
        return None;
    }
    let limit = (letters.len() / 3).max(1);
    let distances = known.iter().map(|k| (distance(&letters, k), *k));
    let (best, near) = distances.min_by_key(|(d, _)| *d)?;
    (best <= limit && best < letters.len()).then_some(near)
}

/// Edit distance where a swap of neighbours counts one (optimal string alignment).
fn distance(a: &[char], b: &str) -> usize {
    let same = |x: char, y: char| x.eq_ignore_ascii_case(&y);
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(!same(a[i - 1], b[j - 1]));
            row[j] = (above[j] + 1)
                .min(row[j - 1] + 1)
                .min(above[j - 1] + change);
            if i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]) {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_find_their_word() {
        let known = [
            "primary",
            "primary_private",
            "port",
            "protocol",
            "keepalive",
        ];
        assert_eq!(nearest("prmary", &known), Some("primary"));
        assert_eq!(nearest("PRIMARY", &known), Some("primary"));
        assert_eq!(nearest("keepalvie", &known), Some("keepalive"));
        assert_eq!(nearest("prot", &known), Some("port"));
        assert_eq!(nearest("primary_privat", &known), Some("primary_private"));
    }

    #[test]
    fn other_words_find_none() {
        let known = ["primary", "port"];
        assert_eq!(nearest("gateway", &known), None);
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest("{", &known), None);
        assert_eq!(nearest(&"p".repeat(1 << 20), &known), None);
    }

    #[test]
    fn long_and_unprintable_words_are_shown_short() {
        assert_eq!(shown("a\u{1b}[31mb\0"), "a\\u{1b}[31mb\\u{0}");
        assert_eq!(shown("a b\u{a0}c"), "a b\\u{a0}c");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 41);
    }
}
