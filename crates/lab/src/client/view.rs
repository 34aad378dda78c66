//! What a client saw, and what it means: who answered how often, and for how long nobody did.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// `200`, and this body without its final line feed: the server's name.
    Answered(String),
    /// The port refused the connection.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The connection broke.
    Reset,
    /// An answer that is not one of HTTP with status 200.
    Garbled(String),
    /// Anything else the system said, such as an unreachable network.
    Failed(String),
}

impl Outcome {
    pub(super) fn of_answer(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let good = text
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.get(1..))
            .and_then(|rest| {
                let (_, body) = rest.strip_prefix(" 200 ")?.split_once("\r\n\r\n")?;
                Some(body.trim_end().to_owned())
            });
        good.map_or_else(|| Outcome::Garbled(text.into_owned()), Outcome::Answered)
    }
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began (monotonic).
    pub started: Instant,
    /// When it ended.
    pub ended: Instant,
    /// How.
    pub outcome: Outcome,
}

impl Attempt {
    /// Who answered, if somebody did.
    pub fn server(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Answered(name) => Some(name),
            _ => None,
        }
    }
}

/// The time between two good answers with none in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The end of the last good attempt before.
    pub from: Instant,
    /// The end of the first good attempt after.
    pub to: Instant,
}

impl Gap {
    /// How long it is.
    pub fn length(&self) -> Duration {
        self.to - self.from
    }
}

/// All attempts that have ended, in the order of their ends.
#[derive(Clone, Debug, Default)]
pub struct View {
    attempts: Vec<Attempt>,
}

impl View {
    pub(super) fn new(mut attempts: Vec<Attempt>) -> Self {
        attempts.sort_by_key(|attempt| attempt.ended);
        View { attempts }
    }

    /// All attempts.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Those that began at `from` or later.
    #[must_use]
    pub fn since(&self, from: Instant) -> View {
        self.select(|attempt| attempt.started >= from)
    }

    /// Those that had ended by `to`.
    #[must_use]
    pub fn until(&self, to: Instant) -> View {
        self.select(|attempt| attempt.ended <= to)
    }

    fn select(&self, fits: impl Fn(&Attempt) -> bool) -> View {
        View {
            attempts: self
                .attempts
                .iter()
                .filter(|attempt| fits(attempt))
                .cloned()
                .collect(),
        }
    }

    fn good(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts
            .iter()
            .filter(|attempt| attempt.server().is_some())
    }

    /// The last good attempt that had ended by `time`.
    pub fn last_good_before(&self, time: Instant) -> Option<&Attempt> {
        self.good()
            .take_while(|attempt| attempt.ended <= time)
            .last()
    }

    /// The first good attempt that ended after `time`.
    pub fn first_good_after(&self, time: Instant) -> Option<&Attempt> {
        self.good().find(|attempt| attempt.ended > time)
    }

    /// The longest time between two good answers.
    pub fn longest_gap(&self) -> Option<Gap> {
        let ends: Vec<_> = self.good().map(|attempt| attempt.ended).collect();
        ends.windows(2)
            .map(|pair| Gap {
                from: pair[0],
                to: pair[1],
            })
            .max_by_key(Gap::length)
    }

    /// The longest of the gaps that were still open at `time` or opened later: the outage that an
    /// event at `time` caused. None if nobody answered after it.
    pub fn outage_after(&self, time: Instant) -> Option<Gap> {
        let last = self.last_good_before(time);
        let later = self.good().filter(|attempt| attempt.ended > time);
        let attempts = last.into_iter().chain(later).cloned().collect();
        View { attempts }.longest_gap()
    }

    /// How often each server answered.
    pub fn shares(&self) -> BTreeMap<String, usize> {
        let mut shares = BTreeMap::new();
        for name in self.good().filter_map(Attempt::server) {
            *shares.entry(name.to_owned()).or_default() += 1;
        }
        shares
    }

    /// How often each other outcome came.
    pub fn failures(&self) -> BTreeMap<Outcome, usize> {
        let mut failures = BTreeMap::new();
        for attempt in self
            .attempts
            .iter()
            .filter(|attempt| attempt.server().is_none())
        {
            *failures.entry(attempt.outcome.clone()).or_default() += 1;
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(start: Instant, attempts: &[(u64, u64, Option<&str>)]) -> View {
        let at = |millis| start + Duration::from_millis(millis);
        let attempt = |&(from, to, server): &(u64, u64, Option<&str>)| Attempt {
            started: at(from),
            ended: at(to),
            outcome: server.map_or(Outcome::TimedOut, |name| Outcome::Answered(name.to_owned())),
        };
        View::new(attempts.iter().map(attempt).collect())
    }

    #[test]
    fn an_outage_is_measured_from_good_end_to_good_end() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        // Attempts of the outage end after the first good one that follows it.
        let view = view(
            start,
            &[
                (0, 5, Some("rs1")),
                (20, 25, Some("rs2")),
                (40, 1_040, None),
                (60, 1_060, None),
                (900, 905, Some("rs1")),
                (920, 926, Some("rs1")),
            ],
        );
        let gap = view.longest_gap().unwrap();
        assert_eq!((gap.from, gap.to), (at(25), at(905)));
        assert_eq!(view.outage_after(at(30)), Some(gap));
        assert_eq!(
            view.outage_after(at(910)).unwrap().length(),
            Duration::from_millis(21)
        );
        assert_eq!(view.outage_after(at(1_000)), None);
        assert_eq!(view.last_good_before(at(30)).unwrap().ended, at(25));
        assert_eq!(view.first_good_after(at(30)).unwrap().server(), Some("rs1"));
        assert_eq!(
            view.shares(),
            BTreeMap::from([("rs1".into(), 3), ("rs2".into(), 1)])
        );
        assert_eq!(view.failures(), BTreeMap::from([(Outcome::TimedOut, 2)]));
        assert_eq!(view.since(at(900)).shares().values().sum::<usize>(), 2);
        assert_eq!(view.until(at(100)).attempts().len(), 2);
    }

    #[test]
    fn only_status_200_is_an_answer() {
        let answer = Outcome::of_answer(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nrs1\n");
        assert_eq!(answer, Outcome::Answered("rs1".to_owned()));
        for bytes in [
            "",
            "HTTP/1.0 503 No\r\n\r\nrs1\n",
            "HTTP/1.0 200 OK\r\n",
            "rs1\n",
        ] {
            assert!(matches!(
                Outcome::of_answer(bytes.as_bytes()),
                Outcome::Garbled(_)
            ));
        }
    }
}
