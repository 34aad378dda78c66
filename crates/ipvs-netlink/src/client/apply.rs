//! Applying a plan: what goes waits for what is to take its place.

use std::collections::btree_map::IntoIter;
use std::collections::{BTreeMap, BTreeSet};

use super::change::{Batch, attempt};
use super::core::Core;
use super::link::Link;
use super::results::Results;
use crate::{Change, Destination, Error, ServiceKey};

/// A plan under way: first the changes that wait for nothing, then the others.
pub(crate) struct Application<'a> {
    changes: &'a [Change],
    stage: Stage<'a>,
    /// The changes that are being made.
    batch: Batch<'a>,
    /// Their places among all; `None` is all of them.
    places: Option<Vec<usize>>,
    /// The places of those that wait, in order.
    waiting: Vec<usize>,
    results: Results,
}

/// How far it is.
enum Stage<'a> {
    /// Making the changes that wait for nothing.
    First,
    /// Looking at the services where one of those failed, each with its changes that wait.
    Asking {
        doubtful: IntoIter<ServiceKey, Vec<&'a Change>>,
        /// Those that would be left with nothing.
        withheld: BTreeSet<ServiceKey>,
    },
    /// Making the changes that waited.
    Last,
}

impl<'a> Application<'a> {
    /// Nothing of it is done yet.
    pub(crate) fn new(changes: &'a [Change]) -> Self {
        let waiting = waiting(changes);
        let mut application = Self {
            changes,
            stage: Stage::First,
            batch: Batch::new(changes),
            places: None,
            waiting,
            results: Results::of(changes.len()),
        };
        if !application.waiting.is_empty() {
            let waits: BTreeSet<usize> = application.waiting.iter().copied().collect();
            let places = 0..changes.len();
            application.begin(places.filter(|place| !waits.contains(place)).collect());
        }
        application
    }

    /// The result of each change, at the end.
    pub(crate) fn into_results(self) -> Results {
        self.results
    }

    /// These changes are the next to be made.
    fn begin(&mut self, places: Vec<usize>) {
        self.batch = Batch::of(places.iter().map(|&place| &self.changes[place]).collect());
        self.places = Some(places);
    }

    /// Takes over the results of those that were made.
    fn close(&mut self) {
        let results = std::mem::take(&mut self.batch.results);
        for (place, error) in results.into_failures() {
            let place = self.places.as_ref().map_or(place, |places| places[place]);
            self.results.fail(place, error);
        }
    }

    /// The services where something failed that was to take the place of something else, each with
    /// its changes that wait.
    fn doubtful(&self) -> BTreeMap<ServiceKey, Vec<&'a Change>> {
        let failed: BTreeSet<&ServiceKey> = self
            .results
            .failures()
            .map(|(place, _)| &self.changes[place])
            .filter(|change| takes_a_place(change))
            .map(Change::service)
            .collect();
        let mut doubtful: BTreeMap<ServiceKey, Vec<&'a Change>> = BTreeMap::new();
        for &place in &self.waiting {
            let change = &self.changes[place];
            if failed.contains(change.service()) {
                doubtful.entry(*change.service()).or_default().push(change);
            }
        }
        doubtful
    }

    /// The changes that waited come next, but for those of these services.
    fn begin_last(&mut self, withheld: &BTreeSet<ServiceKey>) {
        let mut places = std::mem::take(&mut self.waiting);
        places.retain(|&place| {
            let change = &self.changes[place];
            let is_withheld = withheld.contains(change.service());
            if is_withheld {
                let attempt = attempt(change);
                self.results.fail(place, Error::Withheld { attempt });
            }
            !is_withheld
        });
        self.begin(places);
        self.stage = Stage::Last;
    }
}

impl<L: Link> Core<L> {
    /// Makes the changes of a plan.
    pub(super) fn apply(&mut self, changes: &[Change]) -> Results {
        let mut application = Application::new(changes);
        while self.go_on(&mut application) {}
        application.into_results()
    }

    /// Makes the next changes of a plan, as many as go at once, or looks at a service. Returns whether
    /// there is more to do.
    pub(crate) fn go_on(&mut self, application: &mut Application<'_>) -> bool {
        if let Stage::Asking { doubtful, withheld } = &mut application.stage {
            let Some((service, changes)) = doubtful.next() else {
                let withheld = std::mem::take(withheld);
                application.begin_last(&withheld);
                return true;
            };
            match self.configured(&service) {
                Ok(present) if !leaves_nothing(&present, &changes) => {}
                // Where that cannot be told nothing is taken away.
                Ok(_) | Err(Error::Interrupted { .. }) => {
                    withheld.insert(service);
                }
                // Nor is it anywhere else, and the kernel is not waited for again and again.
                Err(_) => {
                    withheld.insert(service);
                    withheld.extend(doubtful.map(|(service, _)| service));
                }
            }
            return true;
        }
        if self.advance(&mut application.batch) {
            return true;
        }
        application.close();
        if application.waiting.is_empty() {
            return false;
        }
        application.stage = Stage::Asking {
            doubtful: application.doubtful().into_iter(),
            withheld: BTreeSet::new(),
        };
        true
    }
}

/// The changes that wait: the deletion of a destination behind an addition or change of one of the same
/// service, and whatever comes behind it for that service.
fn waiting(changes: &[Change]) -> Vec<usize> {
    let deletes = |change: &Change| matches!(change, Change::DeleteDestination(..));
    // Most plans that are long delete nothing.
    if !changes.iter().any(deletes) {
        return Vec::new();
    }
    let (mut filled, mut emptied) = (BTreeSet::new(), BTreeSet::new());
    let mut waits = |change: &Change| {
        let service = *change.service();
        if takes_a_place(change) {
            filled.insert(service);
        }
        if deletes(change) && filled.contains(&service) {
            emptied.insert(service);
        }
        emptied.contains(&service)
    };
    let places = changes.iter().enumerate();
    places
        .filter_map(|(place, change)| waits(change).then_some(place))
        .collect()
}

/// Whether a destination is to be there after this change.
fn takes_a_place(change: &Change) -> bool {
    matches!(
        change,
        Change::AddDestination(..) | Change::EditDestination(..)
    )
}

/// Whether these changes of a service would leave it without any of the destinations that are present.
/// Those that delete the service itself would not: it has no need of any.
fn leaves_nothing(present: &[Destination], changes: &[&Change]) -> bool {
    let mut left: BTreeSet<_> = present.iter().map(|destination| destination.key).collect();
    for change in changes {
        match change {
            Change::AddDestination(_, destination) => {
                left.insert(destination.key);
            }
            Change::DeleteDestination(_, key) => {
                left.remove(key);
            }
            Change::DeleteService(_) => return false,
            Change::AddService(_) | Change::EditService(_) | Change::EditDestination(..) => {}
        }
    }
    left.is_empty() && !present.is_empty()
}
