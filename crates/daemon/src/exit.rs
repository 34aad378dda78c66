//! How a program of the suite ends when it cannot go on: one line on stderr, status 1.

use std::error::Error;
use std::process::ExitCode;

/// Prints `PROGRAM: ERROR: SOURCE: ...` once on stderr and gives status 1.
#[must_use]
pub fn failure(program: &str, error: &dyn Error) -> ExitCode {
    eprintln!("{program}: {}", chain(error));
    ExitCode::FAILURE
}

/// The error and its sources, joined by `: `, in words.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    in_words(&text)
}

/// The text without the numbers that the standard library puts behind what the system says, such as
/// ` (os error 98)`.
pub fn in_words(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let mut words = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let behind = part.trim_start_matches(|c: char| c.is_ascii_digit());
        match behind.strip_prefix(')') {
            Some(rest) if behind.len() < part.len() => words.push_str(rest),
            _ => {
                words.push_str(" (os error ");
                words.push_str(part);
            }
        }
    }
    words
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
            "cannot create heartbeat socket: Address already in use"
        );
    }

    #[test]
    fn only_numbers_of_errors_go() {
        for (text, words) in [
            ("", ""),
            ("no (os) error", "no (os) error"),
            ("a (os error 2) b (os error 13)", "a b"),
            ("a (os error ) (os error 2", "a (os error ) (os error 2"),
            ("a (os error two)", "a (os error two)"),
        ] {
            assert_eq!(in_words(text), words);
        }
    }
}
