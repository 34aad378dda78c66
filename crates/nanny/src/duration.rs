//! Parses durations of `lvs.cf` and the command line: `10`, `0.25`, `250ms`, `3s`, `2m`.

use std::time::Duration;

/// The maximum duration in seconds: the range of a C `int`, as in the C programs.
const LONGEST_SECONDS: u64 = i32::MAX as u64;

/// Why a text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a number, optionally with a known unit.
    #[error("expected seconds, as in 10, 0.25, 250ms, 3s or 2m")]
    Syntax,
    /// Longer than [`i32::MAX`] seconds.
    #[error("longer than {LONGEST_SECONDS} seconds")]
    TooLong,
}

/// Parses a duration: digits with an optional fraction, then `ms`, `s`, `m` or nothing (seconds).
/// Truncates to nanoseconds.
///
/// # Errors
/// [`Error`] states why the text is not a duration.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(nanny::duration::parse("0.25"), Ok(Duration::from_millis(250)));
/// assert_eq!(nanny::duration::parse("2m"), Ok(Duration::from_secs(120)));
/// ```
pub fn parse(text: &str) -> Result<Duration, Error> {
    let digits = |c: char| c.is_ascii_digit();
    let end = text
        .find(|c: char| !digits(c) && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let nanoseconds_per_unit: u64 = match unit {
        "" | "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "m" => 60_000_000_000,
        _ => return Err(Error::Syntax),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let well_formed = |part: &str| !part.is_empty() && part.chars().all(digits);
    if !well_formed(whole) || !well_formed(fraction) {
        return Err(Error::Syntax);
    }
    let whole: u64 = whole.parse().map_err(|_| Error::TooLong)?;
    let mut nanoseconds = whole
        .checked_mul(nanoseconds_per_unit)
        .ok_or(Error::TooLong)?;
    let mut place = nanoseconds_per_unit;
    for digit in fraction.bytes() {
        place /= 10;
        nanoseconds = nanoseconds.saturating_add(u64::from(digit - b'0') * place);
        if place == 0 {
            break;
        }
    }
    if nanoseconds > LONGEST_SECONDS * 1_000_000_000 {
        return Err(Error::TooLong);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_every_form() {
        for (text, milliseconds) in [
            ("0", 0),
            ("10", 10_000),
            ("010", 10_000),
            ("0.25", 250),
            ("1.5s", 1_500),
            ("250ms", 250),
            ("0.5ms", 0),
            ("3s", 3_000),
            ("2m", 120_000),
            ("0.25m", 15_000),
            ("2147483647", 2_147_483_647_000),
        ] {
            let read = parse(text).expect(text);
            assert_eq!(read.as_millis(), milliseconds, "{text}");
        }
        assert_eq!(parse("0.5ms"), Ok(Duration::from_micros(500)));
    }

    #[test]
    fn rejects_invalid_durations() {
        for text in [
            "", "s", "-1", "+1", "1.", ".5", "1.2.3", "1h", "1 s", "ten", "1e3", "0x10", "1,5",
        ] {
            assert_eq!(parse(text), Err(Error::Syntax), "{text}");
        }
        for text in [
            "2147483648",
            "99999999999999999999",
            "18446744073709551615m",
        ] {
            assert_eq!(parse(text), Err(Error::TooLong), "{text}");
        }
    }

    proptest! {
        #[test]
        fn does_not_panic_on_any_text(text in "[0-9.msh -]{0,30}") {
            let _ = parse(&text);
        }

        #[test]
        fn parses_formatted_duration(nanoseconds in 0..LONGEST_SECONDS * 1_000_000_000) {
            let duration = Duration::from_nanos(nanoseconds);
            let text = format!("{}.{:09}", duration.as_secs(), duration.subsec_nanos());
            prop_assert_eq!(parse(&text), Ok(duration));
        }
    }
}
