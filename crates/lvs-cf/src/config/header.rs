//! Reading the opening lines of blocks.

use super::reader::Reader;
use crate::Kind;
use crate::directive::Scope;
use crate::document::{LineKind, Token};
use crate::sink::Draft;
use crate::words::{nearest, shown};

/// More words than any opening has; what is behind them is in error already.
const MOST_NAMES: usize = 8;

/// The name in a block's opening line.
pub(super) struct Header<'d> {
    pub(super) keyword: Token<'d>,
    pub(super) name: Option<Token<'d>>,
    /// The line was not understood whole: what the block lacks may have been on it.
    pub(super) broken: bool,
}

impl<'d> Reader<'d> {
    /// The keyword of a block's opening line.
    pub(super) fn header_keyword(&self, line: usize) -> Option<Token<'d>> {
        self.document.tokens(line).next()
    }

    /// Reads a block's opening line.
    pub(super) fn header(&mut self, line: usize) -> Option<Header<'d>> {
        let mut tokens = self.document.tokens(line);
        let keyword = tokens.next()?;
        if self.document.kind(line) == LineKind::BrokenOpen {
            return Some(Header {
                keyword,
                name: None,
                broken: true,
            });
        }
        let is_brace = |t: &Token<'_>| t.text == "{" && !t.quoted;
        let mut names: Vec<Token<'d>> = tokens
            .by_ref()
            .take_while(|t| !is_brace(t))
            .take(MOST_NAMES)
            .collect();
        let has_brace = self.document.tokens(line).any(|t| is_brace(&t));
        // The HOWTO's dialect: `virtual server NAME {`.
        let is_server = names.first().is_some_and(|n| n.text == "server");
        if keyword.text == "virtual" && is_server {
            if names.len() > 1 {
                names.remove(0);
            } else if !names[0].quoted {
                self.sink.warning(names[0].span, || {
                    Draft::new(Kind::Doubtful)
                        .detail(": virtual server named \"server\"")
                        .expected("`virtual server NAME {`, or another name")
                });
            }
        }
        let missing = |what: &'static str, expected: &'static str| {
            Draft::new(Kind::MissingArguments)
                .detail(what)
                .expected(expected)
        };
        let whole = names
            .last()
            .map_or(keyword.span, |n| keyword.span.to(n.span));
        if !has_brace {
            self.sink
                .error(whole, || missing(": \"{\"", "`{` at the end of this line"));
        } else if names.is_empty() {
            self.sink.error(keyword.span, || {
                missing(": the block's name", "`NAME {` after it")
            });
        } else if let (Some(second), Some(last)) = (names.get(1), names.last()) {
            self.sink.error(second.span.to(last.span), || {
                Draft::new(Kind::UnexpectedArguments)
                    .detail(format!(" after \"{}\"", shown(names[0].text)))
                    .expected("`{`")
            });
        }
        let mut behind = self
            .document
            .tokens(line)
            .skip_while(|t| !is_brace(t))
            .skip(1);
        let first_behind = behind.next();
        if let Some(first) = first_behind {
            let span = first.span.to(behind.last().unwrap_or(first).span);
            self.sink.error(span, || {
                let draft = Draft::new(Kind::UnexpectedArguments)
                    .detail(" after {")
                    .expected("the end of the line, or `#` and a comment");
                match self.document.token_at(span).text.contains('=') {
                    true => draft.help("write one statement per line"),
                    false => draft,
                }
            });
        }
        let name = names.first().copied();
        if let Some(name) = name.filter(|n| n.text.is_empty() || n.text.contains(char::is_control))
        {
            self.sink.error(name.span, || {
                Draft::new(Kind::InvalidArgument)
                    .detail(format!(": \"{}\"", shown(name.text)))
                    .expected("a non-empty name without control characters")
            });
        }
        Some(Header {
            keyword,
            name,
            broken: first_behind.is_some(),
        })
    }

    /// Reports a block whose keyword means nothing here.
    pub(super) fn unknown_block(&mut self, scope: Scope, line: usize, keyword: Token<'d>) {
        if self.document.kind(line) == LineKind::BrokenOpen {
            return;
        }
        self.sink.error(keyword.span, || {
            let draft =
                Draft::new(Kind::UnknownCommand).detail(format!(": \"{}\"", shown(keyword.text)));
            match (scope, keyword.text) {
                (Scope::Global, "server") => draft
                    .expected("an enclosing `virtual` block")
                    .help("check for an extra `}` above"),
                (Scope::Global, word) => draft
                    .expected("`virtual NAME {` or `failover NAME {`")
                    .nearest(like(word, &["virtual", "failover"])),
                (Scope::Virtual, word) => draft
                    .expected("`server NAME {`")
                    .nearest(like(word, &["server"])),
                (Scope::Server, _) => draft.expected("no block: a `server` block contains none"),
            }
        });
    }
}

/// The keyword that `word` is near to, or has in it: `virtual_server` is another program's.
fn like(word: &str, keywords: &[&'static str]) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let within = keywords.iter().find(|keyword| word.contains(**keyword));
    within.copied().or_else(|| nearest(&word, keywords))
}
