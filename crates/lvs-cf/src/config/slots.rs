//! From a statement to the slot its value goes to: parsed, in place of an earlier one.

use std::net::{IpAddr, Ipv4Addr};

use super::Floating;
use super::reader::{Reader, Setting};
use crate::document::Token;
use crate::sink::Draft;
use crate::value::{self, Fault, Host, Mask};
use crate::words::{called, look_alike, shown};
use crate::{Kind, Span, Spanned};

/// Where a value goes. Without a place in the file it is a default, or none.
pub(super) trait Slot<T> {
    /// Puts `value` there and gives the place of the one that was there.
    fn put(&mut self, value: Spanned<T>) -> Option<Span>;
}

impl<T> Slot<T> for Spanned<T> {
    fn put(&mut self, value: Spanned<T>) -> Option<Span> {
        std::mem::replace(self, value).span
    }
}

impl<T> Slot<T> for Option<Spanned<T>> {
    fn put(&mut self, value: Spanned<T>) -> Option<Span> {
        self.replace(value)?.span
    }
}

impl<'d> Reader<'d> {
    /// Puts the value of a one-value directive into its slot.
    pub(super) fn fill<T>(
        &mut self,
        slot: &mut impl Slot<T>,
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

    /// The same of a number, which may be octal by mistake.
    pub(super) fn fill_number<T>(
        &mut self,
        slot: &mut impl Slot<T>,
        setting: &Setting<'d>,
        parse: impl FnOnce(Token<'d>) -> Result<T, Fault>,
    ) {
        let errors = self.sink.errors();
        self.fill(slot, setting, parse);
        let Some(word) = setting.first.filter(|_| self.sink.errors() == errors) else {
            return;
        };
        if let Some(number) = value::octal(word.text) {
            self.sink.warning(word.span, || {
                Draft::new(Kind::Doubtful)
                    .detail(format!(": \"{}\" is octal: {number}", shown(word.text)))
                    .help(value::OCTAL)
            });
        }
    }

    /// Puts the value of a list directive into its slot.
    pub(super) fn fill_list(
        &mut self,
        slot: &mut Option<Spanned<Vec<String>>>,
        setting: &Setting<'d>,
    ) {
        if setting.first.is_none() {
            self.missing_value(setting.name);
            return;
        }
        let words = self.document.tokens(setting.line).skip(1);
        match value::list(words) {
            Ok(list) => self.store(slot, Spanned::at(list, setting.span()), setting),
            Err(fault) => {
                let source = self.document.token_at(setting.span());
                self.sink.error(setting.span(), || fault.draft(source.text));
            }
        }
    }

    /// Puts an address into its slot; `0.0.0.0` empties it.
    pub(super) fn fill_host(&mut self, slot: &mut Option<Spanned<IpAddr>>, setting: &Setting<'d>) {
        let resolver = self.resolver;
        let Some(word) = self.values(setting, 1) else {
            return;
        };
        match self.parsed(word, |word| value::host(word, resolver)) {
            Some(Host::Address(address)) => {
                self.store(slot, Spanned::at(address, word.span), setting);
            }
            Some(Host::Nowhere(_)) => self.empty(slot, setting),
            None => {}
        }
    }

    /// Puts an address that must be one into its slot.
    pub(super) fn fill_address(&mut self, slot: &mut impl Slot<IpAddr>, setting: &Setting<'d>) {
        let resolver = self.resolver;
        self.fill(slot, setting, |word| match value::host(word, resolver)? {
            Host::Address(address) => Ok(address),
            Host::Nowhere(_) => Err(Fault::new(Kind::InvalidHost, value::ONE_HOST)),
        });
    }

    /// Puts the value of `address = HOST [DEVICE]` into its slot; `0.0.0.0` too.
    pub(super) fn fill_vip(&mut self, slot: &mut Option<Spanned<Floating>>, setting: &Setting<'d>) {
        let Some(word) = self.values(setting, 2) else {
            return;
        };
        if let Some(floating) = self.floating(word, setting) {
            self.store(slot, floating, setting);
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
        let none = floating.address.is_unspecified();
        if !none && floating.device.is_none() {
            self.sink.error(word.span, || {
                Draft::new(Kind::MissingArguments)
                    .detail(": the device of \"nat_router\"")
                    .expected("a device after the address, such as `eth1:1`")
            });
            return;
        }
        if none {
            self.empty(slot, setting);
        } else {
            self.store(slot, floating, setting);
        }
    }

    /// An address, perhaps `0.0.0.0`, and its device, if one is said.
    fn floating(&mut self, word: Token<'d>, setting: &Setting<'d>) -> Option<Spanned<Floating>> {
        let resolver = self.resolver;
        let host = self.parsed(word, |w| value::host(w, resolver));
        let device = setting.second.map(|w| self.parsed(w, value::device));
        let (Some(host), None | Some(Some(_))) = (host, &device) else {
            return None;
        };
        if let Some(word) = setting.second {
            self.no_device(word);
        }
        let (Host::Address(address) | Host::Nowhere(address)) = host;
        let floating = Floating {
            address,
            device: device.flatten(),
            prefix: None,
        };
        Some(Spanned::at(floating, setting.span()))
    }

    /// Warns of a device that nobody has: a netmask, a port, or a number behind the statement.
    fn no_device(&mut self, word: Token<'d>) {
        if !word.text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return;
        }
        self.sink.warning(word.span, || {
            let draft = Draft::new(Kind::Doubtful)
                .detail(format!(": \"{}\" is treated as a device", word.text))
                .expected("a device such as `eth0:1`, or the end of the line");
            match word.text.parse::<Ipv4Addr>() {
                Ok(_) => draft.help("netmasks belong in `vip_nmask` and `nat_nmask`"),
                Err(_) => draft,
            }
        });
    }

    /// The prefix length that a mask of the file means for `address`.
    pub(super) fn prefix(
        &mut self,
        mask: Option<Spanned<Mask>>,
        address: IpAddr,
    ) -> Option<Spanned<u8>> {
        let mask = mask?;
        let word = self.document.token_at(mask.span?);
        let prefix = self.parsed(word, |_| mask.prefix(address))?;
        Some(Spanned::at(prefix, word.span))
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

    /// Warns of a value that was meant to be a comment, or to have one behind it; and of quotes that
    /// are none.
    fn no_comment(&mut self, setting: &Setting<'d>) {
        let words = [setting.first, setting.second];
        // Nearly all values are.
        let is_plain = |word: &Token<'d>| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'/' | b'_');
            word.quoted || word.text.bytes().all(plain)
        };
        if words.iter().flatten().all(is_plain) {
            return;
        }
        let hash = |word: &Token<'d>| !word.quoted && word.text.contains('#');
        if let Some(word) = words.into_iter().flatten().find(hash) {
            self.sink.warning(word.span, || {
                Draft::new(Kind::Doubtful)
                    .detail(format!(
                        ": \"{}\" is a value, not a comment",
                        shown(word.text)
                    ))
                    .help("put a space between value and comment; quote values that contain `#`")
            });
        }
        let is_odd = |word: &Token<'d>| {
            let hangs = word.text.ends_with(['"', '\'']);
            !word.quoted && (hangs || look_alike(word.text).is_some())
        };
        if let Some(word) = words.into_iter().flatten().find(is_odd) {
            self.sink.warning(word.span, || {
                let c = look_alike(word.text).or(word.text.chars().last());
                let c = c.map(called).unwrap_or_default();
                let value = shown(word.text);
                Draft::new(Kind::Doubtful)
                    .detail(format!(": {c} is part of the value \"{value}\""))
                    .expected("quotes around the value, `\"` or `'`")
            });
        }
    }

    /// The last one in the file counts, as in 0.8.6.
    fn store<T>(&mut self, slot: &mut impl Slot<T>, value: Spanned<T>, setting: &Setting<'d>) {
        self.no_comment(setting);
        let earlier = slot.put(value);
        self.set_again(earlier, setting);
    }

    /// Takes the value out of a slot: the file says that there is none.
    fn empty<T>(&mut self, slot: &mut Option<Spanned<T>>, setting: &Setting<'d>) {
        let earlier = slot.take().and_then(|s| s.span);
        self.set_again(earlier, setting);
    }

    fn set_again(&mut self, earlier: Option<Span>, setting: &Setting<'d>) {
        if let Some(earlier) = earlier {
            self.sink.warning(earlier, || {
                Draft::new(Kind::NoEffect)
                    .detail(format!(": \"{}\" is set again below", setting.name.text))
                    .related(setting.span(), "the value that applies")
            });
        }
    }
}
