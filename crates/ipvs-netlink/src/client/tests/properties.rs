//! Batches of any changes, with and without dropped answers.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::{ServiceFlags, Table, Tunnel, TunnelChecksum};

pub(super) fn any_change() -> impl Strategy<Value = Change> {
    let service = (0..4_u8, 0..2_u32).prop_map(|(number, persistence)| Service {
        persistence: persistence * 60,
        ..service(number)
    });
    let server = (0..4_u8, 0..3_u32).prop_map(|(number, weight)| Destination {
        weight,
        ..server(number)
    });
    let owner = (0..4_u8).prop_map(key);
    prop_oneof![
        service.clone().prop_map(Change::AddService),
        service.prop_map(Change::EditService),
        owner.clone().prop_map(Change::DeleteService),
        (owner.clone(), server.clone()).prop_map(|(k, s)| Change::AddDestination(k, s)),
        (owner.clone(), server.clone()).prop_map(|(k, s)| Change::EditDestination(k, s)),
        (owner, server).prop_map(|(k, s)| Change::DeleteDestination(k, s.key)),
    ]
}

proptest! {
    /// Whatever the window, every change has the result it has when made alone.
    #[test]
    fn a_batch_is_its_changes_one_by_one(changes in vec(any_change(), 0..40), window in 1..9_usize) {
        let mut core = client(|kernel| kernel.window = window);
        let results = core.batch(&changes);
        let mut single = client(|_| {});
        for (change, result) in changes.iter().zip(results.iter()) {
            prop_assert_eq!(format!("{:?}", single.change(change)), format!("{result:?}"));
        }
        prop_assert_eq!(&core.exchange.link.table, &single.exchange.link.table);
    }

    /// Answers that are dropped are made good: the changes that are additions, each of another
    /// thing, all succeed and are all there.
    #[test]
    fn dropped_answers_are_recovered(window in 1..20_usize, capacity in 2..20_usize) {
        let mut core = client(|kernel| {
            kernel.window = window;
            kernel.capacity = capacity;
        });
        let mut changes = vec![Change::AddService(service(1))];
        changes.extend((0..30).map(|n| Change::AddDestination(key(1), server(n))));
        changes.extend((0..10).map(|n| Change::DeleteDestination(key(1), server(n).key)));
        let results = core.batch(&changes);
        prop_assert!(results.all_ok(), "{results:?}");
        let table = &core.exchange.link.table;
        prop_assert_eq!(table.destinations(&key(1)).count(), 20);
    }

    /// Dropped refusals are made good too: whatever fails and can be told to have failed does, and
    /// nothing else.
    #[test]
    fn dropped_refusals_are_recovered(window in 8..20_usize, capacity in 2..4_usize) {
        let mut core = client(|kernel| {
            kernel.window = window;
            kernel.capacity = capacity;
        });
        let mut changes = vec![Change::AddService(service(1))];
        for n in 0..40 {
            changes.push(Change::AddDestination(key(1), server(n)));
            changes.push(Change::EditDestination(key(1), server(n + 100)));
        }
        let results = core.batch(&changes);
        prop_assert!(core.exchange.link.overruns > 0);
        for (change, result) in changes.iter().zip(results.iter()) {
            let is_right = match change {
                Change::EditDestination(..) => {
                    matches!(result, Err(Error::NoSuchDestination { .. }))
                }
                _ => result.is_ok(),
            };
            prop_assert!(is_right, "{change}: {result:?}");
        }
        prop_assert_eq!(core.exchange.link.table.destinations(&key(1)).count(), 40);
    }

    /// A plan arrives where it should, however many answers are dropped on the way.
    #[test]
    fn a_plan_survives_dropped_answers(
        before in vec(any_change(), 0..40),
        after in vec(any_change(), 0..40),
        window in 1..20_usize,
        capacity in 2..20_usize,
    ) {
        let table = |changes: &[Change]| {
            let mut table = Table::new();
            for change in changes {
                table.apply(change);
            }
            table
        };
        let wanted = table(&after);
        let mut core = client(|kernel| {
            kernel.table = table(&before);
            kernel.window = window;
            kernel.capacity = capacity;
        });
        let plan = table(&before).diff(&wanted);
        let results = core.apply(&plan.changes);
        prop_assert!(results.all_ok(), "{results:?}");
        prop_assert_eq!(&core.exchange.link.table, &wanted);
        prop_assert!(core.exchange.link.queue.is_empty());
    }
}

/// What is read back has another form than what was asked for, and is the same all the same.
#[test]
fn an_addition_is_recognized_in_the_form_it_has_in_the_kernel() {
    let persistent = Service {
        flags: ServiceFlags::PERSISTENT,
        persistence: 60,
        ..service(1)
    };
    let with_tunnel = Destination {
        tunnel: Tunnel::Gre {
            checksum: TunnelChecksum::None,
        },
        ..server(1)
    };
    let mut core = client(|kernel| kernel.capacity = 2);
    let results = core.batch(&[
        Change::AddService(persistent),
        Change::AddDestination(key(1), with_tunnel),
        Change::EditDestination(key(1), server(7)),
        Change::EditDestination(key(1), server(8)),
        Change::EditDestination(key(1), server(9)),
    ]);
    assert!(core.exchange.link.overruns > 0);
    let failed: Vec<usize> = results.failures().map(|(index, _)| index).collect();
    assert_eq!(failed, [2, 3, 4], "{results:?}");
}
