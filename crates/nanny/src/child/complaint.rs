//! What a command says of its failure: the last line of its standard error. Bytes in, a line out.

/// How many bytes of a line are kept.
const LONGEST: usize = 200;

/// The last line that is not blank, of what comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    /// The last whole line.
    line: Vec<u8>,
    /// The one that has begun.
    begun: Vec<u8>,
}

impl Complaint {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' | b'\r' if is_blank(&self.begun) => self.begun.clear(),
                b'\n' | b'\r' => {
                    std::mem::swap(&mut self.line, &mut self.begun);
                    self.begun.clear();
                }
                _ if self.begun.len() < LONGEST => self.begun.push(byte),
                _ => {}
            }
        }
    }

    /// The line, with a blank for each control character: it may come from another host.
    pub(super) fn text(&self) -> String {
        let last = if is_blank(&self.begun) {
            &self.line
        } else {
            &self.begun
        };
        let text = String::from_utf8_lossy(last);
        let text = text.replace(char::is_control, " ");
        text.trim().to_owned()
    }
}

fn is_blank(line: &[u8]) -> bool {
    let is_sign = |byte: &u8| !byte.is_ascii_control() && *byte != b' ';
    !line.iter().any(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: &[&[u8]]) -> String {
        let mut complaint = Complaint::default();
        for piece in pieces {
            complaint.push(piece);
        }
        complaint.text()
    }

    #[test]
    fn the_last_line_that_is_not_blank() {
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
    fn a_long_line_is_cut_off_and_without_end_it_takes_no_memory() {
        let mut complaint = Complaint::default();
        for _ in 0..10_000 {
            complaint.push(&[b'x'; 100]);
        }
        assert_eq!(complaint.text(), "x".repeat(LONGEST));
        complaint.push(b"\nshort\n");
        assert_eq!(complaint.text(), "short");
        assert!(complaint.line.capacity() + complaint.begun.capacity() <= 4 * LONGEST);
    }
}
