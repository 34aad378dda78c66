//! Error exit of a program of the suite: one line on stderr, status 1.

use std::error::Error;
use std::process::ExitCode;

/// Prints `PROGRAM: ERROR: SOURCE: ...` once on stderr and returns status 1.
#[must_use]
pub fn failure(program: &str, error: &dyn Error) -> ExitCode {
    eprintln!("{program}: {}", chain(error));
    ExitCode::FAILURE
}

/// The error and its sources, joined by `: `, without errno numbers.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    strip_errno(&text)
}

/// Removes the errno numbers that the standard library appends to the descriptions of system
/// errors, such as ` (os error 98)`.
pub fn strip_errno(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let mut stripped = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        match rest.strip_prefix(')') {
            Some(after) if rest.len() < part.len() => stripped.push_str(after),
            _ => {
                stripped.push_str(" (os error ");
                stripped.push_str(part);
            }
        }
    }
    stripped
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
    fn strips_only_errno_numbers() {
        for (text, stripped) in [
            ("", ""),
            ("no (os) error", "no (os) error"),
            ("a (os error 2) b (os error 13)", "a b"),
            ("a (os error ) (os error 2", "a (os error ) (os error 2"),
            ("a (os error two)", "a (os error two)"),
        ] {
            assert_eq!(strip_errno(text), stripped);
        }
    }
}
