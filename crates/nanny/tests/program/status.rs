//! In, out and in again, each within its time limit.

use std::time::{Duration, Instant};

use crate::nanny::{Nanny, SLACK, together};
use crate::server::{Behavior, PAGE, Server, refusing};

const RULES: &str = "-t 3 --interval 100ms -a 1.2 -v";
const TIMEOUT: Duration = Duration::from_secs(3);
const INTERVAL: Duration = Duration::from_millis(100);
const REENTRY: Duration = Duration::from_millis(1200);

/// From the last passed check to the status change, which is logged at the timeout.
#[track_caller]
fn is_in_time(out: Duration) {
    // Half of it may be lost on a stalled machine between a check and the read of its line.
    assert!(out >= TIMEOUT / 2, "{out:?} is too early");
    assert!(out <= TIMEOUT + INTERVAL + SLACK, "{out:?} is too late");
}

#[test]
fn in_out_and_in_again() {
    together(&[false, true], |&is_http| {
        let server = Server::up(PAGE);
        let address = server.address;
        let mut nanny = if is_http {
            Nanny::http(address, RULES)
        } else {
            Nanny::connecting(address, RULES)
        };
        nanny.wait_for(&format!(
            "127.0.0.9:{} -> {address}",
            if is_http { 80 } else { 21 }
        ));
        let active = nanny.wait_for(&format!("[ active ] making {address} available"));
        assert!(active - nanny.started < SLACK);
        nanny.never_logs("active", TIMEOUT * 4 / 3);

        drop(server);
        let inactive = nanny.wait_for(&format!(
            "[inactive] shutting down {address} due to connection failure"
        ));
        is_in_time(inactive - nanny.last("passed in"));
        assert!(nanny.seen.iter().any(|line| {
            line.contains(&format!("CONNECT to {address} failed: Connection refused"))
        }));

        let before = Instant::now();
        let _server = Server::up_at(address, PAGE);
        let again = format!("{address} answers again: in after 1.2 s of passed checks");
        let again = nanny.wait_for(&again) - before;
        assert!(again <= INTERVAL + SLACK, "{again:?} is too late");
        let active = nanny.wait_for(&format!("[ active ] making {address} available"));
        let back = active - before;
        assert!(back >= REENTRY, "{back:?} is too early");
        assert!(
            back <= REENTRY + INTERVAL * 2 + SLACK,
            "{back:?} is too late"
        );
    });
}

#[test]
fn unavailable_server_comes_in_at_first_pass() {
    let address = refusing();
    let mut nanny = Nanny::connecting(address, "-t 0.3 --interval 100ms -a 100");
    let line = format!("[inactive] {address} is not available yet");
    let logged = nanny.wait_for(&line);
    assert!(logged - nanny.started < SLACK);
    nanny.never_logs("active", Duration::from_secs(1));
    let before = Instant::now();
    let _server = Server::up_at(address, Behavior::Hangs);
    let active = nanny.wait_for("[ active ]");
    assert!(active - before < INTERVAL + SLACK);
}

#[test]
fn single_failure_only_restarts_reentry() {
    let server = Server::up(Behavior::Hangs);
    let address = server.address;
    let mut nanny = Nanny::connecting(address, "-t 4 --interval 50ms -a 5");
    nanny.wait_for("[ active ]");
    drop(server);
    nanny.wait_for("CONNECT to");
    let server = Server::up_at(address, Behavior::Hangs);
    nanny.never_logs("active", Duration::from_secs(5));

    drop(server);
    nanny.wait_for("[inactive] shutting down");
    let server = Server::up_at(address, Behavior::Hangs);
    nanny.never_logs("active", Duration::from_secs(1));
    drop(server);
    nanny.wait_for("CONNECT to");
    let before = Instant::now();
    let _server = Server::up_at(address, Behavior::Hangs);
    let active = nanny.wait_for("[ active ]");
    assert!(active - before >= Duration::from_secs(5));
    let again = nanny
        .seen
        .iter()
        .filter(|line| line.contains("answers again"));
    assert_eq!(again.count(), 1, "once an outage: {:#?}", nanny.seen);
}

#[test]
fn silent_server_goes_out_within_timeout() {
    let server = Server::up(PAGE);
    let address = server.address;
    let mut nanny = Nanny::http(address, RULES);
    nanny.wait_for("[ active ]");
    drop(server);
    // Each check takes the whole timeout from now on.
    let _server = Server::up_at(address, Behavior::Hangs);
    let inactive = nanny.wait_for("[inactive] shutting down");
    is_in_time(inactive - nanny.last("passed in"));
}
