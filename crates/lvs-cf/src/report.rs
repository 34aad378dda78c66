//! Diagnostics for people: the line scripts match, then the source with the place underlined.

use std::error::Error;
use std::fmt::Write;
use std::io;
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::words::{shown, shown_path};
use crate::{Diagnostic, Document, Invalid, LoadError, Loaded, Severity};

/// How much of a line is shown around the place, in bytes to either side: lines have no limit.
const WINDOW: usize = 60;

impl Loaded {
    /// What a daemon prints on stderr before it starts, whole lines; empty without warnings. For
    /// each warning `PROGRAM: warning: FILE at line N: REASON`, then its source line.
    pub fn report(&self, program: &str) -> String {
        let mut out = String::new();
        for warning in &self.warnings {
            let path = shown_path(&self.path);
            // Writing to a string does not fail.
            let _ = writeln!(out, "{program}: warning: {path} at {warning}");
            out.push_str(&snippet(&self.path, warning, &self.document, false));
        }
        and_more(
            &mut out,
            self.warning_count - self.warnings.len(),
            "warning",
        );
        out
    }
}

impl LoadError {
    /// What a daemon prints on stderr, whole lines. For a file that cannot be read
    /// `PROGRAM: cannot read FILE: WHY`; else `PROGRAM: error parsing FILE at line N: REASON` for
    /// the first error, then each error with its source line, what was expected there, and what
    /// may have been meant.
    pub fn report(&self, program: &str) -> String {
        match self {
            LoadError::Read { source, .. } => format!("{program}: {self}: {}\n", why(source)),
            LoadError::Invalid(invalid) => format!("{program}: {invalid}\n{}", details(invalid)),
        }
    }
}

/// The system's words without its number.
fn why(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => error.source().map_or(text, ToString::to_string),
    }
}

fn details(invalid: &Invalid) -> String {
    let errors = || {
        invalid
            .diagnostics
            .iter()
            .filter(|d| d.severity == Severity::Error)
    };
    let mut out: String = errors()
        .enumerate()
        // The first one's reason is in the line above.
        .map(|(index, d)| snippet(&invalid.path, d, &invalid.document, index > 0))
        .collect();
    and_more(&mut out, invalid.errors - errors().count(), "error");
    out
}

/// Says that there are `more` than were shown.
pub(crate) fn and_more(out: &mut String, more: usize, what: &str) {
    if more > 0 {
        let plural = if more == 1 { "" } else { "s" };
        let _ = writeln!(out, "... and {more} more {what}{plural}");
    }
}

/// What stands behind the reason where a diagnostic has one line: what was expected, the other
/// place, and what to do.
#[cfg(feature = "command")]
pub(crate) fn behind_reason(diagnostic: &Diagnostic, document: &Document) -> String {
    let mut out = String::new();
    if let Some(expected) = &diagnostic.expected {
        let _ = write!(out, "; expected {expected}");
    }
    if let Some((span, what)) = &diagnostic.related {
        let _ = write!(out, "; line {} is {what}", document.position(span.start).0);
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(out, "; {help}");
    }
    out
}

/// One diagnostic with its source line, and with its reason above that if `titled`.
fn snippet(path: &Path, diagnostic: &Diagnostic, document: &Document, titled: bool) -> String {
    render(
        &shown_path(path),
        diagnostic,
        document,
        titled,
        &Renderer::plain(),
    )
}

/// The same as `renderer` does it.
pub(crate) fn render(
    path: &str,
    diagnostic: &Diagnostic,
    document: &Document,
    titled: bool,
    renderer: &Renderer,
) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let shown_line = window(diagnostic, document);
    let mut annotation = AnnotationKind::Primary.span(shown_line.span);
    if let Some(expected) = &diagnostic.expected {
        annotation = annotation.label(format!("expected {expected}"));
    }
    let line = diagnostic.line as usize;
    let source = Snippet::source(shown_line.text)
        .line_start(line)
        .annotation(annotation);
    let group = if titled {
        Group::with_title(level.primary_title(&diagnostic.reason))
    } else {
        Group::with_level(level)
    };
    let mut group = if shown_line.cut {
        // The snippet cannot count the column by itself.
        let column = diagnostic.column as usize;
        group
            .element(Origin::path(path).line(line).char_column(column))
            .element(source)
    } else {
        group.element(source.path(path))
    };
    if let Some((span, what)) = &diagnostic.related {
        let (line, _) = document.position(span.start);
        let text = document.line_text(line as usize - 1).1;
        let text = shown(String::from_utf8_lossy(text).trim());
        group = group.element(Level::NOTE.message(format!("line {line}: `{text}` is {what}")));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group]) + "\n"
}

/// The part of a line that is shown.
struct Window {
    text: String,
    /// The diagnostic's place in it.
    span: Range<usize>,
    /// The line begins further left.
    cut: bool,
}

/// The part of the diagnostic's line around its place.
fn window(diagnostic: &Diagnostic, document: &Document) -> Window {
    let (line, text) = match (diagnostic.line as usize).checked_sub(1) {
        Some(index) if index < document.line_count() => document.line_text(index),
        _ => {
            return Window {
                text: String::new(),
                span: 0..0,
                cut: false,
            };
        }
    };
    let at = |offset: u32| (offset.saturating_sub(line.start) as usize).min(text.len());
    let start = at(diagnostic.span.start);
    let end = at(diagnostic.span.end()).min(start + WINDOW);
    let from = if start > WINDOW {
        start - WINDOW / 2
    } else {
        0
    };
    let to = (end + WINDOW).min(text.len());
    let lossy = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
    let ellipsis = |yes: bool| if yes { "…" } else { "" };
    let before = format!("{}{}", ellipsis(from > 0), lossy(&text[from..start]));
    let marked = lossy(&text[start..end]);
    let after = format!("{}{}", lossy(&text[end..to]), ellipsis(to < text.len()));
    let span = before.len()..before.len() + marked.len();
    Window {
        text: format!("{before}{marked}{after}"),
        span,
        cut: from > 0,
    }
}
