//! Numbers as C's `strtol` reads them with base 0, booleans, and times.

use std::time::Duration;

use super::{Fault, Sort};
use crate::Kind;
use crate::document::Token;

/// Why a time is none that any directive takes.
const OUT_OF_RANGE: Fault = time("a time from 0 to 2147483647 seconds");

const fn time(expected: &'static str) -> Fault {
    Fault::invalid(expected).of(Sort::Time)
}

/// The largest time and weight: what a C `int` holds.
const MAX: i128 = i32::MAX as i128;

/// The longest time.
pub(crate) const LONGEST: Duration = Duration::from_secs(i32::MAX as u64);

/// Reads decimal, `0x` hexadecimal and leading-`0` octal, with a sign. The whole text must be the
/// number. Beyond 128 bits the value stays at the end of the range: every limit is below.
pub(super) fn strtol(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = if let Some(hex) = digits.strip_prefix("0x") {
        (16, hex)
    } else if let Some(hex) = digits.strip_prefix("0X") {
        (16, hex)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        (10, digits)
    };
    if digits.is_empty() {
        return None;
    }
    let value = digits.chars().try_fold(0_i128, |value, c| {
        let digit = c.to_digit(radix)?;
        Some(
            value
                .saturating_mul(i128::from(radix))
                .saturating_add(i128::from(digit)),
        )
    })?;
    Some(if negative { -value } else { value })
}

/// What a number with a leading 0 means, if it would mean something else without.
pub(crate) fn octal(text: &str) -> Option<i128> {
    let digits = text.trim_start_matches(['+', '-']);
    let number = strtol(text).filter(|_| digits.len() > 1 && has_leading_zero(digits))?;
    (digits.trim_start_matches('0').parse() != Ok(number.abs()) && number != 0).then_some(number)
}

/// Whether `text` begins like an octal number.
pub(crate) fn has_leading_zero(text: &str) -> bool {
    text.starts_with('0') && text[1..].starts_with(|c: char| c.is_ascii_digit())
}

fn whole(text: &str, expected: &'static str) -> Result<i128, Fault> {
    strtol(text).ok_or(Fault::new(Kind::IntegerExpected, expected))
}

/// Any integer of 64 bits.
pub(crate) fn integer(word: Token<'_>) -> Result<i64, Fault> {
    ranged(word, "a whole number")
}

/// Exactly `0` or `1`.
pub(crate) fn boolean(word: Token<'_>) -> Result<bool, Fault> {
    match word.text {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(Fault::new(Kind::BooleanExpected, "0 or 1")),
    }
}

/// A whole number of a type that `expected` describes.
fn ranged<T: TryFrom<i128>>(word: Token<'_>, expected: &'static str) -> Result<T, Fault> {
    T::try_from(whole(word.text, expected)?).map_err(|_| Fault::invalid(expected))
}

/// A weight, 0 to 2^31-1.
pub(crate) fn weight(word: Token<'_>) -> Result<u32, Fault> {
    let expected = "a whole number from 0 to 2147483647";
    let weight: u32 = ranged(word, expected)?;
    if i128::from(weight) > MAX {
        return Err(Fault::invalid(expected));
    }
    Ok(weight)
}

/// A firewall mark: any 32 bits.
pub(crate) fn fwmark(word: Token<'_>) -> Result<u32, Fault> {
    ranged(word, "a firewall mark from 0 to 4294967295")
}

/// The sync id that tells sync daemons on one link apart.
pub(crate) fn sync_id(word: Token<'_>) -> Result<u8, Fault> {
    ranged(word, "a whole number from 0 to 255")
}

/// An IPVS connection timeout. The kernel counts it in ticks of an `int`, a thousand a second at
/// most, and refuses what does not fit.
pub(crate) fn kernel_timeout(word: Token<'_>) -> Result<u32, Fault> {
    let out_of_range = time("a time from 0 to 2147483 seconds");
    match seconds(word) {
        Ok(time) if time <= 2_147_483 => Ok(time),
        Ok(_) | Err(OUT_OF_RANGE) => Err(out_of_range),
        Err(other) => Err(other),
    }
}

/// A time of whole seconds, as the kernel takes for persistence.
pub(crate) fn seconds(word: Token<'_>) -> Result<u32, Fault> {
    let expected = "whole seconds, or a time such as `30s`, `2m`";
    let whole = duration(word).map_err(|fault| match fault.kind {
        Kind::IntegerExpected => Fault { expected, ..fault },
        _ => fault,
    })?;
    u32::try_from(whole.as_secs())
        .ok()
        .filter(|_| whole.subsec_nanos() == 0)
        .ok_or(time("whole seconds"))
}

/// A time of at least a millisecond: it is waited for over and over.
pub(crate) fn positive_duration(word: Token<'_>) -> Result<Duration, Fault> {
    let time = duration(word)?;
    if time < Duration::from_millis(1) {
        return Err(self::time("a time of at least 1ms"));
    }
    Ok(time)
}

/// A time: whole seconds as `strtol` reads them; beyond 0.8.6 also `0.25`, `250ms`, `3s`, `2m`.
pub(crate) fn duration(word: Token<'_>) -> Result<Duration, Fault> {
    let expected = "a time in seconds, or one such as `0.25`, `250ms`, `3s`, `2m`";
    let fault = Fault::new(Kind::IntegerExpected, expected).of(Sort::Time);
    let text = word.text;
    // Milliseconds before seconds: both end in `s`. A hexadecimal number has no unit.
    let (number, unit) = [
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
    ]
    .iter()
    .find_map(|(suffix, nanos)| Some((text.strip_suffix(suffix)?, *nanos)))
    .unwrap_or((text, 1_000_000_000_i128));
    // Whether it is octal or decimal, people and programs would disagree about.
    if number.len() < text.len() && has_leading_zero(number) {
        return Err(fault);
    }
    let nanos = match number.split_once('.') {
        None => strtol(number).ok_or(fault)?.saturating_mul(unit),
        Some((whole, part)) => decimal(whole, part, unit).ok_or(fault)?,
    };
    if !(0..=MAX * 1_000_000_000).contains(&nanos) {
        return Err(OUT_OF_RANGE);
    }
    let nanos = u64::try_from(nanos).map_err(|_| fault)?;
    Ok(Duration::from_nanos(nanos))
}

/// `whole.part` units of `unit` nanoseconds.
fn decimal(whole: &str, part: &str, unit: i128) -> Option<i128> {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || has_leading_zero(whole) {
        return None;
    }
    let mut nanos = whole
        .bytes()
        .fold(0_i128, |n, b| {
            n.saturating_mul(10).saturating_add(i128::from(b - b'0'))
        })
        .saturating_mul(unit);
    let mut place = unit;
    for byte in part.bytes() {
        place /= 10;
        nanos = nanos.saturating_add(place * i128::from(byte - b'0'));
    }
    Some(nanos)
}

#[cfg(test)]
mod tests {
    use super::super::token;
    use super::*;

    #[test]
    fn the_kernels_timeouts_end_where_its_ticks_do() {
        assert_eq!(kernel_timeout(token("2147483")), Ok(2_147_483));
        let expected = "a time from 0 to 2147483 seconds";
        for bad in ["2147484", "2147483648", "-1", "35792m"] {
            let fault = kernel_timeout(token(bad)).unwrap_err();
            assert_eq!(fault.expected, expected, "{bad}");
        }
        let fault = kernel_timeout(token("0.5")).unwrap_err();
        assert_eq!(fault.expected, "whole seconds");
    }

    #[test]
    fn numbers_are_strtols() {
        for (text, value) in [
            ("0", 0),
            ("10", 10),
            ("-10", -10),
            ("+7", 7),
            ("0x1F", 31),
            ("0XfF", 255),
            ("010", 8),
            ("00", 0),
            ("-0x10", -16),
        ] {
            assert_eq!(strtol(text), Some(value), "{text}");
        }
        for text in [
            "", "-", "+", "0x", "08", "1a", "1.5", "--1", "+-1", " 1", "1 ", "0x-1", "é",
        ] {
            assert_eq!(strtol(text), None, "{text}");
        }
        assert_eq!(strtol(&"9".repeat(1000)), Some(i128::MAX));
    }

    #[test]
    fn octal_numbers_are_known_where_it_matters() {
        for (text, number) in [("010", 8), ("-010", -8), ("00012", 10), ("0777", 511)] {
            assert_eq!(octal(text), Some(number), "{text}");
        }
        for text in ["0", "00", "07", "10", "08", "0x10", "", "+", "010s", "é"] {
            assert_eq!(octal(text), None, "{text}");
        }
    }

    #[test]
    fn booleans_are_exactly_zero_or_one() {
        assert_eq!(boolean(token("0")), Ok(false));
        assert_eq!(boolean(token("1")), Ok(true));
        for bad in ["2", "01", "yes", "true", "", "0x1"] {
            assert_eq!(boolean(token(bad)).unwrap_err().kind, Kind::BooleanExpected);
        }
    }

    #[test]
    fn times_are_seconds_or_have_a_unit() {
        for (text, millis) in [
            ("2", 2_000),
            ("0x10", 16_000),
            ("010", 8_000),
            ("0.25", 250),
            ("250ms", 250),
            ("3s", 3_000),
            ("2m", 120_000),
            ("1.5m", 90_000),
            ("0", 0),
            ("0s", 0),
            ("0.0", 0),
            ("0.5m", 30_000),
            ("2147483647", 2_147_483_647_000),
        ] {
            assert_eq!(
                duration(token(text)),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for bad in [
            "",
            "s",
            "ms",
            "2h",
            "1.",
            ".5",
            "1.2.3",
            "-1",
            "2147483648",
            "1e3",
            "08",
            "010s",
            "00s",
            "010.5",
            "010ms",
            "01.5m",
            "1_0",
        ] {
            assert!(duration(token(bad)).is_err(), "{bad}");
        }
        assert!(duration(token(&"9".repeat(1000))).is_err());
        assert!(duration(token(&format!("1.{}", "9".repeat(1000)))).is_ok());
    }

    #[test]
    fn limits_of_times_and_weights() {
        assert!(positive_duration(token("0")).is_err());
        assert!(positive_duration(token("1ms")).is_ok());
        assert_eq!(seconds(token("2m")), Ok(120));
        assert!(seconds(token("0.5")).is_err());
        assert_eq!(weight(token("2147483647")), Ok(2_147_483_647));
        assert_eq!(
            weight(token("2147483648")).unwrap_err().kind,
            Kind::InvalidArgument
        );
        assert_eq!(weight(token("-1")).unwrap_err().kind, Kind::InvalidArgument);
        assert_eq!(
            weight(token("heavy")).unwrap_err().kind,
            Kind::IntegerExpected
        );
        assert_eq!(integer(token("-3")), Ok(-3));
        assert!(integer(token("9223372036854775808")).is_err());
    }
}
