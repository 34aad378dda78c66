//! What can go wrong in a lab, and how it is said.

use std::io;
use std::time::Duration;

/// An error of the lab or of a story that runs in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operating system call failed.
    #[error("cannot {doing}")]
    Io {
        /// What was being done, as an infinitive: `open /run/x`.
        doing: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A tool of the system said no.
    #[error("`{command}` failed ({status}): {said}")]
    Tool {
        /// The command line.
        command: String,
        /// Its exit status, in words.
        status: String,
        /// Its standard error.
        said: String,
    },
    /// A condition did not come true in time.
    #[error("{what}: not within {limit:?}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },
    /// A host, switch or interface that the topology does not have.
    #[error("the topology has no {kind} called {name}")]
    Unknown {
        /// `host`, `switch`, `interface`.
        kind: &'static str,
        /// The name asked for.
        name: String,
    },
    /// A program of this project that has not been built.
    #[error("{program} is not built ({path} is missing): run `cargo xtask test`")]
    NotBuilt {
        /// The program's name.
        program: String,
        /// Where it was looked for.
        path: String,
    },
    /// Text or bytes that the lab could not understand.
    #[error("cannot understand {what}: {text:?}")]
    Garbled {
        /// What it was taken for.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// A promise of the story that did not hold.
    #[error("{0}")]
    Broken(String),
}

impl Error {
    /// A promise that did not hold, in one sentence.
    pub fn broken(what: impl Into<String>) -> Self {
        Error::Broken(what.into())
    }

    /// Wraps a system error with what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Error::Io { doing, source }
    }

    /// The same for the error numbers of `nix`.
    pub(crate) fn os(doing: impl Into<String>) -> impl FnOnce(nix::errno::Errno) -> Self {
        let doing = doing.into();
        move |errno| Error::Io {
            doing,
            source: errno.into(),
        }
    }

    /// The error and its sources in one line.
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// An error and its sources in one line, separated by colons.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// The result of an act in the lab.
pub type Result<T, E = Error> = std::result::Result<T, E>;
