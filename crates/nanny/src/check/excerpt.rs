//! The start of an unexpected reply or output, for the log.

use std::fmt;

/// Maximum length in bytes.
pub(super) const LONGEST: usize = 60;

/// The first bytes of a reply or an output.
#[derive(Clone, Copy)]
pub struct Excerpt {
    bytes: [u8; LONGEST],
    /// Number of valid bytes.
    length: usize,
    /// Whether further bytes were dropped.
    is_cut_off: bool,
}

impl Default for Excerpt {
    fn default() -> Self {
        Self {
            bytes: [0; LONGEST],
            length: 0,
            is_cut_off: false,
        }
    }
}

impl Excerpt {
    /// Appends bytes, up to the maximum length.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let free = &mut self.bytes[self.length..];
        let count = bytes.len().min(free.len());
        free[..count].copy_from_slice(&bytes[..count]);
        self.length += count;
        self.is_cut_off |= count < bytes.len();
    }
}

impl From<&[u8]> for Excerpt {
    fn from(bytes: &[u8]) -> Self {
        let mut excerpt = Self::default();
        excerpt.push(bytes);
        excerpt
    }
}

/// All excerpts are equal: a repeated failure is the same although the reply has another date.
impl PartialEq for Excerpt {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Excerpt {}

/// In quotes, with everything except printable ASCII escaped.
impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.bytes[..self.length].escape_ascii();
        let more = if self.is_cut_off { "..." } else { "" };
        write!(f, "\"{shown}\"{more}")
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_first_60_bytes_escaped() {
        let shown = |pieces: &[&[u8]]| {
            let mut excerpt = Excerpt::default();
            for piece in pieces {
                excerpt.push(piece);
            }
            excerpt.to_string()
        };
        assert_eq!(shown(&[]), "\"\"");
        assert_eq!(shown(&[b"SSH-", b"2.0\r\n"]), r#""SSH-2.0\r\n""#);
        assert_eq!(shown(&[b"a\"\x1b[2J\0\xff\\"]), r#""a\"\x1b[2J\x00\xff\\""#);
        let whole = [b'x'; LONGEST];
        let text = "x".repeat(LONGEST);
        assert_eq!(shown(&[&whole]), format!("\"{text}\""));
        assert_eq!(shown(&[&whole, b"x"]), format!("\"{text}\"..."));
    }
}
