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
        if c.is_control() || (c.is_whitespace() && c != ' ') || is_unseen(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Characters without width: spaces, joiners, marks of direction and of byte order.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The first character that comes from a word processor or a web page in place of a blank, a quote
/// or a hyphen, or that nobody sees.
pub(crate) fn look_alike(text: &str) -> Option<char> {
    let is_one = |c: &char| {
        let quotes = matches!(c, '\u{2018}'..='\u{201f}' | '«' | '»' | '´' | '`');
        let dashes = matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}');
        quotes || dashes || is_unseen(*c) || (c.is_whitespace() && !c.is_ascii())
    };
    text.chars().find(is_one)
}

/// `c` for a message: itself, or its number if it cannot be told from a blank or from nothing.
pub(crate) fn called(c: char) -> String {
    if is_unseen(c) || c.is_whitespace() {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("`{c}`")
    }
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

/// The known word that `word` is a part of, or that is a part of `word`, if it is one only: words
/// of a name are between `_`.
pub(crate) fn akin(word: &str, known: &[&'static str]) -> Option<&'static str> {
    if word.len() < 3 || word.len() > LONGEST {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let only = |is: &dyn Fn(&str) -> bool| {
        let mut found = known.iter().filter(|k| is(k));
        let first = found.next();
        first.filter(|_| found.next().is_none()).copied()
    };
    let longer = || {
        let begins = |k: &&&str| word.strip_prefix(**k).is_some_and(|r| r.starts_with('_'));
        known.iter().filter(begins).max_by_key(|k| k.len()).copied()
    };
    only(&|k| k.starts_with(&word))
        .or_else(longer)
        .or_else(|| only(&|k| k.ends_with(&word)))
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
    fn parts_find_their_whole() {
        let known = [
            "send",
            "send_program",
            "use_regex",
            "tcp_timeout",
            "tcpfin_timeout",
        ];
        for (word, whole) in [
            ("send_string", Some("send")),
            ("SEND_PROGRAM_PATH", Some("send_program")),
            ("regex", Some("use_regex")),
            ("use", Some("use_regex")),
            ("tcp", None),
            ("timeout", None),
            ("us", None),
            ("sending", None),
            ("", None),
        ] {
            assert_eq!(akin(word, &known), whole, "{word}");
        }
        assert_eq!(akin(&"send_".repeat(1 << 18), &known), None);
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
    fn what_looks_like_something_else_is_found() {
        for (text, found) in [
            ("a b\"'-\t", None),
            ("\u{a0}a", Some('\u{a0}')),
            ("“a”", Some('“')),
            ("8–80", Some('–')),
            ("80\u{200b}", Some('\u{200b}')),
            ("é", None),
        ] {
            assert_eq!(look_alike(text), found, "{text}");
        }
    }

    #[test]
    fn long_and_unprintable_words_are_shown_short() {
        assert_eq!(shown("a\u{1b}[31mb\0"), "a\\u{1b}[31mb\\u{0}");
        assert_eq!(shown("a b\u{a0}c"), "a b\\u{a0}c");
        assert_eq!(shown("\u{feff}a\u{200b}"), "\\u{feff}a\\u{200b}");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 41);
    }
}
