//! Lists, whole and in parts, while the table changes.

use super::*;

#[test]
fn a_list_in_one_datagram_is_read_once() {
    let mut core = with_services(5, |_| {});
    let sends = core.exchange.link.sends;
    assert_eq!(core.services().unwrap().len(), 5);
    assert_eq!(core.exchange.link.sends, sends + 1);
    assert_eq!(core.destinations(&key(9)).unwrap(), []);
}

#[test]
fn a_longer_list_is_read_until_it_is_the_same_twice() {
    let mut core = with_services(5, |kernel| kernel.per_datagram = 2);
    let sends = core.exchange.link.sends;
    assert_eq!(core.services().unwrap().len(), 5);
    assert_eq!(core.exchange.link.sends, sends + 2);

    // One that goes before the place of the reader makes it skip another.
    let mut core = with_services(5, |kernel| {
        kernel.per_datagram = 2;
        kernel.meanwhile.push_back(Change::DeleteService(key(0)));
    });
    let sends = core.exchange.link.sends;
    let keys: Vec<_> = core
        .services()
        .unwrap()
        .iter()
        .map(|entry| entry.service.key)
        .collect();
    assert_eq!(keys, [key(1), key(2), key(3), key(4)]);
    assert_eq!(core.exchange.link.sends, sends + 3);

    // One that comes there makes it read another twice.
    let mut core = with_services(5, |kernel| {
        kernel.table.remove_service(&key(0));
        kernel.per_datagram = 2;
        kernel.meanwhile.push_back(Change::AddService(service(0)));
    });
    let keys: Vec<_> = core
        .services()
        .unwrap()
        .iter()
        .map(|entry| entry.service.key)
        .collect();
    assert_eq!(keys, [key(0), key(1), key(2), key(3), key(4)]);
}

#[test]
fn a_list_whose_end_comes_with_its_last_entries_is_as_long_as_it_is() {
    for (per_datagram, readings) in [(5, 1), (3, 2)] {
        let mut core = with_services(5, |kernel| {
            kernel.per_datagram = per_datagram;
            kernel.ends_at_once = true;
        });
        let sends = core.exchange.link.sends;
        assert_eq!(core.services().unwrap().len(), 5);
        assert_eq!(core.exchange.link.sends, sends + readings);
    }
}

#[test]
fn a_list_that_has_an_entry_twice_is_not_believed_though_it_comes_again() {
    let mut core = with_services(5, |kernel| {
        kernel.table.remove_service(&key(0));
        kernel.per_datagram = 2;
        kernel.meanwhile.extend([
            Change::AddService(service(0)),
            Change::EditService(service(0)),
            Change::DeleteService(key(0)),
            Change::AddService(service(0)),
        ]);
    });
    let keys: Vec<_> = core
        .services()
        .unwrap()
        .iter()
        .map(|entry| entry.service.key)
        .collect();
    assert_eq!(keys, [key(0), key(1), key(2), key(3), key(4)]);
}

#[test]
fn a_list_that_broke_off_does_not_stop_the_next() {
    let mut core = with_services(5, |kernel| {
        kernel.per_datagram = 1;
        kernel.queue.push_back((vec![0xff; 40], true));
    });
    assert!(matches!(core.services(), Err(Error::Decode { .. })));
    assert_eq!(core.exchange.link.queue.len(), 6);
    // Nor does what comes before the rest of it.
    for number in [Errno::EINTR, Errno::ENOBUFS] {
        let error = io::Error::from_raw_os_error(number as i32);
        core.exchange.link.errors.push_back(error);
    }
    assert_eq!(core.services().unwrap().len(), 5);
}

#[test]
fn an_interrupted_list_is_read_again() {
    let mut core = with_services(5, |kernel| kernel.interrupted = 1);
    let sends = core.exchange.link.sends;
    assert_eq!(core.services().unwrap().len(), 5);
    assert_eq!(core.exchange.link.sends, sends + 2);
}

#[test]
fn a_table_that_never_rests_is_given_up_on() {
    let mut core = with_services(5, |kernel| {
        kernel.per_datagram = 2;
        for _ in 0..20 {
            kernel.meanwhile.push_back(Change::DeleteService(key(0)));
            kernel.meanwhile.push_back(Change::EditService(service(3)));
            kernel.meanwhile.push_back(Change::EditService(service(3)));
            kernel.meanwhile.push_back(Change::AddService(service(0)));
            kernel.meanwhile.push_back(Change::EditService(service(3)));
        }
    });
    let error = core.services().unwrap_err();
    assert!(
        matches!(error, Error::Interrupted { tries: 10, .. }),
        "{error}"
    );
}
