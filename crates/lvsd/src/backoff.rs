//! How long to wait before a monitor that died is started again.

use std::time::Duration;

/// The wait after the first death.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait. A monitor that lived longer than this begins anew.
const LONGEST: Duration = Duration::from_secs(60);

/// The waits of one monitor: 1 s, doubling to 60 s.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    last: Option<Duration>,
}

impl Backoff {
    /// The wait after a death, the monitor having lived for `lifetime`.
    pub fn next(&mut self, lifetime: Duration) -> Duration {
        let wait = match self.last {
            Some(last) if lifetime < LONGEST => (last * 2).min(LONGEST),
            _ => FIRST,
        };
        self.last = Some(wait);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..9)
            .map(|_| backoff.next(Duration::ZERO).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_monitor_that_lived_a_minute_begins_anew() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.next(Duration::from_secs(59));
        }
        assert_eq!(backoff.next(Duration::from_secs(60)), FIRST);
        assert_eq!(backoff.next(Duration::from_secs(1)), FIRST * 2);
    }
}
