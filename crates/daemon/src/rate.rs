//! Limits the rate of one kind of log line, and counts suppressed lines.

use std::time::{Duration, Instant};

/// Allows a burst of lines, then one burst per interval. Pure: the caller passes the time.
#[derive(Debug, Clone)]
pub struct RateLimit {
    interval: Duration,
    burst: u32,
    window_start: Option<Instant>,
    allowed_in_window: u32,
    suppressed: u64,
}

impl RateLimit {
    /// Allows at most `burst` lines in any window of `interval`.
    #[must_use]
    pub fn new(burst: u32, interval: Duration) -> Self {
        Self {
            interval,
            burst,
            window_start: None,
            allowed_in_window: 0,
            suppressed: 0,
        }
    }

    /// Returns `Some(n)` if a line may be logged at `now`, `n` being the number of lines suppressed
    /// since the last allowed one.
    pub fn allow(&mut self, now: Instant) -> Option<u64> {
        let expired = self
            .window_start
            .is_none_or(|start| now.saturating_duration_since(start) >= self.interval);
        if expired {
            self.window_start = Some(now);
            self.allowed_in_window = 0;
        }
        if self.allowed_in_window < self.burst {
            self.allowed_in_window += 1;
            Some(std::mem::take(&mut self.suppressed))
        } else {
            self.suppressed = self.suppressed.saturating_add(1);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_burst_then_counts_suppressed_lines() {
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
    fn backward_clock_does_not_reset_window() {
        let start = Instant::now() + Duration::from_secs(10);
        let mut limit = RateLimit::new(1, Duration::from_secs(1));
        assert_eq!(limit.allow(start), Some(0));
        assert_eq!(limit.allow(start - Duration::from_secs(5)), None);
    }
}
