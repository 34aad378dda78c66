//! Collecting diagnostics: every fault is counted, the first ones of the file are kept.

use std::borrow::Cow;

use crate::{Diagnostic, Document, Kind, Severity, Span};

/// How many errors, and how many warnings, are kept. A file with more is counted to its end.
pub(crate) const KEPT: usize = 20;

/// A diagnostic in the making.
#[derive(Debug)]
pub(crate) struct Draft {
    kind: Kind,
    detail: Cow<'static, str>,
    expected: Option<Cow<'static, str>>,
    help: Option<Cow<'static, str>>,
    related: Option<(Span, &'static str)>,
}

impl Draft {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            detail: Cow::Borrowed(""),
            expected: None,
            help: None,
            related: None,
        }
    }

    /// What follows the kind's own words in the reason.
    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<Cow<'static, str>>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean", if there is a nearest word.
    pub(crate) fn nearest(self, word: Option<&'static str>) -> Self {
        match word {
            Some(word) => self.help(format!("did you mean `{word}`?")),
            None => self,
        }
    }

    pub(crate) fn related(mut self, span: Span, what: &'static str) -> Self {
        self.related = Some((span, what));
        self
    }

    fn finish(self, severity: Severity, span: Span, document: &Document) -> Diagnostic {
        let (line, column) = document.position(span.start);
        Diagnostic {
            severity,
            kind: self.kind,
            reason: format!("{}{}", self.kind.text(), self.detail),
            span,
            line,
            column,
            expected: self.expected.map(Cow::into_owned),
            help: self.help.map(Cow::into_owned),
            related: self.related.map(|(span, what)| (span, what.to_owned())),
        }
    }
}

/// The drafts of one severity: those nearest to the file's beginning, and how many there were.
#[derive(Debug, Default)]
struct Bounded {
    drafts: Vec<(Span, Draft)>,
    total: usize,
    /// Once enough are kept: the last of them. What comes behind it is only counted.
    last: Option<u32>,
}

impl Bounded {
    fn add(&mut self, span: Span, draft: impl FnOnce() -> Draft) {
        self.total += 1;
        if self.last.is_some_and(|last| span.start > last) {
            return;
        }
        self.drafts.push((span, draft()));
        // Sorting only at twice the number keeps a flood in reverse order linear.
        if self.drafts.len() >= 2 * KEPT {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.drafts.sort_by_key(|(span, _)| span.start);
        self.drafts.truncate(KEPT);
        self.last = self.drafts.last().map(|(span, _)| span.start);
    }
}

/// Where the parser and the checks put what they find.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    errors: Bounded,
    warnings: Bounded,
    fatal: bool,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The first errors, then the first warnings, each in file order.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// All errors, the ones not kept included.
    pub(crate) errors: usize,
    /// All warnings, the ones not kept included.
    pub(crate) warnings: usize,
}

impl Sink {
    pub(crate) fn error(&mut self, span: Span, draft: impl FnOnce() -> Draft) {
        if !self.fatal {
            self.errors.add(span, draft);
        }
    }

    pub(crate) fn warning(&mut self, span: Span, draft: impl FnOnce() -> Draft) {
        if !self.fatal {
            self.warnings.add(span, draft);
        }
    }

    /// An error beside which all others are noise: they are dropped. The first one stays.
    pub(crate) fn fatal(&mut self, span: Span, draft: Draft) {
        if self.fatal {
            return;
        }
        *self = Self::default();
        self.errors.add(span, || draft);
        self.fatal = true;
    }

    /// How many errors there are so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors.total
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    pub(crate) fn is_fatal(&self) -> bool {
        self.fatal
    }

    pub(crate) fn finish(mut self, document: &Document) -> Found {
        self.errors.trim();
        self.warnings.trim();
        let (errors, warnings) = (self.errors.total, self.warnings.total);
        let finish = |severity: Severity, bounded: Bounded| {
            bounded
                .drafts
                .into_iter()
                .map(move |(span, d)| d.finish(severity, span, document))
        };
        let diagnostics = finish(Severity::Error, self.errors)
            .chain(finish(Severity::Warning, self.warnings))
            .collect();
        Found {
            diagnostics,
            errors,
            warnings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_flood_are_kept_whatever_their_order() {
        let (document, _) = Document::parse(vec![b'\n'; 1000]);
        let mut sink = Sink::default();
        for start in (0..1000).rev() {
            sink.error(Span::new(start, start), || Draft::new(Kind::UnknownCommand));
        }
        let found = sink.finish(&document);
        assert_eq!(found.errors, 1000);
        let lines: Vec<u32> = found.diagnostics.iter().map(|d| d.line).collect();
        assert_eq!(
            lines,
            (1..=u32::try_from(KEPT).unwrap()).collect::<Vec<_>>()
        );
    }
}
