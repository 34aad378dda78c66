//! What was probably meant by a line that says nothing, and what to write instead.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use crate::directive::{self, Scope, takes_text};
use crate::document::Token;
use crate::value::time_meant;
use crate::words::{called, look_alike};

/// Help with `name`, which is no directive of `scope`. `second` is the word behind it if there is no
/// `=` between them.
pub(super) fn of_name(
    scope: Scope,
    name: &str,
    second: Option<Token<'_>>,
) -> Option<Cow<'static, str>> {
    let names = directive::names(scope);
    if let Some(c) = look_alike(name) {
        return Some(format!("contains the look-alike character {}", called(c)).into());
    }
    if ["//", "/*", "*", ";", "!", "--"]
        .iter()
        .any(|c| name.starts_with(c))
    {
        return Some("a comment begins with `#`".into());
    }
    if ["<<<<<<<", "=======", ">>>>>>>"]
        .iter()
        .any(|m| name.starts_with(m))
    {
        return Some("unresolved merge conflict: keep one side".into());
    }
    if matches!(name, "virtual" | "failover" | "server") {
        return Some(format!("a block begins with `{name} NAME {{`").into());
    }
    let known = |name: &str| names.iter().find(|known| **known == name).copied();
    let meant = directive::meant(scope, name)
        .or_else(|| joined(scope, name, second))
        .or_else(|| known(name.trim_end_matches(':')));
    if let Some(meant) = meant {
        return Some(format!("did you mean `{meant} = VALUE`?").into());
    }
    if let Some(elsewhere) = directive::place_of(name) {
        let place = elsewhere.place();
        return Some(
            format!("`{name}` belongs {place}: move it, or check for a misplaced `}}`").into(),
        );
    }
    let guess = directive::guess(scope, name)?;
    Some(format!("did you mean `{guess}`?").into())
}

/// The directive of `scope` that `name` and the word behind it are with `_` between them.
pub(super) fn joined(scope: Scope, name: &str, second: Option<Token<'_>>) -> Option<&'static str> {
    let second = second.filter(|second| !second.quoted)?.text;
    let is_joined = |known: &&'static str| {
        known
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('_'))
            == Some(second)
    };
    directive::names(scope).into_iter().find(is_joined)
}

/// Help with `name = FIRST EXCESS`, where one word is enough; for an address two are.
pub(super) fn of_words(
    name: &str,
    first: Token<'_>,
    excess: Token<'_>,
) -> Option<Cow<'static, str>> {
    if let Some(c) = look_alike(first.text).filter(|_| !first.quoted) {
        let c = called(c);
        return Some(format!("{c} is neither a quote nor a space: quote with `\"` or `'`").into());
    }
    // A number there is a link of the HOWTO's print rather than a word of a command.
    if takes_text(name) && !excess.text.bytes().all(|b| b.is_ascii_digit()) {
        return Some("quote values that contain spaces".into());
    }
    if excess.text.contains('=') {
        return Some("write one statement per line".into());
    }
    if first.text.ends_with([',', ';']) {
        return Some("separate words with spaces".into());
    }
    if let Some(time) = time_meant(&format!("{} {}", first.text, excess.text)) {
        return Some(format!("did you mean `{time}`?").into());
    }
    if excess.text.starts_with('/') || excess.text.parse::<Ipv4Addr>().is_ok() {
        return Some("netmasks belong in `vip_nmask` and `nat_nmask`".into());
    }
    let one_host = first.text.parse::<IpAddr>().is_ok() && !first.quoted;
    (one_host && name != "nat_router" && excess.text.starts_with(|c: char| c.is_ascii_alphabetic()))
        .then_some("only `address` of a virtual server and `nat_router` take a device".into())
}
