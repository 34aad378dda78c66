//! Answers that the kernel drops: what is known of the others stays known.

use super::*;

#[test]
fn a_dropped_refusal_is_missed_though_the_last_answer_came() {
    let mut core = client(|kernel| kernel.unlucky = 1);
    let results = core.batch(&[
        Change::EditService(service(9)),
        Change::AddService(service(1)),
        Change::AddService(service(2)),
    ]);
    let failed: Vec<_> = results.failures().collect();
    assert!(
        matches!(failed.as_slice(), [(0, Error::NoSuchService { .. })]),
        "{results:?}"
    );
    assert_eq!(core.services().unwrap().len(), 2);
}

/// Made again, the first would be carried out, because its service is there by then.
#[test]
fn a_refusal_that_came_is_not_tried_again() {
    let mut core = client(|kernel| kernel.capacity = 2);
    let mut changes = vec![
        Change::AddDestination(key(1), server(1)),
        Change::AddService(service(1)),
    ];
    changes.extend((10..15).map(|number| Change::EditService(service(number))));
    let results = core.batch(&changes);
    assert!(core.exchange.link.overruns > 0);
    let failed: Vec<usize> = results.failures().map(|(index, _)| index).collect();
    assert_eq!(failed, [0, 2, 3, 4, 5, 6], "{results:?}");
    assert_eq!(core.exchange.link.table.destinations(&key(1)).count(), 0);
}

#[test]
fn a_list_of_which_something_was_dropped_is_read_again() {
    let mut core = with_services(5, |kernel| {
        let overrun = io::Error::from_raw_os_error(Errno::ENOBUFS as i32);
        kernel.errors.push_back(overrun);
    });
    let sends = core.exchange.link.sends;
    assert_eq!(core.services().unwrap().len(), 5);
    assert_eq!(core.exchange.link.sends, sends + 2);
}
