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

    /// Puts the value of `address = HOST [DEVICE]` into its slot.
    pub(super) fn fill_vip(&mut self, slot: &mut Option<Spanned<Floating>>, setting: &Setting<'d>) {
        let Some(word) = self.values(setting, 2) else {
            return;
        };
        match self.floating(word, setting) {
            Some(Some(floating)) => self.store(slot, floating, setting),
            Some(None) => {
                let fault = Fault::new(Kind::InvalidHost, "the address of one host");
                self.sink.error(word.span, || fault.draft(word.text));
            }
            None => {}
        }
    }

    /// Puts the value of `nat_router = HOST DEVICE` into its slot; `0.0.0.0` empties it. Nothing
    /// tells the private link of a router but the device.
    pub(super) fn fill_gateway(
        &mut self,
        slot: &mut Option<Spanned<Floating>>,
        setting: &Setting<'d>,
    ) {
        let Some(word) = self.values(setting, 2) else {
            return;
        };
        let Some(floating) = self.floating(word, setting) else {
            return;
        };
        if floating.as_ref().is_some_and(|f| f.device.is_none()) {
            self.sink.error(word.span, || {
                Draft::new(Kind::MissingArguments)
                    .detail(": the device of \"nat_router\"")
                    .expected("a device behind it, such as `eth1:1`")
            });
            return;
        }
        match floating {
            Some(floating) => self.store(slot, floating, setting),
            None => *slot = None,
        }
    }

    /// An address and its device, if one is said. `Some(None)`: the address is `0.0.0.0`.
    fn floating(
        &mut self,
        word: Token<'d>,
        setting: &Setting<'d>,
    ) -> Option<Option<Spanned<Floating>>> {
        let resolver = self.resolver;
        let host = self.parsed(word, |w| value::host(w, resolver));
        let device = setting.second.map(|w| self.parsed(w, value::device));
        let (Some(host), None | Some(Some(_))) = (host, &device) else {
            return None;
        };
        let Host::Address(address) = host else {
            return Some(None);
        };
        let floating = Floating {
            address,
            device: device.flatten(),
            prefix: None,
        };
        Some(Some(Spanned::at(floating, setting.span())))
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
}
