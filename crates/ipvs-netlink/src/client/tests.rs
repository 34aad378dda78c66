//! The client against a kernel that misbehaves.

use std::io;

use super::core::Core;
use super::fake::{FakeKernel, frame};
use crate::{
    Change, Daemon, DaemonState, Destination, Error, Forwarding, Protocol, Service, ServiceKey,
    Timeouts,
};
use nix::errno::Errno;

mod applied;
mod dropped;
mod lists;
mod not_sent;
mod one_destination;
mod properties;

fn client(set: impl FnOnce(&mut FakeKernel)) -> Core<FakeKernel> {
    let mut core = Core::open(FakeKernel::new()).unwrap();
    set(&mut core.exchange.link);
    core
}

fn key(number: u8) -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [1, 2, 3, number].into(),
        port: 80,
    }
}

fn service(number: u8) -> Service {
    Service::new(key(number), "wlc")
}

fn server(number: u8) -> Destination {
    Destination::new([10, 0, 0, number].into(), 80, Forwarding::Direct, 1)
}

fn with_services(count: u8, set: impl FnOnce(&mut FakeKernel)) -> Core<FakeKernel> {
    client(|kernel| {
        for number in 0..count {
            kernel.table.insert_service(service(number));
        }
        set(kernel);
    })
}

#[test]
fn a_kernel_without_the_family_has_no_ipvs() {
    let mut kernel = FakeKernel::new();
    kernel.has_family = false;
    let error = Core::open(kernel).err().unwrap();
    assert!(matches!(error, Error::NoIpvs));
    assert!(
        error
            .to_string()
            .starts_with("IPVS is not available in this kernel: ")
    );
}

#[test]
fn a_kernel_that_lost_the_family_has_no_ipvs_any_more() {
    let mut core = with_services(2, |_| {});
    core.services().unwrap();
    core.exchange.link.has_family = false;
    let results = [
        core.info().map(drop),
        core.services().map(drop),
        core.destinations(&key(0)).map(drop),
        core.destination(&key(0), &server(1).key).map(drop),
        core.change(&Change::DeleteService(key(0))),
        core.change(&Change::AddDestination(key(0), server(1))),
        core.timeouts().map(drop),
        core.stop_daemon(DaemonState::Master),
    ];
    for result in results {
        assert!(matches!(result, Err(Error::NoIpvs)), "{result:?}");
    }
}

#[test]
fn a_failed_opening_says_so() {
    let mut kernel = FakeKernel::new();
    kernel
        .errors
        .push_back(io::Error::from_raw_os_error(Errno::ENOMEM as i32));
    let error = Core::open(kernel).err().unwrap();
    assert!(
        matches!(error, Error::Socket { call: "recv", .. }),
        "{error}"
    );
}

#[test]
fn strangers_and_old_answers_are_ignored() {
    let mut core = client(|kernel| {
        let forged = frame(2, 0, 2, &[0xff; 20]);
        kernel.queue.push_back((forged, false));
        let late = frame(2, 0, 1, &[0xff; 20]);
        kernel.queue.push_back((late, true));
    });
    core.change(&Change::AddService(service(1))).unwrap();
    assert!(core.exchange.link.table.service(&key(1)).is_some());
}

#[test]
fn a_signal_does_not_end_the_wait() {
    let mut core = client(|kernel| {
        kernel.errors.push_back(io::ErrorKind::Interrupted.into());
        kernel.errors.push_back(io::ErrorKind::Interrupted.into());
    });
    core.change(&Change::AddService(service(1))).unwrap();
}

#[test]
fn signals_without_end_do_not_keep_a_caller() {
    let mut core = client(|kernel| kernel.is_bombarded = true);
    let error = core.change(&Change::AddService(service(1))).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

#[test]
fn no_answer_is_an_error_and_does_not_confuse_the_next() {
    let mut core = client(|kernel| kernel.errors.push_back(io::ErrorKind::WouldBlock.into()));
    let error = core.change(&Change::AddService(service(1))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot add service -t 1.2.3.1:80: no answer from the kernel in 2 seconds"
    );
    // The late answer to that is still queued.
    assert_eq!(core.exchange.link.queue.len(), 1);
    let error = core.change(&Change::AddService(service(1))).unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error}");
    assert!(core.exchange.link.queue.is_empty());
}

#[test]
fn a_long_answer_is_reported_not_misread() {
    let mut core = client(|kernel| kernel.queue.push_back((vec![0; 5000], true)));
    let error = core.change(&Change::AddService(service(1))).unwrap_err();
    let Error::Truncated { length, room, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(length, 5000);
    assert!(room < 5000);
}

#[test]
fn garbage_is_reported_not_misread() {
    let mut core = client(|kernel| kernel.queue.push_back((vec![0xff; 40], true)));
    let error = core.change(&Change::AddService(service(1))).unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "{error}");
    core.change(&Change::DeleteService(key(1))).unwrap();
}

#[test]
fn the_kernels_own_words_are_kept() {
    for capped in [true, false] {
        let mut core = client(|kernel| {
            kernel.text = Some("no such thing");
            kernel.capped = capped;
        });
        let error = core.change(&Change::EditService(service(1))).unwrap_err();
        assert!(matches!(error, Error::NoSuchService { .. }), "{error}");
        // A refusal without a name of its own shows them.
        core.exchange.link.table.insert_service(service(1));
        let error = core
            .command(
                crate::Attempt::Zero,
                crate::message::Command::SetService,
                crate::message::Message::from(&Change::EditService(service(2))).attributes,
            )
            .unwrap_err();
        let Error::Kernel { errno, text, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(
            (*errno, text.as_deref()),
            (Errno::ESRCH as i32, Some("no such thing"))
        );
        assert!(error.to_string().ends_with(": no such thing"), "{error}");
    }
}

#[test]
fn refusals_have_their_names() {
    let mut core = client(|_| {});
    let unknown = Service::new(key(1), "nosuch");
    let error = core.change(&Change::AddService(unknown)).unwrap_err();
    assert!(matches!(&error, Error::NoSuchScheduler { scheduler, .. } if scheduler == "nosuch"));
    core.change(&Change::AddService(service(1))).unwrap();
    let error = core
        .change(&Change::EditDestination(key(1), server(1)))
        .unwrap_err();
    assert!(matches!(error, Error::NoSuchDestination { .. }));
    let error = core
        .change(&Change::AddDestination(key(2), server(1)))
        .unwrap_err();
    assert!(matches!(error, Error::NoSuchService { .. }));
    assert!(matches!(
        core.service(&key(2)),
        Err(Error::NoSuchService { .. })
    ));
    assert_eq!(core.service(&key(1)).unwrap().service, service(1));
}

#[test]
fn a_batch_keeps_to_the_window_and_to_the_order() {
    let mut core = client(|kernel| kernel.window = 3);
    let mut changes: Vec<Change> = (0..8).map(|n| Change::AddService(service(n))).collect();
    changes.insert(4, Change::DeleteService(key(200)));
    let sends = core.exchange.link.sends;
    let results = core.batch(&changes);
    let failed: Vec<usize> = results.failures().map(|(index, _)| index).collect();
    assert_eq!(failed, [4]);
    assert_eq!(core.exchange.link.sends, sends + 3);
    assert_eq!(core.exchange.link.most, 3);
    assert!(core.batch(&[]).is_empty());
}

#[test]
fn a_send_stays_below_the_send_buffer() {
    let mut core = client(|kernel| {
        kernel.window = usize::MAX;
        kernel.table.insert_service(service(1));
    });
    let server = |n: u16| {
        let [high, low] = n.to_be_bytes();
        Destination::new([10, 0, high, low].into(), 80, Forwarding::Direct, 1)
    };
    let changes: Vec<Change> = (0..2000)
        .map(|n| Change::AddDestination(key(1), server(n)))
        .collect();
    let sends = core.exchange.link.sends;
    assert!(core.batch(&changes).all_ok());
    assert_eq!(core.exchange.link.table.destinations(&key(1)).count(), 2000);
    assert!(core.exchange.link.sends - sends > 1);
    let most = core.exchange.link.most_bytes;
    assert!((32 * 1024..=66 * 1024).contains(&most), "{most}");
}

#[test]
fn a_batch_on_a_broken_socket_fails_every_change() {
    let mut core = client(|kernel| {
        for _ in 0..4 {
            kernel
                .errors
                .push_back(io::Error::from_raw_os_error(Errno::EBADF as i32));
        }
    });
    let results = core.batch(&[
        Change::AddService(service(1)),
        Change::AddService(service(2)),
    ]);
    for result in results {
        assert!(
            matches!(result, Err(Error::Socket { call: "recv", .. })),
            "{result:?}"
        );
    }
}

#[test]
fn after_a_broken_socket_nothing_more_is_sent() {
    let mut core = client(|kernel| {
        kernel.window = 1;
        let broken = io::Error::from_raw_os_error(Errno::EBADF as i32);
        kernel.errors.push_back(broken);
    });
    let sends = core.exchange.link.sends;
    let results = core.batch(&[
        Change::AddService(service(1)),
        Change::AddService(Service::new(key(2), "")),
        Change::AddService(service(3)),
    ]);
    assert_eq!(core.exchange.link.sends, sends + 1);
    let failures: Vec<&Error> = results.failures().map(|(_, error)| error).collect();
    assert!(
        matches!(
            failures.as_slice(),
            [
                Error::Socket { .. },
                Error::Invalid { .. },
                Error::Socket { .. }
            ]
        ),
        "{results:?}"
    );
}

#[test]
fn no_large_buffer_is_kept() {
    let mut core = with_services(250, |_| {});
    assert_eq!(core.services().unwrap().len(), 250);
    let changes: Vec<Change> = (0..250).map(|n| Change::EditService(service(n))).collect();
    assert!(core.batch(&changes).all_ok());
    assert!(
        core.exchange.buffers() <= 2 * 4096,
        "{}",
        core.exchange.buffers()
    );
}

#[test]
fn version_and_timeouts_are_read() {
    let mut core = client(|_| {});
    let info = core.info().unwrap();
    assert_eq!(
        (
            info.version.to_string().as_str(),
            info.connection_table_size
        ),
        ("1.2.1", 4096)
    );
    assert_eq!(
        core.timeouts().unwrap(),
        Timeouts {
            tcp: 900,
            tcp_fin: 0,
            udp: 300
        }
    );
}

#[test]
fn a_daemon_that_is_gone_was_stopped_even_without_an_answer() {
    let daemon = Daemon::new(DaemonState::Backup, "eth0", 5);
    let mut core = client(|kernel| {
        kernel.daemon = Some(daemon.clone());
        kernel.is_silent = true;
    });
    assert_eq!(core.daemons().unwrap(), [daemon]);
    core.stop_daemon(DaemonState::Backup).unwrap();
    assert_eq!(core.daemons().unwrap(), []);
}

#[test]
fn a_daemon_that_runs_on_without_an_answer_was_not_stopped() {
    let daemon = Daemon::new(DaemonState::Backup, "eth0", 5);
    let mut core = client(|kernel| {
        kernel.daemon = Some(daemon.clone());
        kernel.is_silent = true;
        kernel.is_stubborn = true;
    });
    let error = core.stop_daemon(DaemonState::Backup).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    // The other one never ran.
    core.stop_daemon(DaemonState::Master).unwrap();
    assert_eq!(core.daemons().unwrap(), [daemon]);
}
