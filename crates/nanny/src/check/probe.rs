//! Builds the probe of a check from the options.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::dialogue::Dialogue;
use super::reply::Expect;
use crate::error::Usage;
use expect::escape;

/// The port with the default HTTP check.
const HTTP: u16 = 80;

/// The kind of a check, with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// A TCP connection with a dialogue.
    Tcp(Dialogue),
    /// A UDP dialogue. Without an expected reply any datagram passes.
    Udp(Dialogue),
    /// A program.
    Program(Program),
}

impl Probe {
    /// The name of the check program, if there is one.
    #[must_use]
    pub fn program(&self) -> Option<&OsStr> {
        match self {
            Self::Tcp(_) | Self::Udp(_) => None,
            Self::Program(program) => Some(&program.name),
        }
    }
}

/// A check program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Name or path.
    pub name: OsString,
    /// Arguments.
    pub arguments: Vec<OsString>,
    /// The expected output; without it, the exit status must be 0.
    pub expect: Option<Expect>,
}

/// The options as given.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `-s`.
    pub send: Option<OsString>,
    /// `-x`.
    pub expect: Option<OsString>,
    /// `--regex`.
    pub is_pattern: bool,
    /// `-e`.
    pub program: Option<OsString>,
    /// `-T`: no escapes in the sent and expected strings.
    pub is_literal: bool,
    /// `-u`.
    pub udp: bool,
}

impl Options {
    /// Builds the probe of `server` for a virtual server on `virtual_port`.
    ///
    /// # Errors
    /// An invalid expression, or a blank program.
    pub fn probe(self, virtual_port: u16, server: SocketAddr) -> Result<Probe, Usage> {
        let is_default = self.send.is_none() && self.expect.is_none() && self.program.is_none();
        if is_default && virtual_port == HTTP && !self.udp {
            return Ok(Probe::Tcp(Dialogue::http()));
        }
        let bytes = |text: OsString| {
            if self.is_literal {
                text.into_vec()
            } else {
                escape::decode(text.as_bytes())
            }
        };
        let expect = |text: OsString| {
            let value = text.to_string_lossy().into_owned();
            Expect::new(bytes(text), self.is_pattern).map_err(|error| Usage::Value {
                option: "--expect_string",
                value,
                problem: error.to_string(),
            })
        };
        let expect = self.expect.map(expect).transpose()?;
        if let Some(line) = self.program {
            return Program::new(&line, expect, server).map(Probe::Program);
        }
        let dialogue = Dialogue {
            send: self.send.map(bytes).unwrap_or_default(),
            // Over UDP an empty datagram is a reply; no datagram is not.
            expect: expect.filter(|expect| !(self.udp && expect.is_empty())),
        };
        Ok(if self.udp {
            Probe::Udp(dialogue)
        } else {
            Probe::Tcp(dialogue)
        })
    }
}

impl Program {
    /// Splits a line at spaces and tabs, and replaces `%h` and `%p` by the server's address and
    /// port.
    fn new(line: &OsStr, expect: Option<Expect>, server: SocketAddr) -> Result<Self, Usage> {
        let address = server.ip().to_string();
        let port = server.port().to_string();
        let mut words = line
            .as_bytes()
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .map(|word| fill_in(word, &address, &port));
        let name = words.next().ok_or_else(|| Usage::Value {
            option: "--send_program",
            value: line.to_string_lossy().into_owned(),
            problem: "expected a program".to_owned(),
        })?;
        Ok(Self {
            name,
            arguments: words.collect(),
            expect,
        })
    }
}

/// Replaces `%h` and `%p` in a word. Any other `%` is kept.
fn fill_in(word: &[u8], address: &str, port: &str) -> OsString {
    let mut filled = Vec::with_capacity(word.len());
    let mut rest = word;
    loop {
        rest = match *rest {
            [] => return OsString::from_vec(filled),
            [b'%', b'h', ref rest @ ..] => {
                filled.extend_from_slice(address.as_bytes());
                rest
            }
            [b'%', b'p', ref rest @ ..] => {
                filled.extend_from_slice(port.as_bytes());
                rest
            }
            [byte, ref rest @ ..] => {
                filled.push(byte);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> SocketAddr {
        "10.0.0.2:8080".parse().expect("an address")
    }

    fn text(text: &str) -> Option<OsString> {
        Some(text.into())
    }

    fn bytes(text: &str) -> Option<Expect> {
        Some(Expect::Bytes(text.into()))
    }

    #[test]
    fn port_80_without_options_checks_http() {
        let page = Probe::Tcp(Dialogue::http());
        let nothing = Options::default();
        let probe = |options: &Options, port| options.clone().probe(port, server());
        assert_eq!(probe(&nothing, 80).expect("a probe"), page);
        let connect = Probe::Tcp(Dialogue::default());
        // The virtual port decides.
        assert_eq!(probe(&nothing, 8080).expect("a probe"), connect);
        let with = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            probe(&options, 80).expect("a probe")
        };
        assert_ne!(with(|options| options.send = text("x")), page);
        assert_ne!(with(|options| options.expect = text("x")), page);
        assert_ne!(with(|options| options.send = text("")), page);
        assert_ne!(with(|options| options.program = text("x")), page);
        // HTTP does not run over UDP.
        assert_eq!(
            with(|options| options.udp = true),
            Probe::Udp(Dialogue::default())
        );
        // These have no effect alone.
        assert_eq!(with(|options| options.is_pattern = true), page);
        assert_eq!(with(|options| options.is_literal = true), page);
    }

    #[test]
    fn escapes_are_decoded_unless_suppressed() {
        let mut options = Options {
            send: text(r"QUIT\r\n"),
            expect: text(r"a\tb*"),
            ..Options::default()
        };
        let probe = options.clone().probe(25, server()).expect("a probe");
        let (send, expect) = (b"QUIT\r\n".to_vec(), bytes("a\tb*"));
        assert_eq!(probe, Probe::Tcp(Dialogue { send, expect }));
        options.is_literal = true;
        options.udp = true;
        let probe = options.probe(25, server()).expect("a probe");
        let (send, expect) = (br"QUIT\r\n".to_vec(), bytes(r"a\tb*"));
        assert_eq!(probe, Probe::Udp(Dialogue { send, expect }));
    }

    #[test]
    fn empty_expect_matches_datagrams_and_empty_output() {
        for is_pattern in [false, true] {
            let options = |change: fn(&mut Options)| {
                let mut options = Options {
                    expect: text(""),
                    is_pattern,
                    ..Options::default()
                };
                change(&mut options);
                options.probe(53, server()).expect("a probe")
            };
            let datagrams = options(|options| options.udp = true);
            assert_eq!(datagrams, Probe::Udp(Dialogue::default()));
            let connection = options(|_| {});
            assert_ne!(connection, Probe::Tcp(Dialogue::default()));
            let Probe::Program(program) = options(|options| options.program = text("x")) else {
                panic!("not a program");
            };
            assert!(program.expect.is_some());
        }
    }

    #[test]
    fn decodes_escapes_before_compiling_expression() {
        let options = Options {
            expect: text(r"^\\\.\n$"),
            is_pattern: true,
            ..Options::default()
        };
        let Ok(Probe::Tcp(dialogue)) = options.probe(80, server()) else {
            panic!("not over TCP");
        };
        let expect = dialogue.expect.expect("something expected");
        assert_eq!(
            expect,
            Expect::new(b"^\\\\.\n$".to_vec(), true).expect("valid")
        );
        assert!(expect.accepts(b"\\x\n", true));
    }

    #[test]
    fn splits_program_and_replaces_placeholders() {
        let program = |line: &str, server: &str| {
            let options = Options {
                send: text("unused"),
                program: text(line),
                expect: text("OK"),
                udp: true,
                ..Options::default()
            };
            let server = server.parse().expect("an address");
            match options.probe(80, server) {
                Ok(Probe::Program(program)) => program,
                other => panic!("{other:?}"),
            }
        };
        let found = program(
            "  /usr/bin/check\t-H %h  -p %p http://%h:%p/ 100% %% %d %",
            "10.0.0.2:8080",
        );
        assert_eq!(found.name, "/usr/bin/check");
        assert_eq!(
            found.arguments,
            [
                "-H",
                "10.0.0.2",
                "-p",
                "8080",
                "http://10.0.0.2:8080/",
                "100%",
                "%%",
                "%d",
                "%"
            ]
        );
        assert_eq!(found.expect, bytes("OK"));
        assert_eq!(program("%h", "[fe80::1]:53").name, "fe80::1");
        assert_eq!(program("x %%h%p", "1.2.3.4:5").arguments, ["%1.2.3.45"]);
    }

    #[test]
    fn error_names_invalid_value() {
        let error = |options: Options| options.probe(80, server()).expect_err("wrong").to_string();
        for blank in ["", " \t "] {
            let program = text(blank);
            let text = error(Options {
                program,
                ..Options::default()
            });
            assert_eq!(text, format!("--send_program {blank}: expected a program"));
        }
        let (expect, is_pattern) = (text("(a)\\1"), true);
        assert_eq!(
            error(Options {
                expect,
                is_pattern,
                ..Options::default()
            }),
            "--expect_string (a)\\1: extended regular expressions have no back-references"
        );
    }
}
