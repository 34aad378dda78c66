//! Tells pulse that every service is ready: once, and again where it was not heard.

use std::io;
use std::time::{Duration, Instant};

/// The least time between two attempts. Pulse waits for one second in all.
const PAUSE: Duration = Duration::from_millis(100);

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Told {
    /// Pulse was told.
    Now,
    /// It could not be told, for the first time. Later failures are not news.
    NotYet(io::Error),
}

/// Whether pulse was told.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    is_done: bool,
    tried: Option<Instant>,
}

impl Telling {
    /// Whether nobody has tried yet.
    pub(crate) fn is_untried(&self) -> bool {
        self.tried.is_none()
    }

    /// Tells pulse with `send` if that is to be done `now`; what became of it, if that is news.
    pub(crate) fn tell(
        &mut self,
        now: Instant,
        send: impl FnOnce() -> io::Result<()>,
    ) -> Option<Told> {
        let is_soon = |tried| now.saturating_duration_since(tried) < PAUSE;
        if self.is_done || self.tried.is_some_and(is_soon) {
            return None;
        }
        let is_first = self.tried.replace(now).is_none();
        match send() {
            Ok(()) => {
                self.is_done = true;
                Some(Told::Now)
            }
            Err(error) => is_first.then_some(Told::NotYet(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_heard_is_said_again_but_not_at_once() {
        let start = Instant::now();
        let mut telling = Telling::default();
        let mut attempts = 0;
        let mut tell = |ms, heard| {
            let told = telling.tell(start + Duration::from_millis(ms), || {
                attempts += 1;
                if heard {
                    Ok(())
                } else {
                    Err(io::ErrorKind::WouldBlock.into())
                }
            });
            (told, attempts)
        };
        assert!(matches!(tell(0, false), (Some(Told::NotYet(_)), 1)));
        assert!(matches!(tell(99, true), (None, 1)), "too soon");
        assert!(matches!(tell(100, false), (None, 2)), "no news");
        assert!(matches!(tell(200, true), (Some(Told::Now), 3)));
        assert!(matches!(tell(9000, true), (None, 3)), "once is enough");
    }
}
