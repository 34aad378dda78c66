//! From the words of a directive to its value.

mod host;
mod number;

pub(crate) use host::{Host, device, host, netmask};
pub(crate) use number::{boolean, duration, integer, positive_duration, seconds, weight};

use crate::config::{Network, Protocol, Scheduler};
use crate::document::Token;
use crate::sink::Draft;
use crate::words::{nearest, shown};
use crate::{Kind, Resolve};

/// Why a word is not the value a directive wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// What would be right.
    pub(crate) expected: &'static str,
    /// The words that would be right, if it is words.
    pub(crate) known: &'static [&'static str],
    /// For [`Kind::Unsupported`]: what is.
    pub(crate) what: &'static str,
}

impl Fault {
    pub(crate) fn new(kind: Kind, expected: &'static str) -> Self {
        Self {
            kind,
            expected,
            known: &[],
            what: "",
        }
    }

    pub(crate) fn invalid(expected: &'static str) -> Self {
        Self::new(Kind::InvalidArgument, expected)
    }

    pub(crate) fn unsupported(what: &'static str, expected: &'static str) -> Self {
        Self {
            kind: Kind::Unsupported,
            expected,
            known: &[],
            what,
        }
    }

    pub(crate) fn one_of(known: &'static [&'static str]) -> Self {
        Self {
            kind: Kind::InvalidArgument,
            expected: "",
            known,
            what: "",
        }
    }

    /// The diagnostic for it, found in `text`.
    pub(crate) fn draft(self, text: &str) -> Draft {
        let word = shown(text);
        let draft = Draft::new(self.kind);
        let draft = match self.kind {
            Kind::Unsupported => draft.detail(format!(
                " {} \"{word}\": not implemented in this version",
                self.what
            )),
            _ => draft.detail(format!(": \"{word}\"")),
        };
        if self.known.is_empty() {
            return draft.expected(self.expected);
        }
        draft
            .expected(format!("one of {}", self.known.join(", ")))
            .nearest(nearest(text, self.known))
    }
}

/// `nat`, `direct` or `tunnel`.
pub(crate) fn network(word: Token<'_>) -> Result<Network, Fault> {
    Network::from_name(word.text).ok_or(Fault::one_of(&Network::NAMES))
}

/// A scheduler the kernel has.
pub(crate) fn scheduler(word: Token<'_>) -> Result<Scheduler, Fault> {
    Scheduler::from_name(word.text).ok_or(Fault::one_of(&Scheduler::NAMES))
}

/// `tcp`; the others are told apart from misspellings.
pub(crate) fn protocol(word: Token<'_>) -> Result<Protocol, Fault> {
    match word.text {
        "tcp" => Ok(Protocol::Tcp),
        "udp" | "sctp" => Err(Fault::unsupported("protocol", "`tcp`")),
        _ => Err(Fault::one_of(&["tcp", "udp"])),
    }
}

/// A port by number or by name.
pub(crate) fn port(
    word: Token<'_>,
    protocol: Protocol,
    resolver: &dyn Resolve,
) -> Result<u16, Fault> {
    let fault = Fault::invalid("a port from 1 to 65535, or a service name such as `http`");
    if let Some(number) = number::strtol(word.text) {
        return u16::try_from(number)
            .ok()
            .filter(|port| *port > 0)
            .ok_or(fault);
    }
    let is_name = word.text.len() <= 64 && word.text.contains(|c: char| c.is_ascii_alphabetic());
    is_name
        .then(|| resolver.service(word.text, protocol))
        .flatten()
        .ok_or(fault)
}

/// Any word that is not empty: a command, a path.
pub(crate) fn text(word: Token<'_>) -> Result<String, Fault> {
    if word.text.is_empty() {
        return Err(Fault::invalid("a word that is not empty"));
    }
    Ok(word.text.to_owned())
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
    fn udp_is_refused_by_name_and_nonsense_otherwise() {
        assert_eq!(protocol(token("udp")).unwrap_err().kind, Kind::Unsupported);
        assert_eq!(
            protocol(token("tpc")).unwrap_err().kind,
            Kind::InvalidArgument
        );
    }
}
