//! When the watch of a failover service ends, and with which status. Pure: the time is an
//! argument.

use std::time::Instant;

use crate::health::Verdict;

/// Why the watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The service was up and has failed: the starter is to take it over.
    Failed,
    /// The service did not come up in time.
    NeverUp,
}

/// The watch of one service, over the verdicts of [`crate::health`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// When the service is to have been up; `None` once it was.
    up_by: Option<Instant>,
}

impl Watch {
    /// A watch that gives the service until `up_by` to come up.
    #[must_use]
    pub fn new(up_by: Instant) -> Self {
        Self { up_by: Some(up_by) }
    }

    /// When [`Watch::tick`] is due, if it is.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.up_by
    }

    /// Takes in a verdict.
    pub fn verdict(&mut self, verdict: Verdict) -> Option<End> {
        match verdict {
            Verdict::In => {
                self.up_by = None;
                None
            }
            Verdict::Out => Some(End::Failed),
            Verdict::NotYet => None,
        }
    }

    /// Takes in the time.
    #[must_use]
    pub fn tick(&self, now: Instant) -> Option<End> {
        self.up_by
            .is_some_and(|up_by| now >= up_by)
            .then_some(End::NeverUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_service_that_never_came_up_ends_the_watch_at_its_time() {
        let up_by = Instant::now() + Duration::from_secs(10);
        let mut watch = Watch::new(up_by);
        assert_eq!(watch.deadline(), Some(up_by));
        assert_eq!(watch.verdict(Verdict::NotYet), None);
        assert_eq!(watch.tick(up_by - Duration::from_nanos(1)), None);
        assert_eq!(watch.tick(up_by), Some(End::NeverUp));
    }

    #[test]
    fn a_service_that_was_up_ends_the_watch_by_failing_only() {
        let up_by = Instant::now();
        let mut watch = Watch::new(up_by);
        assert_eq!(watch.verdict(Verdict::In), None);
        assert_eq!(watch.deadline(), None);
        assert_eq!(watch.tick(up_by + Duration::from_secs(1000)), None);
        assert_eq!(watch.verdict(Verdict::Out), Some(End::Failed));
    }
}
