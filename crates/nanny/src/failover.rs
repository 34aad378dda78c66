//! When the watch of a failover service ends, and with which status. Pure: the time is an
//! argument.

use std::time::Instant;

use crate::health::{Force, Verdict};

/// Why the watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The service was up and has failed: the starter is to take it over.
    Failed,
    /// The service did not come up in time.
    NeverUp,
}

/// The watch of one service, over its checks and the verdicts of [`crate::health`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// When the service is to have been up; `None` once it was.
    up_by: Option<Instant>,
    /// Whether a signal says that it is up: then nobody waits for it.
    is_forced_in: bool,
}

impl Watch {
    /// A watch that gives the service until `up_by` to come up.
    #[must_use]
    pub fn new(up_by: Instant) -> Self {
        Self {
            up_by: Some(up_by),
            is_forced_in: false,
        }
    }

    /// When [`Watch::tick`] is due, if it is.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.up_by.filter(|_| !self.is_forced_in)
    }

    /// A check has passed: the service is up.
    pub fn passed(&mut self) {
        self.up_by = None;
    }

    /// Takes in a verdict, and what was ordered by signal when it was given. A service that never
    /// passed, and is forced in no more, has not failed: it has until its time, if that is to come.
    pub fn verdict(&mut self, verdict: Verdict, force: Force) -> Option<End> {
        self.is_forced_in = force == Force::In;
        match verdict {
            Verdict::Out if self.up_by.is_none() || force == Force::Out => Some(End::Failed),
            Verdict::Out | Verdict::In | Verdict::NotYet => None,
        }
    }

    /// Takes in the time.
    #[must_use]
    pub fn tick(&self, now: Instant) -> Option<End> {
        self.deadline()
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
        assert_eq!(watch.verdict(Verdict::NotYet, Force::Neither), None);
        assert_eq!(watch.tick(up_by - Duration::from_nanos(1)), None);
        assert_eq!(watch.tick(up_by), Some(End::NeverUp));
    }

    #[test]
    fn a_service_that_was_up_ends_the_watch_by_failing_only() {
        let up_by = Instant::now();
        let mut watch = Watch::new(up_by);
        watch.passed();
        assert_eq!(watch.verdict(Verdict::In, Force::Neither), None);
        assert_eq!(watch.deadline(), None);
        assert_eq!(watch.tick(up_by + Duration::from_secs(1000)), None);
        let end = watch.verdict(Verdict::Out, Force::Neither);
        assert_eq!(end, Some(End::Failed));
    }

    #[test]
    fn a_service_that_was_only_forced_in_never_came_up() {
        let up_by = Instant::now();
        let late = up_by + Duration::from_secs(1000);
        let mut watch = Watch::new(up_by);
        assert_eq!(watch.verdict(Verdict::In, Force::In), None);
        assert_eq!((watch.deadline(), watch.tick(late)), (None, None));
        assert_eq!(watch.verdict(Verdict::Out, Force::Neither), None);
        assert_eq!(watch.deadline(), Some(up_by), "it has until its time");
        assert_eq!(watch.tick(late), Some(End::NeverUp));
    }

    #[test]
    fn a_service_that_passed_while_it_was_forced_in_was_up() {
        let mut watch = Watch::new(Instant::now());
        assert_eq!(watch.verdict(Verdict::In, Force::In), None);
        watch.passed();
        let end = watch.verdict(Verdict::Out, Force::Neither);
        assert_eq!(end, Some(End::Failed));
    }

    #[test]
    fn a_service_that_is_given_up_by_signal_has_failed_whatever_it_was() {
        let mut watch = Watch::new(Instant::now());
        let end = watch.verdict(Verdict::Out, Force::Out);
        assert_eq!(end, Some(End::Failed));
    }
}
