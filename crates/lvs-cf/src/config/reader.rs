//! Reading statements: which directive a line is, and how many values it has.

use super::instead;
use crate::directive::Directive;
use crate::document::{Document, LineKind, Token};
use crate::sink::{Draft, Sink};
use crate::words::shown;
use crate::{Kind, Resolve, Span};

/// What reads a document: the document itself, the names, and where faults go.
pub(super) struct Reader<'d> {
    pub(super) document: &'d Document,
    pub(super) resolver: &'d dyn Resolve,
    pub(super) sink: &'d mut Sink,
}

/// A line `NAME = VALUE...`.
pub(super) struct Setting<'d> {
    pub(super) line: usize,
    pub(super) name: Token<'d>,
    pub(super) first: Option<Token<'d>>,
    pub(super) second: Option<Token<'d>>,
    /// From the third value to the last.
    excess: Option<Span>,
}

impl Setting<'_> {
    /// The values that are there.
    pub(super) fn span(&self) -> Span {
        let first = self.first.map_or(self.name.span, |f| f.span);
        let end = self.second.map_or(first, |s| s.span);
        first.to(self.excess.unwrap_or(end))
    }
}

/// What a line turned out to be.
pub(super) enum Statement<'d, D> {
    /// A directive and its values.
    Setting(D, Setting<'d>),
    /// About this directive, and wrong: it is reported, so nobody should miss it.
    Failed(D),
    /// No directive of this place, already reported.
    Unknown(&'d str),
    /// Nothing to do.
    Nothing,
}

impl<'d> Reader<'d> {
    /// Whether a block begins at `line`.
    pub(super) fn opens(&self, line: usize) -> bool {
        let kind = self.document.kind(line);
        matches!(kind, LineKind::Open | LineKind::BrokenOpen)
    }

    /// How many blocks begin from line `at` to before `end`, the ones in other blocks not counted.
    /// Files of a hundred thousand servers exist: a list that grows would cost half as much again.
    pub(super) fn blocks(&self, mut at: usize, end: usize) -> usize {
        let mut blocks = 0;
        while at < end {
            if self.opens(at) {
                blocks += 1;
                at = self.document.block_end(at).max(at + 1);
            } else {
                at += 1;
            }
        }
        blocks
    }

    /// Reads one line where the directives of `D` stand.
    pub(super) fn statement<D: Directive>(&mut self, line: usize) -> Statement<'d, D> {
        let kind = self.document.kind(line);
        let mut tokens = self.document.tokens(line);
        let Some(name) = tokens.next() else {
            return Statement::Nothing;
        };
        let directive = D::find(name.text);
        match (kind, directive) {
            (LineKind::Setting, Some(directive)) => {
                let (first, second) = (tokens.next(), tokens.next());
                let excess = tokens
                    .clone()
                    .next()
                    .zip(tokens.last())
                    .map(|(a, b)| a.span.to(b.span));
                let setting = Setting {
                    line,
                    name,
                    first,
                    second,
                    excess,
                };
                Statement::Setting(directive, setting)
            }
            (LineKind::Stray, Some(directive)) => {
                self.sink.error(name.span, || {
                    let draft = Draft::new(Kind::EqualExpected)
                        .detail(format!(": \"{}\"", shown(name.text)))
                        .expected(format!("`{} = VALUE`", name.text));
                    draft.nearest(instead::joined(D::SCOPE, name.text, tokens.next()))
                });
                Statement::Failed(directive)
            }
            (LineKind::Broken, Some(directive)) => Statement::Failed(directive),
            (LineKind::Setting | LineKind::Stray, None) => {
                let second = tokens.next().filter(|_| kind == LineKind::Stray);
                self.unknown::<D>(name, second);
                Statement::Unknown(name.text)
            }
            (LineKind::Broken, None) => Statement::Unknown(name.text),
            (LineKind::Empty | LineKind::Open | LineKind::BrokenOpen | LineKind::Close, _) => {
                Statement::Nothing
            }
        }
    }

    fn unknown<D: Directive>(&mut self, name: Token<'d>, second: Option<Token<'d>>) {
        self.sink.error(name.span, || {
            let draft = Draft::new(Kind::UnknownCommand)
                .detail(format!(": \"{}\"", shown(name.text)))
                .expected(format!("a directive allowed {}", D::SCOPE.place()));
            match instead::of_name(D::SCOPE, name.text, second) {
                Some(help) => draft.help(help),
                None => draft,
            }
        });
    }

    pub(super) fn missing_value(&mut self, name: Token<'d>) {
        self.sink.error(name.span, || {
            Draft::new(Kind::MissingArguments)
                .detail(format!(": \"{}\"", shown(name.text)))
                .expected("a value after `=`")
        });
    }

    /// The one value of a directive, or the first of at most two.
    pub(super) fn values(&mut self, setting: &Setting<'d>, most: usize) -> Option<Token<'d>> {
        let Some(first) = setting.first else {
            self.missing_value(setting.name);
            return None;
        };
        let second = setting.second.filter(|_| most < 2).map(|s| s.span);
        let excess = match (second, setting.excess) {
            (Some(second), Some(more)) => Some(second.to(more)),
            (one, other) => one.or(other),
        };
        let Some(excess) = excess else {
            return Some(first);
        };
        if first.text.starts_with('#') && !first.quoted {
            // `NAME = # why`: a comment follows a complete statement only.
            self.missing_value(setting.name);
            return None;
        }
        if first.text == "=" && !first.quoted {
            self.sink.error(first.span, || {
                Draft::new(Kind::UnexpectedArguments)
                    .detail(": a second \"=\"")
                    .expected(format!("`{} = VALUE`", setting.name.text))
            });
            return None;
        }
        self.sink.error(excess, || {
            let draft = Draft::new(Kind::UnexpectedArguments)
                .detail(format!(" after \"{}\"", shown(first.text)))
                .expected("the end of the line, or `#` and a comment");
            match instead::of_words(setting.name.text, first, self.document.token_at(excess)) {
                Some(help) => draft.help(help),
                None => draft,
            }
        });
        None
    }
}
