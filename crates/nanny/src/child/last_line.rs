//! The last line of a command's standard error: the usual place of the reason for a failure.

/// Maximum length of a line in bytes.
const LONGEST: usize = 200;

/// Collects the last line that is not blank.
#[derive(Debug, Default)]
pub(super) struct LastLine {
    /// The last complete line.
    line: Vec<u8>,
    /// The incomplete line.
    partial: Vec<u8>,
}

impl LastLine {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' if is_blank(&self.partial) => self.partial.clear(),
                b'\n' | b'\r' => {
                    std::mem::swap(&mut self.line, &mut self.partial);
                    self.partial.clear();
                }
                _ if self.partial.len() < LONGEST => self.partial.push(byte),
                _ => {}
            }
        }
    }

    /// The line, with control characters replaced by spaces: it may come from another host.
    pub(super) fn text(&self) -> String {
        let last = if is_blank(&self.partial) {
            &self.line
        } else {
            &self.partial
        };
        let text = String::from_utf8_lossy(last);
        let text = text.replace(char::is_control, " ");
        text.trim().to_owned()
    }
}

fn is_blank(line: &[u8]) -> bool {
    let is_visible = |byte: &u8| !byte.is_ascii_control() && *byte != b' ';
    !line.iter().any(is_visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: &[&[u8]]) -> String {
        let mut stderr_line = LastLine::default();
        for piece in pieces {
            stderr_line.push(piece);
        }
        stderr_line.text()
    }

    #[test]
    fn keeps_last_line_that_is_not_blank() {
        for (pieces, text) in [
            (&[&b""[..]][..], ""),
            (&[b"\n \r\n\0"], ""),
            (&[b"one\ntwo\n"], "two"),
            (&[b"one\n", b"tw", b"o"], "two"),
            (
                &[b"Host key verification failed.\r\n\r\n \n"],
                "Host key verification failed.",
            ),
            (&[b"one\n\t\x1b \n"], "one"),
            (&[b"a\x1b[31mb\x07c\td "], "a [31mb c d"),
            (&["\u{e9}\u{9b}x".as_bytes()], "\u{e9} x"),
            (&[b"\xff\n"], "\u{fffd}"),
        ] {
            assert_eq!(of(pieces), text);
        }
    }

    #[test]
    fn truncates_long_line_and_bounds_memory() {
        let mut stderr_line = LastLine::default();
        for _ in 0..10_000 {
            stderr_line.push(&[b'x'; 100]);
        }
        assert_eq!(stderr_line.text(), "x".repeat(LONGEST));
        stderr_line.push(b"\nshort\n");
        assert_eq!(stderr_line.text(), "short");
        assert!(stderr_line.line.capacity() + stderr_line.partial.capacity() <= 4 * LONGEST);
    }
}
