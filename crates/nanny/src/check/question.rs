//! What a check asks, from the options that say it.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::dialogue::Dialogue;
use super::reply::Expect;
use crate::error::Usage;
use expect::escape;

/// The port whose service is asked for a page where nothing else is said.
const HTTP: u16 = 80;

/// What a check asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A connection, and a dialogue on it.
    Tcp(Dialogue),
    /// A dialogue in datagrams. Without something expected, any datagram is an answer.
    Udp(Dialogue),
    /// A program.
    Program(Program),
}

impl Question {
    /// The name of the program that is run, where one is.
    #[must_use]
    pub fn program(&self) -> Option<&OsStr> {
        match self {
            Self::Tcp(_) | Self::Udp(_) => None,
            Self::Program(program) => Some(&program.name),
        }
    }
}

/// A program that knows whether the server is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name or path.
    pub name: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What its output must be like; without it, its exit status must be 0.
    pub expect: Option<Expect>,
}

/// The options, as they are written.
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
    /// `-T`: no escapes in what is sent and expected.
    pub is_literal: bool,
    /// `-u`.
    pub udp: bool,
}

impl Options {
    /// What is asked of `server`, for a virtual server of this port.
    ///
    /// # Errors
    /// An expression that is not valid; no program where one is to be run.
    pub fn question(self, virtual_port: u16, server: SocketAddr) -> Result<Question, Usage> {
        let is_unsaid = self.send.is_none() && self.expect.is_none() && self.program.is_none();
        if is_unsaid && virtual_port == HTTP && !self.udp {
            return Ok(Question::Tcp(Dialogue::http()));
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
            return Program::new(&line, expect, server).map(Question::Program);
        }
        let dialogue = Dialogue {
            send: self.send.map(bytes).unwrap_or_default(),
            // Of datagrams, an empty one answers as well, and none does not.
            expect: expect.filter(|expect| !(self.udp && expect.is_empty())),
        };
        Ok(if self.udp {
            Question::Udp(dialogue)
        } else {
            Question::Tcp(dialogue)
        })
    }
}

impl Program {
    /// Splits a line on blanks, and puts the server's address and port for `%h` and `%p`.
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

/// The word with `%h` and `%p` replaced. Any other `%` stands for itself.
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
    fn port_80_is_asked_for_a_page_only_where_nothing_is_said() {
        let page = Question::Tcp(Dialogue::http());
        let nothing = Options::default();
        let asked = |options: &Options, port| options.clone().question(port, server());
        assert_eq!(asked(&nothing, 80).expect("a question"), page);
        let connect = Question::Tcp(Dialogue::default());
        // It is the virtual port that counts.
        assert_eq!(asked(&nothing, 8080).expect("a question"), connect);
        let with = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            asked(&options, 80).expect("a question")
        };
        assert_ne!(with(|options| options.send = text("x")), page);
        assert_ne!(with(|options| options.expect = text("x")), page);
        assert_ne!(with(|options| options.send = text("")), page);
        assert_ne!(with(|options| options.program = text("x")), page);
        // HTTP is not spoken over UDP.
        assert_eq!(
            with(|options| options.udp = true),
            Question::Udp(Dialogue::default())
        );
        // These say nothing by themselves.
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
        let question = options.clone().question(25, server()).expect("a question");
        let (send, expect) = (b"QUIT\r\n".to_vec(), bytes("a\tb*"));
        assert_eq!(question, Question::Tcp(Dialogue { send, expect }));
        options.is_literal = true;
        options.udp = true;
        let question = options.question(25, server()).expect("a question");
        let (send, expect) = (br"QUIT\r\n".to_vec(), bytes(r"a\tb*"));
        assert_eq!(question, Question::Udp(Dialogue { send, expect }));
    }

    #[test]
    fn an_empty_expect_means_any_datagram_but_an_empty_output() {
        for is_pattern in [false, true] {
            let options = |change: fn(&mut Options)| {
                let mut options = Options {
                    expect: text(""),
                    is_pattern,
                    ..Options::default()
                };
                change(&mut options);
                options.question(53, server()).expect("a question")
            };
            let datagrams = options(|options| options.udp = true);
            assert_eq!(datagrams, Question::Udp(Dialogue::default()));
            let connection = options(|_| {});
            assert_ne!(connection, Question::Tcp(Dialogue::default()));
            let Question::Program(program) = options(|options| options.program = text("x")) else {
                panic!("not a program");
            };
            assert!(program.expect.is_some());
        }
    }

    #[test]
    fn escapes_are_decoded_before_an_expression_is_compiled() {
        let options = Options {
            expect: text(r"^\\\.\n$"),
            is_pattern: true,
            ..Options::default()
        };
        let Ok(Question::Tcp(dialogue)) = options.question(80, server()) else {
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
    fn a_program_is_split_and_told_of_the_server() {
        let program = |line: &str, server: &str| {
            let options = Options {
                send: text("unused"),
                program: text(line),
                expect: text("OK"),
                udp: true,
                ..Options::default()
            };
            let server = server.parse().expect("an address");
            match options.question(80, server) {
                Ok(Question::Program(program)) => program,
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
    fn what_is_wrong_is_named() {
        let error = |options: Options| {
            options
                .question(80, server())
                .expect_err("wrong")
                .to_string()
        };
        for blank in ["", " \t "] {
            let program = text(blank);
            let said = error(Options {
                program,
                ..Options::default()
            });
            assert_eq!(said, format!("--send_program {blank}: expected a program"));
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
