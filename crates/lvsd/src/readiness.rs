//! When pulse may raise the addresses: every active service has a real server behind it, or has
//! heard from all of its monitors.
//!
//! Pure: the caller reports what happens and sends the word once [`Readiness::is_ready`].

use crate::verdict::Verdict;

/// What is known of one real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nothing: it is not in the table and its monitor has not spoken.
    Unknown,
    /// It was in the table at start, and its monitor has not spoken.
    Adopted,
    /// Its monitor has spoken.
    Heard(Verdict),
}

impl Standing {
    fn is_in(self) -> bool {
        matches!(self, Self::Adopted | Self::Heard(Verdict::Up))
    }

    fn is_silent(self) -> bool {
        !matches!(self, Self::Heard(_))
    }
}

/// What is known of one service.
#[derive(Debug, Clone, Copy, Default)]
struct Pool {
    /// Real servers in the table.
    inside: usize,
    /// Monitors that have not given a first verdict.
    silent: usize,
}

impl Pool {
    fn is_ready(self) -> bool {
        self.inside > 0 || self.silent == 0
    }
}

/// Counts services that are not ready yet; each report takes constant time.
#[derive(Debug)]
pub struct Readiness {
    pools: Vec<Pool>,
    /// Per monitor: its service and what is known.
    monitors: Vec<(usize, Standing)>,
    not_ready: usize,
}

impl Readiness {
    /// `services` services, and for each monitor the service it belongs to and whether its real
    /// server was found in the table, taking connections. Services must be numbered from 0.
    pub fn new(services: usize, monitors: impl IntoIterator<Item = (usize, bool)>) -> Self {
        let mut pools = vec![Pool::default(); services];
        let monitors: Vec<_> = monitors
            .into_iter()
            .map(|(service, adopted)| {
                pools[service].silent += 1;
                pools[service].inside += usize::from(adopted);
                let standing = if adopted {
                    Standing::Adopted
                } else {
                    Standing::Unknown
                };
                (service, standing)
            })
            .collect();
        let not_ready = pools.iter().filter(|pool| !pool.is_ready()).count();
        Self {
            pools,
            monitors,
            not_ready,
        }
    }

    /// A monitor has spoken, or has died, which says that its real server is not in.
    pub fn heard(&mut self, monitor: usize, verdict: Verdict) {
        let (service, before) = self.monitors[monitor];
        let now = Standing::Heard(verdict);
        self.monitors[monitor].1 = now;
        let pool = &mut self.pools[service];
        let was_ready = pool.is_ready();
        pool.inside = pool.inside + usize::from(now.is_in()) - usize::from(before.is_in());
        pool.silent -= usize::from(before.is_silent());
        match (was_ready, pool.is_ready()) {
            (false, true) => self.not_ready -= 1,
            (true, false) => self.not_ready += 1,
            _ => {}
        }
    }

    /// Whether every service is ready.
    pub fn is_ready(&self) -> bool {
        self.not_ready == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Down, Up};
    use proptest::prelude::*;

    #[test]
    fn the_first_real_server_in_makes_a_service_ready() {
        let mut readiness = Readiness::new(1, [(0, false), (0, false), (0, false)]);
        assert!(!readiness.is_ready());
        readiness.heard(1, Up);
        assert!(readiness.is_ready());
    }

    #[test]
    fn a_dead_real_server_does_not_delay_and_all_dead_do_not_block() {
        let mut readiness = Readiness::new(1, [(0, false), (0, false)]);
        readiness.heard(0, Down);
        assert!(!readiness.is_ready());
        readiness.heard(1, Down);
        assert!(readiness.is_ready());
    }

    #[test]
    fn every_service_counts() {
        let mut readiness = Readiness::new(3, [(0, false), (2, false), (2, false)]);
        readiness.heard(0, Up);
        assert!(
            !readiness.is_ready(),
            "service 2 has nobody; 1 has no monitor"
        );
        readiness.heard(2, Up);
        assert!(readiness.is_ready());
    }

    #[test]
    fn a_server_adopted_from_the_table_counts_until_its_monitor_says_otherwise() {
        let mut readiness = Readiness::new(1, [(0, true), (0, false)]);
        assert!(readiness.is_ready());
        readiness.heard(0, Down);
        assert!(!readiness.is_ready());
        readiness.heard(0, Up);
        assert!(readiness.is_ready());
    }

    #[test]
    fn nothing_to_run_is_ready() {
        assert!(Readiness::new(0, []).is_ready());
        assert!(Readiness::new(2, []).is_ready());
    }

    proptest! {
        /// The counters against the definition, over any course of events.
        #[test]
        fn agrees_with_the_definition(
            monitors in proptest::collection::vec((0usize..4, any::<bool>()), 1..12),
            course in proptest::collection::vec((0usize..12, any::<bool>()), 0..40),
        ) {
            let mut readiness = Readiness::new(4, monitors.iter().copied());
            let mut heard: Vec<Option<bool>> = vec![None; monitors.len()];
            for (which, up) in course {
                let which = which % monitors.len();
                readiness.heard(which, if up { Up } else { Down });
                heard[which] = Some(up);
                let ready = (0..4).all(|service| {
                    let pool = || monitors.iter().zip(&heard).filter(|((s, _), _)| *s == service);
                    pool().any(|((_, adopted), heard)| heard.unwrap_or(*adopted))
                        || pool().all(|(_, heard)| heard.is_some())
                });
                prop_assert_eq!(readiness.is_ready(), ready);
            }
        }
    }
}
