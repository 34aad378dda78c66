//! Reading statements: which directive a line is, how many values it has, and whether they parse.

use super::Floating;
use crate::directive::{self, Directive, Scope, Support};
use crate::document::{Document, LineKind, Token};
use crate::sink::{Draft, Sink};
use crate::value::{self, Fault, Host};
use crate::words::{nearest, shown};
use crate::{Kind, Resolve, Span, Spanned};

/// What reads a document: the document itself, the names, and where faults go.
pub(super) struct Reader<'d> {
    pub(super) document: &'d Document,
    pub(super) resolver: &'d dyn Resolve,
    pub(super) sink: &'d mut Sink,
}

/// A line `NAME = VALUE...`.
pub(super) struct Setting<'d> {
    /// `None`: one this version reads and does not carry out.
    pub(super) directive: Option<Directive>,
    name: Token<'d>,
    first: Option<Token<'d>>,
    second: Option<Token<'d>>,
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
pub(super) enum Statement<'d> {
    /// A directive to carry out.
    Setting(Setting<'d>),
    /// About this directive, and wrong: it is reported, so nobody should miss it.
    Failed(Directive),
    /// No directive of this place, already reported.
    Unknown(&'d str),
    /// Nothing to do.
    Nothing,
}

/// The name in a block's opening line.
pub(super) struct Header<'d> {
    pub(super) keyword: Token<'d>,
    pub(super) name: Option<Token<'d>>,
    /// The line was not understood whole: what the block lacks may have been on it.
    pub(super) broken: bool,
}

impl<'d> Reader<'d> {
    /// Reads one line of `scope`.
    pub(super) fn statement(&mut self, scope: Scope, line: usize) -> Statement<'d> {
        let kind = self.document.kind(line);
        let mut tokens = self.document.tokens(line);
        let Some(name) = tokens.next() else {
            return Statement::Nothing;
        };
        let support = directive::find(scope, name.text);
        match kind {
            LineKind::Setting | LineKind::Stray => {}
            LineKind::Broken => {
                return match support {
                    Some(Support::Works(directive)) => Statement::Failed(directive),
                    _ => Statement::Nothing,
                };
            }
            LineKind::Empty | LineKind::Open | LineKind::BrokenOpen | LineKind::Close => {
                return Statement::Nothing;
            }
        }
        let Some(support) = support else {
            self.unknown(scope, name);
            return Statement::Unknown(name.text);
        };
        if kind == LineKind::Stray {
            self.sink.error(name.span, || {
                Draft::new(Kind::EqualExpected)
                    .detail(format!(": \"{}\"", shown(name.text)))
                    .expected(format!("`{} = VALUE`", name.text))
            });
            return match support {
                Support::Works(directive) => Statement::Failed(directive),
                _ => Statement::Nothing,
            };
        }
        let (first, second) = (tokens.next(), tokens.next());
        let excess = tokens
            .clone()
            .next()
            .zip(tokens.last())
            .map(|(a, b)| a.span.to(b.span));
        let setting = |directive| Setting {
            directive,
            name,
            first,
            second,
            excess,
        };
        match support {
            Support::Works(directive) => Statement::Setting(setting(Some(directive))),
            Support::Only(value, known) => {
                self.only(&setting(None), value, known);
                Statement::Nothing
            }
            Support::Idle(why) => {
                self.sink.warning(name.span, || {
                    Draft::new(Kind::NoEffect).detail(format!(": `{}`, {why}", name.text))
                });
                Statement::Nothing
            }
            Support::Later => {
                self.sink.error(name.span, || {
                    Fault::unsupported("directive", "")
                        .draft(name.text)
                        .expected("a directive of this version")
                        .help("take the line out, or put `#` before it")
                });
                Statement::Nothing
            }
        }
    }

    fn unknown(&mut self, scope: Scope, name: Token<'d>) {
        self.sink.error(name.span, || {
            let draft = Draft::new(Kind::UnknownCommand)
                .detail(format!(": \"{}\"", shown(name.text)))
                .expected(format!("a directive that stands {}", scope.place()));
            if let Some(elsewhere) = directive::find_elsewhere(name.text) {
                let place = elsewhere.place();
                return draft.help(format!("`{}` stands {place}: is a `}}` wrong?", name.text));
            }
            draft.nearest(nearest(name.text, &directive::names(scope)))
        });
    }

    /// A directive of which this version takes one value. `known`: all there are, if they are few.
    fn only(
        &mut self,
        setting: &Setting<'d>,
        wanted: &'static str,
        known: &'static [&'static str],
    ) {
        let Some(value) = self.values(setting, 1) else {
            return;
        };
        let number = value::integer(value);
        let is_wanted = match wanted {
            "0" => number == Ok(0),
            word => value.text.eq_ignore_ascii_case(word),
        };
        if is_wanted {
            return;
        }
        let fault = match number {
            Err(fault) if wanted == "0" => Some(fault),
            _ if known.is_empty() || known.contains(&value.text) => None,
            _ => Some(Fault::one_of(known)),
        };
        self.sink.error(value.span, || match fault {
            Some(fault) => fault.draft(value.text),
            None => {
                let (name, value) = (setting.name.text, shown(value.text));
                let what = format!(" value \"{value}\" of \"{name}\"");
                Draft::new(Kind::Unsupported)
                    .detail(format!("{what}: not implemented in this version"))
                    .expected(format!("`{wanted}`"))
            }
        });
    }

    fn missing_value(&mut self, name: Token<'d>) {
        self.sink.error(name.span, || {
            Draft::new(Kind::MissingArguments)
                .detail(format!(": \"{}\"", shown(name.text)))
                .expected("a value after `=`")
        });
    }

    /// The one value of a directive, or the first of at most two.
    fn values(&mut self, setting: &Setting<'d>, most: usize) -> Option<Token<'d>> {
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
        self.sink.error(excess, || {
            Draft::new(Kind::UnexpectedArguments)
                .detail(format!(" after \"{}\"", shown(first.text)))
                .expected("the end of the line, or `#` and a comment")
        });
        None
    }

    /// Puts the value of a one-value directive into its slot.
    pub(super) fn fill<T>(
        &mut self,
        slot: &mut Option<Spanned<T>>,
        setting: &Setting<'d>,
        parse: impl FnOnce(Token<'d>) -> Result<T, Fault>,
    ) {
        let Some(word) = self.values(setting, 1) else {
            return;
        };
        if let Some(value) = self.parsed(word, parse) {
            self.store(slot, Spanned::at(value, word.span), setting);
        }
    }

    /// Puts the value of `NAME = ADDRESS [DEVICE]` into its slot.
    pub(super) fn fill_floating(
        &mut self,
        slot: &mut Option<Spanned<Floating>>,
        setting: &Setting<'d>,
    ) {
        let Some(word) = self.values(setting, 2) else {
            return;
        };
        let resolver = self.resolver;
        let address = self.parsed(word, |w| match value::host(w, resolver)? {
            Host::Address(address) => Ok(address),
            Host::Nowhere => Err(Fault::new(Kind::InvalidHost, "the address of one host")),
        });
        let device = setting.second.map(|w| self.parsed(w, value::device));
        let (Some(address), None | Some(Some(_))) = (address, &device) else {
            return;
        };
        let floating = Floating {
            address,
            device: device.flatten(),
            prefix: None,
        };
        self.store(slot, Spanned::at(floating, setting.span()), setting);
    }

    fn parsed<T>(
        &mut self,
        word: Token<'d>,
        parse: impl FnOnce(Token<'d>) -> Result<T, Fault>,
    ) -> Option<T> {
        match parse(word) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.sink.error(word.span, || fault.draft(word.text));
                None
            }
        }
    }

    /// The last one in the file counts, as in 0.8.6.
    fn store<T>(
        &mut self,
        slot: &mut Option<Spanned<T>>,
        value: Spanned<T>,
        setting: &Setting<'d>,
    ) {
        if let Some(earlier) = slot.as_ref().and_then(|s| s.span) {
            self.sink.warning(earlier, || {
                Draft::new(Kind::NoEffect)
                    .detail(format!(": \"{}\" is set again below", setting.name.text))
                    .related(setting.span(), "the value that counts")
            });
        }
        *slot = Some(value);
    }

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
        if keyword.text == "virtual" && names.len() > 1 && names[0].text == "server" {
            names.remove(0);
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
                missing(": the block's name", "`NAME {` behind it")
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
                Draft::new(Kind::UnexpectedArguments)
                    .detail(" after {")
                    .expected("the end of the line, or `#` and a comment")
            });
        }
        let name = names.first().copied();
        if let Some(name) = name.filter(|n| n.text.is_empty() || n.text.contains(char::is_control))
        {
            self.sink.error(name.span, || {
                Draft::new(Kind::InvalidArgument)
                    .detail(format!(": \"{}\"", shown(name.text)))
                    .expected("a name without control characters")
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
                    .expected("a `virtual` block around it")
                    .help("is a `}` too many above?"),
                (Scope::Global, word) => draft
                    .expected("`virtual NAME {`")
                    .nearest(nearest(word, &["virtual"])),
                (Scope::Virtual, word) => draft
                    .expected("`server NAME {`")
                    .nearest(nearest(word, &["server"])),
                (Scope::Server, _) => draft.expected("no block: a server block has none"),
            }
        });
    }
}

/// More words than any opening has; what is behind them is in error already.
const MOST_NAMES: usize = 8;
