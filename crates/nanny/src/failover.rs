//! Decides when the watch of a failover service ends, and with which status. Pure: the time is an
//! argument.

use std::time::Instant;

use crate::health::{Force, Status};

/// Why the watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The service was up and has failed: the parent is to take it over.
    Failed,
    /// The service did not come up in time.
    NeverUp,
}

/// The watch of one service, fed by its checks and the status changes of [`crate::health`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// Deadline for the service to come up; `None` once it was up.
    up_by: Option<Instant>,
    /// Whether a signal forces the service in, which suspends the deadline.
    is_forced_in: bool,
}

impl Watch {
    /// Creates a watch with the deadline `up_by` for the service to come up.
    #[must_use]
    pub fn new(up_by: Instant) -> Self {
        Self {
            up_by: Some(up_by),
            is_forced_in: false,
        }
    }

    /// When [`Watch::tick`] is due, if at all.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.up_by.filter(|_| !self.is_forced_in)
    }

    /// Records a passed check: the service is up.
    pub fn passed(&mut self) {
        self.up_by = None;
    }

    /// Processes a status change together with the override in force at that time. A service that
    /// never passed and is no longer forced in has not failed: its deadline applies again.
    pub fn apply(&mut self, status: Status, force: Force) -> Option<End> {
        self.is_forced_in = force == Force::In;
        match status {
            Status::Out if self.up_by.is_none() || force == Force::Out => Some(End::Failed),
            Status::Out | Status::In | Status::NotYet => None,
        }
    }

    /// Checks the deadline.
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
    fn watch_ends_at_deadline_without_pass() {
        let up_by = Instant::now() + Duration::from_secs(10);
        let mut watch = Watch::new(up_by);
        assert_eq!(watch.deadline(), Some(up_by));
        assert_eq!(watch.apply(Status::NotYet, Force::Neither), None);
        assert_eq!(watch.tick(up_by - Duration::from_nanos(1)), None);
        assert_eq!(watch.tick(up_by), Some(End::NeverUp));
    }

    #[test]
    fn after_pass_only_failure_ends_watch() {
        let up_by = Instant::now();
        let mut watch = Watch::new(up_by);
        watch.passed();
        assert_eq!(watch.apply(Status::In, Force::Neither), None);
        assert_eq!(watch.deadline(), None);
        assert_eq!(watch.tick(up_by + Duration::from_secs(1000)), None);
        let end = watch.apply(Status::Out, Force::Neither);
        assert_eq!(end, Some(End::Failed));
    }

    #[test]
    fn forced_in_service_never_came_up() {
        let up_by = Instant::now();
        let late = up_by + Duration::from_secs(1000);
        let mut watch = Watch::new(up_by);
        assert_eq!(watch.apply(Status::In, Force::In), None);
        assert_eq!((watch.deadline(), watch.tick(late)), (None, None));
        assert_eq!(watch.apply(Status::Out, Force::Neither), None);
        assert_eq!(watch.deadline(), Some(up_by), "the deadline applies again");
        assert_eq!(watch.tick(late), Some(End::NeverUp));
    }

    #[test]
    fn pass_while_forced_in_counts() {
        let mut watch = Watch::new(Instant::now());
        assert_eq!(watch.apply(Status::In, Force::In), None);
        watch.passed();
        let end = watch.apply(Status::Out, Force::Neither);
        assert_eq!(end, Some(End::Failed));
    }

    #[test]
    fn forced_out_service_counts_as_failed() {
        let mut watch = Watch::new(Instant::now());
        let end = watch.apply(Status::Out, Force::Out);
        assert_eq!(end, Some(End::Failed));
    }
}
