//! The destinations of one service of a table.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::{Destination, DestinationKey};

/// Destinations in the order of their keys, one of each.
///
/// A map would have every key twice. A table has tens of thousands, and to touch fresh memory is
/// much of what it costs to read one.
#[derive(Clone, Debug, Default)]
pub(super) struct Destinations(BTreeSet<Entry>);

impl Destinations {
    /// The one with this key.
    pub(super) fn get(&self, key: &DestinationKey) -> Option<&Destination> {
        self.0.get(key).map(|entry| &entry.0)
    }

    /// Puts one in, in place of that with its key.
    pub(super) fn insert(&mut self, destination: Destination) {
        self.0.replace(Entry(destination));
    }

    /// Takes out the one with this key.
    pub(super) fn remove(&mut self, key: &DestinationKey) -> Option<Destination> {
        self.0.take(key).map(|entry| entry.0)
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Destination> {
        self.0.iter().map(|entry| &entry.0)
    }
}

impl PartialEq for Destinations {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Destinations {}

/// Put in at once they take less memory than one by one. Each key is to come once.
impl FromIterator<Destination> for Destinations {
    fn from_iter<T: IntoIterator<Item = Destination>>(destinations: T) -> Self {
        Self(destinations.into_iter().map(Entry).collect())
    }
}

/// A destination that stands where its key does: entries are equal when their keys are.
#[derive(Clone, Debug)]
struct Entry(Destination);

impl Borrow<DestinationKey> for Entry {
    fn borrow(&self) -> &DestinationKey {
        &self.0.key
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.key.cmp(&other.0.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Forwarding;

    fn server(last: u8, weight: u32) -> Destination {
        Destination::new([10, 0, 0, last].into(), 80, Forwarding::Masquerade, weight)
    }

    #[test]
    fn one_is_found_replaced_and_taken_out_by_its_key() {
        let mut some: Destinations = [server(2, 1), server(1, 1)].into_iter().collect();
        some.insert(server(2, 5));
        some.insert(server(3, 1));
        let all: Vec<&Destination> = some.iter().collect();
        assert_eq!(all, [&server(1, 1), &server(2, 5), &server(3, 1)]);
        assert_eq!(some.get(&server(2, 9).key), Some(&server(2, 5)));
        assert_eq!(some.remove(&server(2, 9).key), Some(server(2, 5)));
        assert_eq!(some.remove(&server(2, 9).key), None);
        assert_eq!(some.get(&server(2, 9).key), None);
    }

    #[test]
    fn they_are_equal_when_all_of_each_is() {
        let some = |weight| Destinations::from_iter([server(1, 1), server(2, weight)]);
        assert_eq!(some(1), some(1));
        assert_ne!(some(1), some(2));
        assert_ne!(some(1), Destinations::from_iter([server(1, 1)]));
    }
}
