//! Limits how often one kind of line is logged, and counts what was held back.

use std::time::{Duration, Instant};

/// Lets a burst of lines through, then one line per interval. Pure: the caller gives the time.
#[derive(Debug, Clone)]
pub struct RateLimit {
    interval: Duration,
    burst: u32,
    window_start: Option<Instant>,
    said_in_window: u32,
    held_back: u64,
}

impl RateLimit {
    /// At most `burst` lines in any window of `interval`.
    #[must_use]
    pub fn new(burst: u32, interval: Duration) -> Self {
        Self {
            interval,
            burst,
            window_start: None,
            said_in_window: 0,
            held_back: 0,
        }
    }

    /// Whether a line may be logged at `now`: `Some(n)` if so, `n` being how many lines were held
    /// back since the last one that was let through.
    pub fn allow(&mut self, now: Instant) -> Option<u64> {
        let expired = self
            .window_start
            .is_none_or(|start| now.saturating_duration_since(start) >= self.interval);
        if expired {
            self.window_start = Some(now);
            self.said_in_window = 0;
        }
        if self.said_in_window < self.burst {
            self.said_in_window += 1;
            Some(std::mem::take(&mut self.held_back))
        } else {
            self.held_back = self.held_back.saturating_add(1);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_a_burst_through_then_counts_what_it_holds_back() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut limit = RateLimit::new(2, Duration::from_secs(1));
        assert_eq!(limit.allow(at(0)), Some(0));
        assert_eq!(limit.allow(at(1)), Some(0));
        assert_eq!(limit.allow(at(2)), None);
        assert_eq!(limit.allow(at(999)), None);
        assert_eq!(limit.allow(at(1000)), Some(2));
        assert_eq!(limit.allow(at(1001)), Some(0));
        assert_eq!(limit.allow(at(1002)), None);
    }

    #[test]
    fn a_clock_that_seems_to_go_back_does_not_open_the_gate() {
        let start = Instant::now() + Duration::from_secs(10);
        let mut limit = RateLimit::new(1, Duration::from_secs(1));
        assert_eq!(limit.allow(start), Some(0));
        assert_eq!(limit.allow(start - Duration::from_secs(5)), None);
    }
}
