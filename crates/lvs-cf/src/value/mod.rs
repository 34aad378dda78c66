//! From the words of a directive to its value.

mod hint;
mod host;
mod number;

pub(crate) use hint::time as time_meant;
pub(crate) use host::{Host, Mask, ONE_HOST, device, host, interface, netmask};
pub(crate) use number::{
    LONGEST, boolean, duration, fwmark, integer, kernel_timeout, octal, positive_duration, seconds,
    sync_id, weight,
};

use crate::config::{Network, Protocol, ReservationConflict, Scheduler, ServiceKind};
use crate::document::Token;
use crate::sink::Draft;
use crate::words::{nearest, shown};
use crate::{Kind, Resolve};

/// What is said of a number that begins with 0.
pub(crate) const OCTAL: &str = "a leading 0 means octal";

/// What sort of value a directive wants, where its faults have ways of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Any,
    Time,
    Port,
}

/// Why a word is not the value a directive wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// What would be right.
    pub(crate) expected: &'static str,
    /// The words that would be right, if it is words.
    known: &'static [&'static str],
    sort: Sort,
}

impl Fault {
    pub(crate) const fn new(kind: Kind, expected: &'static str) -> Self {
        Self {
            kind,
            expected,
            known: &[],
            sort: Sort::Any,
        }
    }

    pub(crate) const fn invalid(expected: &'static str) -> Self {
        Self::new(Kind::InvalidArgument, expected)
    }

    pub(crate) const fn of(self, sort: Sort) -> Self {
        Self { sort, ..self }
    }

    pub(crate) fn one_of(known: &'static [&'static str]) -> Self {
        Self {
            known,
            ..Self::invalid("")
        }
    }

    /// The diagnostic for it, found in `text`.
    pub(crate) fn draft(self, text: &str) -> Draft {
        let draft = Draft::new(self.kind).detail(format!(": \"{}\"", shown(text)));
        let draft = if self.known.is_empty() {
            draft.expected(self.expected)
        } else {
            draft.expected(format!("one of {}", self.known.join(", ")))
        };
        let near = hint::other_name(text, self.known).or_else(|| nearest(text, self.known));
        match near {
            Some(_) => draft.nearest(near),
            None => match hint::hint(self.kind, self.sort, text) {
                Some(hint) => draft.help(hint),
                None => draft,
            },
        }
    }
}

macro_rules! one_of {
    ($($function:ident $type:ident,)*) => {$(
        pub(crate) fn $function(word: Token<'_>) -> Result<$type, Fault> {
            $type::from_name(word.text).ok_or(Fault::one_of(&$type::NAMES))
        }
    )*};
}

one_of! {
    network Network,
    protocol Protocol,
    reservation_conflict ReservationConflict,
    scheduler Scheduler,
    service_kind ServiceKind,
}

/// A port by number or by name. A name that `protocol` has no port for is looked up for TCP.
pub(crate) fn port(
    word: Token<'_>,
    protocol: Protocol,
    resolver: &dyn Resolve,
) -> Result<u16, Fault> {
    let fault = Fault::invalid("a port from 1 to 65535, or a service name such as `http`");
    let fault = fault.of(Sort::Port);
    if let Some(number) = number::strtol(word.text) {
        return u16::try_from(number)
            .ok()
            .filter(|port| *port > 0)
            .ok_or(fault);
    }
    if word.text.len() > 64 || !word.text.contains(|c: char| c.is_ascii_alphabetic()) {
        return Err(fault);
    }
    let port = |name: &str| {
        let under = |protocol| resolver.service(name, protocol);
        under(protocol).or_else(|| under(Protocol::Tcp))
    };
    port(word.text).ok_or(fault)
}

/// Any word that is not empty: a command, a path.
pub(crate) fn text<T: for<'a> From<&'a str>>(word: Token<'_>) -> Result<T, Fault> {
    if word.text.is_empty() {
        return Err(Fault::invalid("a non-empty value"));
    }
    Ok(word.text.into())
}

/// Any word: what is sent and what is expected may be nothing.
pub(crate) fn any_text(word: Token<'_>) -> Result<Box<str>, Fault> {
    Ok(word.text.into())
}

/// The words between `[` and `]`, which may stand apart or touch the first and the last one.
pub(crate) fn list<'d>(mut words: impl Iterator<Item = Token<'d>>) -> Result<Vec<String>, Fault> {
    let fault = Fault::new(Kind::ListExpected, "words in brackets: `[ a b ]`");
    let first = words.next().filter(|word| !word.quoted).ok_or(fault)?;
    let mut rest = first.text.strip_prefix('[').ok_or(fault)?;
    let mut list = Vec::new();
    let mut quoted = false;
    loop {
        let last = rest.strip_suffix(']').filter(|_| !quoted);
        let word = last.unwrap_or(rest);
        if !word.is_empty() || quoted {
            list.push(word.to_owned());
        }
        match (last, words.next()) {
            (Some(_), None) => return Ok(list),
            (None, Some(next)) => (rest, quoted) = (next.text, next.quoted),
            _ => return Err(fault),
        }
    }
}

#[cfg(test)]
pub(crate) fn token(text: &str) -> Token<'_> {
    let span = crate::Span::new(0, u32::try_from(text.len()).unwrap());
    Token {
        text,
        span,
        quoted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedResolver;

    #[test]
    fn ports_are_numbers_of_any_base_or_names() {
        let resolver = FixedResolver::new().with_service("ssh", Protocol::Tcp, 22);
        let port = |text| port(token(text), Protocol::Tcp, &resolver).ok();
        assert_eq!(port("80"), Some(80));
        assert_eq!(port("0x50"), Some(80));
        assert_eq!(port("0120"), Some(80));
        assert_eq!(port("http"), Some(80));
        assert_eq!(port("ftp"), Some(21));
        assert_eq!(port("ssh"), Some(22));
        for bad in [
            "0",
            "65536",
            "-1",
            "",
            "htp",
            "80x",
            "99999999999999999999999999999999999999999",
        ] {
            assert_eq!(port(bad), None, "{bad}");
        }
    }

    #[test]
    fn schedulers_are_the_kernels() {
        for name in Scheduler::NAMES {
            assert_eq!(scheduler(token(name)).unwrap().name(), name);
        }
        assert!(scheduler(token("WLC")).is_err());
    }

    #[test]
    fn a_port_is_looked_up_under_its_protocol_and_then_under_tcp() {
        let resolver = FixedResolver::new()
            .with_service("syslog", Protocol::Udp, 514)
            .with_service("shell", Protocol::Tcp, 514)
            .with_service("diameter", Protocol::Sctp, 3868);
        let port = |text, protocol| port(token(text), protocol, &resolver).ok();
        assert_eq!(port("syslog", Protocol::Udp), Some(514));
        assert_eq!(port("syslog", Protocol::Tcp), None);
        assert_eq!(port("shell", Protocol::Udp), Some(514));
        assert_eq!(port("diameter", Protocol::Sctp), Some(3868));
    }

    #[test]
    fn lists_stand_between_brackets() {
        let list = |text: &str| list(text.split(' ').map(token)).ok();
        let words = |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect());
        for text in ["[ a b ]", "[a b]", "[a b ]", "[ a b]"] {
            assert_eq!(list(text), words(&["a", "b"]), "{text}");
        }
        assert_eq!(list("[]"), words(&[]));
        assert_eq!(list("[ ]"), words(&[]));
        assert_eq!(list("[[a] ]"), None);
        assert_eq!(list("[ [a b ]"), words(&["[a", "b"]));
        for bad in ["a", "a b", "[", "[ a", "a ]", "]", "[ a ] b", ""] {
            assert_eq!(list(bad), None, "{bad}");
        }
        let quoted = ["[", "a b]", "]"].map(|text| Token {
            quoted: text.len() > 1,
            ..token(text)
        });
        assert_eq!(super::list(quoted.into_iter()).ok(), words(&["a b]"]));
    }
}
