//! The bytes of a file as lines, and how far a line is text.

/// How many lines and words `source` has at most. Lists that grow as they are filled would take
/// half as much memory again.
pub(super) fn most(source: &[u8]) -> (usize, usize) {
    let (mut lines, mut words, mut blank) = (1, 0, true);
    for byte in source {
        let ends = matches!(byte, b'\n' | b'\r');
        let is_blank = ends || matches!(byte, b' ' | b'\t');
        lines += usize::from(ends);
        // What touches a word on the left is at most one more: `=`, as in `NAME=VALUE`.
        words += usize::from(blank && !is_blank && *byte != b'=');
        words += usize::from(*byte == b'=');
        blank = is_blank;
    }
    (lines, words)
}

/// Length of the text of the line at `start`, and where the next line begins.
pub(super) fn split(source: &[u8], start: usize) -> (usize, usize) {
    let rest = &source[start..];
    match rest.iter().position(|b| matches!(b, b'\n' | b'\r')) {
        None => (rest.len(), source.len()),
        Some(at) if rest[at..].starts_with(b"\r\n") => (at, start + at + 2),
        Some(at) => (at, start + at + 1),
    }
}

/// The text up to the first byte that is not text, and that byte.
pub(super) fn readable(text: &[u8]) -> (&str, Option<u8>) {
    let text_end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    match std::str::from_utf8(&text[..text_end]) {
        Ok(valid) => (valid, text.get(text_end).copied()),
        Err(fault) => {
            let valid = &text[..fault.valid_up_to()];
            (
                std::str::from_utf8(valid).unwrap_or_default(),
                text.get(valid.len()).copied(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_three_ways() {
        assert_eq!(split(b"a\nb", 0), (1, 2));
        assert_eq!(split(b"a\r\nb", 0), (1, 3));
        assert_eq!(split(b"a\rb", 0), (1, 2));
        assert_eq!(split(b"a\n\rb", 0), (1, 2));
        assert_eq!(split(b"ab", 1), (1, 2));
    }
}
