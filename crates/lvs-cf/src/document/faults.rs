//! What is said of lines that are cut wrong: braces, quotes, bytes that are no text.

use crate::sink::Draft;
use crate::{Kind, Span};

/// A file that is not text, for `byte` is none; perhaps it is `utf16`.
pub(super) fn not_text(byte: u8, utf16: bool) -> Draft {
    let what = if utf16 { " (UTF-16?)" } else { "" };
    Draft::new(Kind::NotText)
        .detail(format!(": byte 0x{byte:02x}{what}"))
        .expected("lines of UTF-8 text")
}

/// A line that is text up to `byte`, `before` it.
pub(super) fn not_utf8(byte: u8, before: &str) -> Draft {
    let column = before.chars().count() + 1;
    Draft::new(Kind::InvalidArgument)
        .detail(format!(
            ": byte 0x{byte:02x} at column {column} is not UTF-8"
        ))
        .expected("UTF-8 text")
        .help("other encodings are allowed in comments only")
}

/// `text`, which begins with a quote that is not closed as it should be.
pub(super) fn open_quote(text: &str) -> Draft {
    let draft = Draft::new(Kind::QuotationMismatch)
        .expected("a closing quote, then a space or the end of the line");
    match instead_of_quote(text) {
        Some(help) => draft.help(help),
        None => draft,
    }
}

/// What to do about `text`, which begins with a quote that is not closed as it should be.
fn instead_of_quote(text: &str) -> Option<&'static str> {
    let (quote, rest) = text.split_at_checked(1)?;
    if rest
        .split_once(quote)
        .is_some_and(|(_, b)| b.trim_end() == "{")
    {
        return Some("put a space before the `{`");
    }
    match (quote, rest.contains(quote)) {
        ("\"", true) if !rest.contains('\'') => Some("use `'` to quote a value that contains `\"`"),
        ("'", true) if !rest.contains('"') => Some("use `\"` to quote a value that contains `'`"),
        (_, false) if rest.ends_with('\\') => {
            Some("write each statement on one line, however long")
        }
        _ => None,
    }
}

/// `virtual = web {`.
pub(super) fn equals_in_title(keyword: &str) -> Draft {
    Draft::new(Kind::UnexpectedArguments)
        .detail(": \"=\" in the opening line of a block")
        .expected(format!("`{keyword} NAME {{`"))
}

/// `active = 1 }`.
pub(super) fn brace_behind_statement() -> Draft {
    Draft::new(Kind::UnexpectedArguments)
        .detail(": \"}\" after a statement")
        .expected("`}` on a line of its own")
}

/// A block where none can begin, in the one that was `opened` there.
pub(super) fn block_inside(opened: Span) -> Draft {
    Draft::new(Kind::UnknownCommand)
        .detail(": this block cannot be inside the block above")
        .expected("`}` before this line")
        .help("close the block above with `}` on a line of its own")
        .related(opened, "the unclosed block")
}

/// `} end`.
pub(super) fn behind_brace() -> Draft {
    Draft::new(Kind::UnexpectedArguments)
        .detail(" after }")
        .expected("the end of the line")
}

/// A `}` for no block.
pub(super) fn stray_brace() -> Draft {
    Draft::new(Kind::UnknownCommand)
        .detail(": \"}\" without an open block")
        .help("remove it, or add the missing opening line of its block")
}

/// The file's end in the block that was `opened` there.
pub(super) fn end_of_file(opened: Span) -> Draft {
    Draft::new(Kind::UnexpectedEndOfFile)
        .expected("`}`")
        .related(opened, "the unclosed block")
}
