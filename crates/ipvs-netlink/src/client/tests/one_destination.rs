//! Looking for one destination in a list that may change meanwhile.

use super::*;

fn with_servers(count: u8, set: impl FnOnce(&mut FakeKernel)) -> Core<FakeKernel> {
    with_services(1, |kernel| {
        for number in 0..count {
            kernel.table.insert_destination(&key(0), server(number));
        }
        set(kernel);
    })
}

#[test]
fn one_destination_is_found_in_one_reading() {
    let mut core = with_servers(5, |kernel| kernel.per_datagram = 2);
    let sends = core.exchange.link.sends;
    for number in 0..5 {
        let found = core.destination(&key(0), &server(number).key).unwrap();
        assert_eq!(found.unwrap().destination, server(number));
    }
    assert_eq!(core.exchange.link.sends, sends + 5);
    assert_eq!(core.exchange.link.queue.len(), 0);
}

#[test]
fn a_destination_that_is_not_there_is_looked_for_twice_in_a_long_list() {
    let mut core = with_servers(5, |_| {});
    let sends = core.exchange.link.sends;
    assert_eq!(core.destination(&key(0), &server(9).key).unwrap(), None);
    assert_eq!(core.destination(&key(9), &server(1).key).unwrap(), None);
    assert_eq!(core.exchange.link.sends, sends + 2);
    core.exchange.link.per_datagram = 2;
    assert_eq!(core.destination(&key(0), &server(9).key).unwrap(), None);
    assert_eq!(core.exchange.link.sends, sends + 4);
}

#[test]
fn a_destination_that_was_skipped_is_found() {
    let mut core = with_servers(5, |kernel| {
        kernel.per_datagram = 2;
        let gone = Change::DeleteDestination(key(0), server(0).key);
        kernel.meanwhile.push_back(gone);
    });
    let sends = core.exchange.link.sends;
    let found = core.destination(&key(0), &server(2).key).unwrap();
    assert_eq!(found.unwrap().destination, server(2));
    assert_eq!(core.exchange.link.sends, sends + 2);
}

#[test]
fn a_destination_is_not_looked_for_for_ever() {
    let mut core = with_servers(5, |kernel| {
        kernel.per_datagram = 2;
        for _ in 0..20 {
            let (key, server) = (key(0), server(0));
            let change = Change::DeleteDestination(key, server.key);
            kernel.meanwhile.push_back(change);
            let nothing = Change::EditDestination(key, self::server(3));
            kernel.meanwhile.extend([nothing.clone(), nothing.clone()]);
            kernel
                .meanwhile
                .push_back(Change::AddDestination(key, server));
            kernel.meanwhile.push_back(nothing);
        }
    });
    let error = core.destination(&key(0), &server(9).key).unwrap_err();
    assert!(
        matches!(error, Error::Interrupted { tries: 10, .. }),
        "{error}"
    );
}

#[test]
fn a_destination_is_found_after_a_list_that_had_more_room() {
    let mut core = with_servers(250, |kernel| kernel.fills = true);
    assert!(
        core.destination(&key(0), &server(200).key)
            .unwrap()
            .is_some()
    );
    assert_eq!(core.destinations(&key(0)).unwrap().len(), 250);
    let found = core.destination(&key(0), &server(200).key).unwrap();
    assert_eq!(found.unwrap().destination, server(200));
}
