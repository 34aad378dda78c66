//! Bracket expressions, `[...]`, as sets of bytes (POSIX, XBD 9.3.5, in the POSIX locale).

use std::fmt::Write as _;

use super::PatternError;

/// A set of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set([bool; 256]);

impl Set {
    pub(super) fn of(contains: impl Fn(u8) -> bool) -> Self {
        Self(std::array::from_fn(|byte| {
            u8::try_from(byte).is_ok_and(&contains)
        }))
    }

    pub(super) fn complement(&self) -> Self {
        Self(self.0.map(|contained| !contained))
    }

    /// Writes the set in the syntax of the engine.
    pub(super) fn write(&self, out: &mut String) {
        out.push('[');
        let mut from = 0;
        while let Some(start) = self.0[from..].iter().position(|&contained| contained) {
            let start = from + start;
            let length = self.0[start..].iter().position(|&contained| !contained);
            from = length.map_or(self.0.len(), |length| start + length);
            // Writing to a String cannot fail.
            let _ = write!(out, r"\x{{{start:x}}}-\x{{{:x}}}", from - 1);
        }
        if out.ends_with('[') {
            // Nothing is in it. No character of a reply is beyond 255.
            out.push_str(r"\x{100}");
        }
        out.push(']');
    }
}

/// One end of a range, or what stands alone.
enum Element {
    Byte(u8),
    /// `[=x=]`: no two bytes are equivalent in the POSIX locale, but it ends no range.
    Equivalents(u8),
    Class(fn(&u8) -> bool),
}

/// Reads the bracket expression behind whose `[` the text begins; what comes after it.
pub(super) fn read(text: &[u8]) -> Result<(Set, &[u8]), PatternError> {
    let (is_negated, mut rest) = match text {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut set = Set([false; 256]);
    let mut is_first = true;
    loop {
        match rest {
            [b']', after @ ..] if !is_first => {
                let set = if is_negated { set.complement() } else { set };
                return Ok((set, after));
            }
            // A hyphen in the middle starts no element: what `a-c-e` means is not defined.
            [b'-', next, ..] if !is_first && *next != b']' => return Err(PatternError::Range),
            _ => {}
        }
        is_first = false;
        let (start, after) = element(rest)?;
        match (start, after) {
            (start, [b'-', end, ..]) if *end != b']' => {
                let (end, after) = element(&after[1..])?;
                let (Element::Byte(start), Element::Byte(end)) = (start, end) else {
                    return Err(PatternError::Range);
                };
                let range = set
                    .0
                    .get_mut(start.into()..=end.into())
                    .filter(|_| start <= end);
                range.ok_or(PatternError::Range)?.fill(true);
                rest = after;
            }
            (Element::Byte(byte) | Element::Equivalents(byte), after) => {
                set.0[usize::from(byte)] = true;
                rest = after;
            }
            (Element::Class(contains), after) => {
                for byte in (0..=u8::MAX).filter(contains) {
                    set.0[usize::from(byte)] = true;
                }
                rest = after;
            }
        }
    }
}

/// Reads `x`, `[.x.]`, `[=x=]` or `[:class:]`; what comes after it.
fn element(text: &[u8]) -> Result<(Element, &[u8]), PatternError> {
    match text {
        [b'[', mark @ (b'.' | b'=' | b':'), rest @ ..] => {
            let end = rest.windows(2).position(|pair| pair == [*mark, b']']);
            let end = end.ok_or(PatternError::Bracket)?;
            let (name, after) = (&rest[..end], &rest[end + 2..]);
            let element = match (mark, name) {
                (b':', name) => Element::Class(class(name).ok_or(PatternError::Class)?),
                (b'.', &[byte]) => Element::Byte(byte),
                (b'=', &[byte]) => Element::Equivalents(byte),
                _ => return Err(PatternError::Collation),
            };
            Ok((element, after))
        }
        [byte, rest @ ..] => Ok((Element::Byte(*byte), rest)),
        [] => Err(PatternError::Bracket),
    }
}

/// The classes of the POSIX locale (XBD 7.3.1).
fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"punct" => u8::is_ascii_punctuation,
        b"space" => is_space,
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

/// Rust's own leaves out the vertical tab.
pub(super) fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
