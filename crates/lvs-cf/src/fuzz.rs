//! For the fuzz target only: what the command says to files.

use crate::Loaded;
use crate::command::{differences, shown};

/// What `show` prints, as text and as JSON.
pub fn show(loaded: &Loaded) -> [String; 2] {
    shown(loaded)
}

/// What `diff` prints.
pub fn diff(old: &Loaded, new: &Loaded) -> String {
    differences(old, new)
}
