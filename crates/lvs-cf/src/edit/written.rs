//! Writing words where there is no file whose manner they should have.

use super::words::{self, Quoting};

const PLAIN: Quoting = Quoting {
    always: false,
    quote: '"',
};

/// `text` as a value; `None`: there is no way to write it.
pub(crate) fn value(text: &str) -> Option<String> {
    words::value(text, PLAIN)
}

/// `text` as a block's name; `None`: there is no way to write it.
pub(crate) fn name(text: &str) -> Option<String> {
    words::name(text, PLAIN)
}
