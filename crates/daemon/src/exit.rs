//! How a program of the suite ends when it cannot go on: one line on stderr, status 1.

use std::error::Error;
use std::process::ExitCode;

/// Prints `PROGRAM: ERROR: SOURCE: ...` once on stderr and gives status 1.
#[must_use]
pub fn failure(program: &str, error: &dyn Error) -> ExitCode {
    eprintln!("{program}: {}", chain(error));
    ExitCode::FAILURE
}

/// The error and its sources, joined by `: `.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot create heartbeat socket")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn chain_names_every_source_once() {
        let error = Outer(std::io::Error::from_raw_os_error(98));
        assert_eq!(
            chain(&error),
            "cannot create heartbeat socket: Address already in use (os error 98)"
        );
    }
}
