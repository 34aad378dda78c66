//! The results of a batch: nearly all of them success, so only the failures take memory.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Error;

/// The result of each change of a batch, in the order of the changes.
///
/// ```
/// # use ipvs_netlink::Results;
/// # fn report(results: &Results) {
/// for (index, error) in results.failures() {
///     eprintln!("change {index} of {}: {error}", results.len());
/// }
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use = "a change that failed is only told here"]
pub struct Results {
    len: usize,
    failures: BTreeMap<usize, Error>,
}

impl Results {
    /// `len` successes.
    pub(crate) fn of(len: usize) -> Self {
        Self {
            len,
            failures: BTreeMap::new(),
        }
    }

    /// The change at `index` has failed.
    pub(crate) fn fail(&mut self, index: usize, error: Error) {
        self.failures.insert(index, error);
    }

    /// Those of these places where nothing has failed yet.
    pub(crate) fn successes(&self, places: Range<usize>) -> Vec<usize> {
        places
            .filter(|index| !self.failures.contains_key(index))
            .collect()
    }

    /// The changes that failed, by their place among all.
    pub(crate) fn into_failures(self) -> impl Iterator<Item = (usize, Error)> {
        self.failures.into_iter()
    }

    /// How many changes there were.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there was no change at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether every change was made.
    pub fn all_ok(&self) -> bool {
        self.failures.is_empty()
    }

    /// The result of the change at `index`; `None` where there was no such change.
    pub fn get(&self, index: usize) -> Option<Result<(), &Error>> {
        (index < self.len).then(|| self.failures.get(&index).map_or(Ok(()), Err))
    }

    /// The changes that failed, by their place among all.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &Error)> {
        self.failures.iter().map(|(index, error)| (*index, error))
    }

    /// The result of each change.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<(), &Error>> {
        (0..self.len).map(|index| self.failures.get(&index).map_or(Ok(()), Err))
    }

    /// Success, or the first failure.
    ///
    /// # Errors
    /// That of the first change that failed.
    pub fn into_result(self) -> Result<(), Error> {
        self.failures.into_values().next().map_or(Ok(()), Err)
    }
}

/// The result of each change, in order.
impl IntoIterator for Results {
    type Item = Result<(), Error>;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter {
            next: 0,
            rest: self,
        }
    }
}

/// Iterator over the result of each change of a batch.
#[derive(Debug)]
pub struct IntoIter {
    next: usize,
    rest: Results,
}

impl Iterator for IntoIter {
    type Item = Result<(), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.rest.len {
            return None;
        }
        let result = self.rest.failures.remove(&self.next).map_or(Ok(()), Err);
        self.next += 1;
        Some(result)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rest.len - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for IntoIter {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attempt;

    fn results() -> Results {
        let mut results = Results::of(4);
        let attempt = Attempt::Flush;
        results.fail(2, Error::Permission { attempt });
        results.fail(1, Error::NoIpvs);
        results
    }

    #[test]
    fn every_change_has_its_result() {
        let results = results();
        let expected = [true, false, false, true];
        assert_eq!(results.len(), 4);
        assert!(!results.is_empty() && !results.all_ok());
        assert!(results.iter().map(|result| result.is_ok()).eq(expected));
        assert_eq!(results.get(0).map(|result| result.is_ok()), Some(true));
        assert_eq!(results.get(2).map(|result| result.is_ok()), Some(false));
        assert!(results.get(4).is_none());
        let failed: Vec<usize> = results.failures().map(|(index, _)| index).collect();
        assert_eq!(failed, [1, 2]);
        let mut all = results.into_iter();
        assert_eq!(all.len(), 4);
        assert!(all.next().is_some_and(|result| result.is_ok()));
        assert_eq!(all.len(), 3);
        assert!(
            all.map(|result| result.is_ok())
                .eq(expected[1..].iter().copied())
        );
    }

    #[test]
    fn the_first_failure_stands_for_all() {
        assert!(matches!(results().into_result(), Err(Error::NoIpvs)));
        assert!(Results::of(3).into_result().is_ok());
        assert!(Results::of(0).is_empty());
    }
}
