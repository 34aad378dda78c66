//! Every kind of diagnostic: its words, the place it underlines, what it says would be right.

use std::path::Path;

use lvs_cf::{Diagnostic, FixedResolver, Kind, Severity, check, parse};

/// A file with one fault, and what is said of it.
struct Case {
    kind: Kind,
    /// The text; the place is between `«` and `»`.
    source: &'static str,
    reason: &'static str,
    expected: &'static str,
    help: &'static str,
}

macro_rules! cases {
    ($($kind:ident $source:literal, $reason:literal, $expected:literal, $help:literal;)*) => {
        &[$(Case {
            kind: Kind::$kind,
            source: $source,
            reason: $reason,
            expected: $expected,
            help: $help,
        },)*]
    };
}

mod errors;
mod mistakes;
mod warnings;

use errors::ERRORS;
use mistakes::MISTAKES;
use warnings::WARNINGS;

/// What is found in a case: severity, place, reason, what was expected, help.
type Finding = (Severity, (usize, usize), String, String, String);

/// All that is found in `source`. What this version does not do is asked for in its own cases only.
fn findings(kind: Kind, source: &str) -> Vec<Finding> {
    let path = Path::new("x.cf");
    let resolver = FixedResolver::new();
    let found = if kind == Kind::Unsupported {
        check(path, source.into(), &resolver)
    } else {
        parse(path, source.into(), &resolver)
    };
    let diagnostics = match found {
        Ok(loaded) => loaded.warnings,
        Err(invalid) => invalid.diagnostics,
    };
    let finding = |d: Diagnostic| {
        let place = (d.span.start as usize, d.span.end() as usize);
        let text = Option::unwrap_or_default;
        (d.severity, place, d.reason, text(d.expected), text(d.help))
    };
    diagnostics.into_iter().map(finding).collect()
}

#[test]
fn every_kind_says_what_is_wrong_and_where() {
    let errors = ERRORS
        .iter()
        .chain(MISTAKES)
        .map(|case| (Severity::Error, case));
    let warnings = WARNINGS.iter().map(|case| (Severity::Warning, case));
    let mut wrong = String::new();
    for (severity, case) in errors.chain(warnings) {
        let start = case.source.find('«').expect("a place begins");
        let source = case.source.replacen('«', "", 1);
        let end = source.find('»').expect("a place ends");
        let source = source.replacen('»', "", 1);
        let wanted = (
            severity,
            (start, end),
            case.reason.to_owned(),
            case.expected.to_owned(),
            case.help.to_owned(),
        );
        let found = findings(case.kind, &source);
        if found != [wanted.clone()] || !case.reason.starts_with(case.kind.text()) {
            wrong += &format!("\n{source}\nwanted: {wanted:?}\nfound: {found:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_kind_has_a_case_of_its_severity() {
    let warnings = Kind::ALL.iter().position(|kind| *kind == Kind::Duplicate);
    for (index, kind) in Kind::ALL.into_iter().enumerate() {
        let cases = if warnings.is_some_and(|first| index >= first) {
            WARNINGS
        } else {
            ERRORS
        };
        assert!(cases.iter().any(|case| case.kind == kind), "{kind:?}");
    }
}
