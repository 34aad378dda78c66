//! Splits what a child writes into lines of bounded length.

/// The longest line kept, in bytes. The rest of a longer one is dropped.
pub const LONGEST_LINE: usize = 4000;

/// Collects the pieces of lines that arrive in any portions. Holds memory only while a line is
/// incomplete.
#[derive(Debug, Default)]
pub struct Lines {
    partial: Vec<u8>,
    /// Whether the bytes up to the next line feed belong to a line that was cut.
    cut: bool,
}

impl Lines {
    /// Takes `bytes` and calls `each` for every line they complete, without its line ending.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        let mut pieces = bytes.split(|b| *b == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                self.keep(piece);
            } else if self.partial.is_empty() && !self.cut {
                each(trim(piece));
            } else {
                self.keep(piece);
                self.finish(&mut each);
            }
        }
    }

    /// The stream is at its end: what is left is a line without line feed.
    pub fn end(&mut self, mut each: impl FnMut(&[u8])) {
        if !self.partial.is_empty() {
            self.finish(&mut each);
        }
        self.cut = false;
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = LONGEST_LINE - self.partial.len();
        self.partial
            .extend_from_slice(&piece[..piece.len().min(room)]);
        self.cut |= piece.len() > room;
    }

    fn finish(&mut self, each: &mut impl FnMut(&[u8])) {
        let line = std::mem::take(&mut self.partial);
        self.cut = false;
        each(trim(&line));
    }
}

/// The line without a carriage return at its end, and no longer than it may be.
fn trim(line: &[u8]) -> &[u8] {
    let line = &line[..line.len().min(LONGEST_LINE)];
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(portions: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Lines::default();
        let mut got = Vec::new();
        for portion in portions {
            lines.push(portion, |line| got.push(line.to_vec()));
        }
        lines.end(|line| got.push(line.to_vec()));
        got
    }

    #[test]
    fn lines_come_whole_however_they_are_cut_up() {
        assert_eq!(
            split(&[b"one\ntw", b"o\r", b"\n\nthr", b"ee"]),
            [
                b"one".to_vec(),
                b"two".to_vec(),
                b"".to_vec(),
                b"three".to_vec()
            ]
        );
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_is_whole() {
        let long = vec![b'x'; 3 * LONGEST_LINE];
        for portions in [
            vec![&long[..], b"\nnext\n"],
            vec![&long[..10], &long[10..], b"yy", b"y\nnext\n"],
            vec![&[&long[..], b"\nnext\n"].concat()],
        ] {
            let got = split(&portions);
            assert_eq!(got.len(), 2);
            assert_eq!(got[0], &long[..LONGEST_LINE]);
            assert_eq!(got[1], b"next");
        }
    }

    #[test]
    fn nothing_is_held_between_whole_lines() {
        let mut lines = Lines::default();
        lines.push(b"one\ntwo\n", |_| {});
        assert_eq!(lines.partial.capacity(), 0);
    }

    proptest! {
        #[test]
        fn portions_do_not_matter(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a')], 0..300),
            cuts in proptest::collection::vec(0usize..300, 0..10),
        ) {
            let whole = split(&[&text]);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let portions: Vec<&[u8]> = cuts.windows(2).map(|w| &text[w[0]..w[1]]).collect();
            prop_assert_eq!(split(&portions), whole);
        }
    }
}
