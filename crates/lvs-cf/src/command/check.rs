//! `check`: what is wrong with files.

use std::fmt::Write;
use std::path::Path;

use annotate_snippets::Renderer;

use super::cli::{Check, Form};
use super::{Out, Outcome, TROUBLE, colour, input};
use crate::report::{behind_reason, render};
use crate::words::shown_path;
use crate::{Diagnostic, Document, Severity, default_path};

/// At least one file does not load.
const ERRORS: u8 = 1;

pub(super) fn run(args: &Check, terminal: bool) -> Outcome {
    let show = Show {
        form: args
            .format
            .unwrap_or(if terminal { Form::Full } else { Form::Short }),
        renderer: if colour::wanted(args.color, terminal) {
            Renderer::styled()
        } else {
            Renderer::plain()
        },
    };
    let resolver = input::resolver(&args.names);
    let mut outcome = Outcome::default();
    let mut out = String::new();
    let default = [default_path()];
    let files = if args.files.is_empty() {
        &default[..]
    } else {
        &args.files
    };
    for path in files {
        let input = match input::read(path) {
            Ok(input) => input,
            Err(error) => {
                outcome.err.push_str(&error.report("lvs-cf"));
                outcome.status = TROUBLE;
                continue;
            }
        };
        let found = match crate::check(&input.path, input.source, &*resolver) {
            Ok(loaded) => Found {
                errors: 0,
                warnings: loaded.warning_count,
                diagnostics: loaded.warnings,
                document: loaded.document,
            },
            Err(invalid) => Found {
                errors: invalid.errors,
                warnings: invalid.warnings,
                diagnostics: invalid.diagnostics,
                document: invalid.document,
            },
        };
        show.file(&input.path, &found, &mut out);
        if found.errors > 0 || args.strict && found.warnings > 0 {
            outcome.status = outcome.status.max(ERRORS);
        }
    }
    outcome.out = Out::Text(out);
    outcome
}

/// What was found in a file.
struct Found {
    errors: usize,
    warnings: usize,
    /// The first errors, then the first warnings.
    diagnostics: Vec<Diagnostic>,
    document: Document,
}

struct Show {
    form: Form,
    renderer: Renderer,
}

impl Show {
    fn file(&self, path: &Path, found: &Found, out: &mut String) {
        let path = shown_path(path);
        let mut diagnostics: Vec<&Diagnostic> = found.diagnostics.iter().collect();
        diagnostics.sort_by_key(|d| d.span);
        for diagnostic in diagnostics {
            match self.form {
                Form::Full => {
                    let document = &found.document;
                    out.push_str(&render(&path, diagnostic, document, true, &self.renderer));
                    out.push('\n');
                }
                Form::Short => short(&path, diagnostic, &found.document, out),
            }
        }
        let shown = |severity| {
            let of = |d: &&Diagnostic| d.severity == severity;
            found.diagnostics.iter().filter(of).count()
        };
        let more = [
            count(found.errors - shown(Severity::Error), "more error"),
            count(found.warnings - shown(Severity::Warning), "more warning"),
        ];
        let all = [
            count(found.errors, "error"),
            count(found.warnings, "warning"),
        ];
        // Writing to a string does not fail.
        let _ = match (self.form, joined(&more), joined(&all)) {
            (Form::Short, None, _) => Ok(()),
            (Form::Short, Some(more), _) => writeln!(out, "{path}: {more} not shown"),
            (Form::Full, _, None) => writeln!(out, "{path}: no problems found"),
            (Form::Full, None, Some(all)) => writeln!(out, "{path}: {all}"),
            (Form::Full, Some(_), Some(all)) => {
                writeln!(out, "{path}: {all}; only the first are shown")
            }
        };
    }
}

/// `n whats`, unless there are none.
fn count(n: usize, what: &str) -> Option<String> {
    let plural = if n == 1 { "" } else { "s" };
    (n > 0).then(|| format!("{n} {what}{plural}"))
}

fn joined(parts: &[Option<String>]) -> Option<String> {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// One line, for programs that go through it: editors, scripts, CI.
fn short(path: &str, diagnostic: &Diagnostic, document: &Document, out: &mut String) {
    let Diagnostic {
        line,
        column,
        reason,
        ..
    } = diagnostic;
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let rest = behind_reason(diagnostic, document);
    let _ = writeln!(out, "{path}:{line}:{column}: {severity}: {reason}{rest}");
}
