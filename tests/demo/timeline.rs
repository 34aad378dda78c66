//! Events in milliseconds from a zero, times and their bounds, bars: plain data to plain text.

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

/// A time with what is promised of it, and whether that was kept.
pub(crate) fn in_bounds(
    what: &str,
    time: Duration,
    least: Duration,
    most: Duration,
) -> (String, bool) {
    let range = if least.is_zero() {
        format!("at most {} ms", most.as_millis())
    } else {
        format!("{} to {} ms", least.as_millis(), most.as_millis())
    };
    let claim = format!("{what:<25} {:>5} ms  (promised: {range})", time.as_millis());
    (claim, least <= time && time <= most)
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
    fn a_time_is_shown_with_its_bounds() {
        let ms = Duration::from_millis;
        let (claim, kept) = in_bounds("noticed after", ms(2_840), ms(1_800), ms(3_200));
        let padded = format!("{:<25}", "noticed after");
        assert_eq!(
            claim,
            padded.clone() + "  2840 ms  (promised: 1800 to 3200 ms)"
        );
        assert!(kept);
        let (claim, kept) = in_bounds("noticed after", ms(501), ms(0), ms(500));
        assert_eq!(claim, padded + "   501 ms  (promised: at most 500 ms)");
        assert!(!kept);
        assert!(!in_bounds("", ms(1_799), ms(1_800), ms(3_200)).1);
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
