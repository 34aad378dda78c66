//! What `show` and `diff` say on standard error of the files they read: to a terminal with the
//! source, else a line for each error and each warning.

use std::fmt::Write;

use crate::report::{and_more, behind_reason};
use crate::words::shown_path;
use crate::{LoadError, Loaded, Severity};

const PROGRAM: &str = "lvs-cf";

/// Why a file does not load. The first line begins as that of the daemons does.
pub(super) fn error(error: &LoadError, terminal: bool) -> String {
    let invalid = match error {
        LoadError::Invalid(invalid) if !terminal => invalid,
        _ => return error.report(PROGRAM),
    };
    let path = shown_path(&invalid.path);
    let is_error = |severity| severity == Severity::Error;
    let mut out = String::new();
    let mut shown = 0;
    for error in invalid.diagnostics.iter().filter(|d| is_error(d.severity)) {
        let rest = behind_reason(error, &invalid.document);
        // Writing to a string does not fail.
        let _ = writeln!(out, "{PROGRAM}: error parsing {path} at {error}{rest}");
        shown += 1;
    }
    and_more(&mut out, invalid.errors - shown, "error");
    out
}

/// What is doubtful about a file.
pub(super) fn warnings(loaded: &Loaded, terminal: bool) -> String {
    if terminal {
        return loaded.report(PROGRAM);
    }
    let path = shown_path(&loaded.path);
    let mut out = String::new();
    for warning in &loaded.warnings {
        let rest = behind_reason(warning, &loaded.document);
        let _ = writeln!(out, "{PROGRAM}: warning: {path} at {warning}{rest}");
    }
    and_more(
        &mut out,
        loaded.warning_count - loaded.warnings.len(),
        "warning",
    );
    out
}
