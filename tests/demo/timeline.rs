//! Events in milliseconds from a zero, bounds of times, bars: plain data to plain text.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Events around a zero.
pub(crate) struct Timeline {
    zero: Instant,
    events: Vec<(i64, String)>,
}

impl Timeline {
    /// None yet.
    pub(crate) fn new(zero: Instant) -> Self {
        Timeline {
            zero,
            events: Vec::new(),
        }
    }

    /// Adds an event.
    pub(crate) fn event(mut self, at: Instant, text: impl Into<String>) -> Self {
        self.events.push((self.millis(at), text.into()));
        self
    }

    /// Milliseconds from the zero to `at`, negative before it, cut down to whole ones.
    fn millis(&self, at: Instant) -> i64 {
        let whole = |length: Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        match at.checked_duration_since(self.zero) {
            Some(after) => whole(after),
            None => -whole(self.zero - at),
        }
    }

    /// One line for each, in the order of their times.
    pub(crate) fn text(mut self) -> String {
        self.events.sort_by_key(|(at, _)| *at);
        let lines = self.events.iter();
        lines
            .map(|(at, text)| format!("{at:>6} ms  {text}\n"))
            .collect()
    }
}

/// What is promised of a time, in words.
pub(crate) fn bounds(least: Duration, most: Duration) -> String {
    if least.is_zero() {
        format!("at most {} ms", most.as_millis())
    } else {
        format!("{} to {} ms", least.as_millis(), most.as_millis())
    }
}

/// One line for each share, with a bar that is longest for the largest.
pub(crate) fn bars(shares: &BTreeMap<String, usize>) -> String {
    const LONGEST: usize = 40;
    let most = shares.values().copied().max().unwrap_or(0).max(1);
    let line = |(name, count): (&String, &usize)| {
        let bar = "#".repeat((count * LONGEST + most / 2) / most);
        format!("{name}  {count:>5} answers  {bar}\n")
    };
    shares.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stand_in_the_order_of_their_times() {
        let zero = Instant::now() + Duration::from_secs(1);
        let text = Timeline::new(zero)
            .event(zero + Duration::from_micros(2_999_900), "up")
            .event(zero, "cut")
            .event(zero - Duration::from_millis(7), "last")
            .text();
        assert_eq!(text, "    -7 ms  last\n     0 ms  cut\n  2999 ms  up\n");
    }

    #[test]
    fn bounds_are_said_in_milliseconds() {
        let second = Duration::from_secs(1);
        assert_eq!(bounds(second, second * 3), "1000 to 3000 ms");
        assert_eq!(bounds(Duration::ZERO, second), "at most 1000 ms");
    }

    #[test]
    fn bars_are_in_proportion() {
        let shares = BTreeMap::from([("rs1".into(), 100), ("rs2".into(), 50), ("rs3".into(), 0)]);
        let text = bars(&shares);
        let lengths: Vec<_> = text.lines().map(|line| line.matches('#').count()).collect();
        assert_eq!(lengths, [40, 20, 0]);
        assert_eq!(bars(&BTreeMap::new()), "");
    }
}
