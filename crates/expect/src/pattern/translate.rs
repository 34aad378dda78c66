//! From POSIX extended regular expressions (XBD 9.4) to the syntax of the engine.
//!
//! What POSIX leaves open is as in glibc's `regcomp`, with the escapes it adds (`\<`, `\w`, ...),
//! but back-references, which no linear engine has.

use std::fmt::Write as _;

use super::PatternError;
use super::bracket::{self, Set, is_space};

/// `RE_DUP_MAX` of glibc.
const MOST_REPETITIONS: u32 = 0x7fff;

/// The translation as far as it has come.
#[derive(Default)]
struct Translation {
    out: String,
    /// Where the groups that are open begin in `out`.
    groups: Vec<usize>,
    /// Where what can be repeated begins in `out`.
    atom: Option<usize>,
}

/// Translates a whole expression.
pub(super) fn translate(text: &[u8]) -> Result<String, PatternError> {
    let mut to = Translation::default();
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = match byte {
            b'\\' => to.escape(after)?,
            b'[' => {
                let (set, after) = bracket::read(after)?;
                to.set(&set);
                after
            }
            b'*' | b'+' | b'?' | b'{' => to.repeat(rest)?,
            _ => {
                to.single(*byte);
                after
            }
        };
    }
    if to.groups.is_empty() {
        Ok(to.out)
    } else {
        Err(PatternError::Group)
    }
}

impl Translation {
    /// A byte that is neither an escape, a bracket nor a repetition.
    fn single(&mut self, byte: u8) {
        match byte {
            b'(' => {
                self.groups.push(self.out.len());
                self.atom = None;
                self.out.push_str("(?:");
            }
            b')' => match self.groups.pop() {
                Some(start) => {
                    self.out.push(')');
                    self.atom = Some(start);
                }
                // Ordinary where no group is open.
                None => self.literal(byte),
            },
            b'|' => {
                self.out.push('|');
                self.atom = None;
            }
            b'^' => self.assertion("^"),
            b'$' => self.assertion("$"),
            b'.' => self.set(&Set::of(|_| true)),
            _ => self.literal(byte),
        }
    }

    fn literal(&mut self, byte: u8) {
        self.atom = Some(self.out.len());
        // Writing to a String cannot fail.
        let _ = write!(self.out, r"\x{{{byte:x}}}");
    }

    fn set(&mut self, set: &Set) {
        self.atom = Some(self.out.len());
        set.write(&mut self.out);
    }

    /// What matches between two bytes. It cannot be repeated.
    fn assertion(&mut self, text: &str) {
        self.out.push_str(text);
        self.atom = None;
    }

    /// What follows a backslash; what comes after it.
    fn escape<'t>(&mut self, text: &'t [u8]) -> Result<&'t [u8], PatternError> {
        let [byte, after @ ..] = text else {
            return Err(PatternError::Backslash);
        };
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        match byte {
            b'1'..=b'9' => return Err(PatternError::BackReference),
            b'w' => self.set(&Set::of(is_word)),
            b'W' => self.set(&Set::of(is_word).complement()),
            b's' => self.set(&Set::of(|byte| is_space(&byte))),
            b'S' => self.set(&Set::of(|byte| is_space(&byte)).complement()),
            b'<' => self.assertion(r"\<"),
            b'>' => self.assertion(r"\>"),
            b'b' => self.assertion(r"\b"),
            b'B' => self.assertion(r"\B"),
            b'`' => self.assertion("^"),
            b'\'' => self.assertion("$"),
            _ => self.literal(*byte),
        }
        Ok(after)
    }

    /// The repetitions that the text begins with, all of the same atom; what comes after them.
    fn repeat<'t>(&mut self, text: &'t [u8]) -> Result<&'t [u8], PatternError> {
        let start = self.atom.ok_or(PatternError::NothingToRepeat)?;
        let mut rest = text;
        let mut count = 0;
        loop {
            let (least, most, after) = match rest {
                [b'*', after @ ..] => (0, None, after),
                [b'+', after @ ..] => (1, None, after),
                [b'?', after @ ..] => (0, Some(1), after),
                [b'{', after @ ..] => braces(after)?,
                _ => break,
            };
            rest = after;
            count += 1;
            // In a group each, as a second repetition has another meaning to the engine.
            let _ = match most {
                Some(most) => write!(self.out, "{{{least},{most}}})"),
                None => write!(self.out, "{{{least},}})"),
            };
        }
        self.out.insert_str(start, &"(?:".repeat(count));
        Ok(rest)
    }
}

/// `N}`, `N,}`, `,M}` or `N,M}`: the bounds, and what comes after them.
fn braces(text: &[u8]) -> Result<(u32, Option<u32>, &[u8]), PatternError> {
    let (least, rest) = number(text)?;
    match rest {
        [b'}', after @ ..] => {
            let exactly = least.ok_or(PatternError::Braces)?;
            Ok((exactly, least, after))
        }
        [b',', rest @ ..] => {
            let (most, rest) = number(rest)?;
            let least = least.unwrap_or(0);
            match rest {
                [b'}', after @ ..] if most.is_none_or(|most| least <= most) => {
                    Ok((least, most, after))
                }
                _ => Err(PatternError::Braces),
            }
        }
        _ => Err(PatternError::Braces),
    }
}

/// The number that the text begins with, if it does; what comes after it.
fn number(text: &[u8]) -> Result<(Option<u32>, &[u8]), PatternError> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let mut number = None;
    for digit in digits {
        let value = number.unwrap_or(0) * 10 + u32::from(digit - b'0');
        if value > MOST_REPETITIONS {
            return Err(PatternError::Repetitions);
        }
        number = Some(value);
    }
    Ok((number, rest))
}
