//! In, out and in again, each within its time.

use std::time::{Duration, Instant};

use crate::nanny::{Nanny, SLACK, together};
use crate::server::{Manner, PAGE, Server, refusing};

const RULES: &str = "-t 3 --interval 100ms -a 1.2 -v";
const TIMEOUT: Duration = Duration::from_secs(3);
const INTERVAL: Duration = Duration::from_millis(100);
const REENTRY: Duration = Duration::from_millis(1200);

/// From the last check that passed to the verdict, which is told once the time is up.
#[track_caller]
fn is_in_time(out: Duration) {
    // Half of it may be lost between a check and the look at what is said of it, where the machine
    // stood still.
    assert!(out >= TIMEOUT / 2, "{out:?} is too early");
    assert!(out <= TIMEOUT + INTERVAL + SLACK, "{out:?} is too late");
}

#[test]
fn in_at_the_first_pass_out_after_the_timeout_in_again_after_reentry() {
    together(&[false, true], |&asks| {
        let server = Server::up(PAGE);
        let address = server.address;
        let mut nanny = if asks {
            Nanny::asking(address, RULES)
        } else {
            Nanny::connecting(address, RULES)
        };
        nanny.wait_for(&format!(
            "127.0.0.9:{} -> {address}",
            if asks { 80 } else { 21 }
        ));
        let active = nanny.wait_for(&format!("[ active ] making {address} available"));
        assert!(active - nanny.started < SLACK);
        nanny.never_says("active", TIMEOUT * 4 / 3);

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
fn a_server_that_is_not_there_yet_comes_in_at_its_first_pass() {
    let address = refusing();
    let mut nanny = Nanny::connecting(address, "-t 0.3 --interval 100ms -a 100");
    let line = format!("[inactive] {address} is not available yet");
    let said = nanny.wait_for(&line);
    assert!(said - nanny.started < SLACK);
    nanny.never_says("active", Duration::from_secs(1));
    let before = Instant::now();
    let _server = Server::up_at(address, Manner::Hangs);
    let active = nanny.wait_for("[ active ]");
    assert!(active - before < INTERVAL + SLACK);
}

#[test]
fn a_failure_within_the_timeout_takes_nobody_out_and_starts_reentry_anew() {
    let server = Server::up(Manner::Hangs);
    let address = server.address;
    let mut nanny = Nanny::connecting(address, "-t 4 --interval 50ms -a 5");
    nanny.wait_for("[ active ]");
    drop(server);
    nanny.wait_for("CONNECT to");
    let server = Server::up_at(address, Manner::Hangs);
    nanny.never_says("active", Duration::from_secs(5));

    drop(server);
    nanny.wait_for("[inactive] shutting down");
    let server = Server::up_at(address, Manner::Hangs);
    nanny.never_says("active", Duration::from_secs(1));
    drop(server);
    nanny.wait_for("CONNECT to");
    let before = Instant::now();
    let _server = Server::up_at(address, Manner::Hangs);
    let active = nanny.wait_for("[ active ]");
    assert!(active - before >= Duration::from_secs(5));
    let again = nanny
        .seen
        .iter()
        .filter(|line| line.contains("answers again"));
    assert_eq!(again.count(), 1, "once an outage: {:#?}", nanny.seen);
}

#[test]
fn a_server_that_falls_silent_goes_out_within_timeout_and_interval() {
    let server = Server::up(PAGE);
    let address = server.address;
    let mut nanny = Nanny::asking(address, RULES);
    nanny.wait_for("[ active ]");
    drop(server);
    // Each attempt takes the whole timeout from now on.
    let _server = Server::up_at(address, Manner::Hangs);
    let inactive = nanny.wait_for("[inactive] shutting down");
    is_in_time(inactive - nanny.last("passed in"));
}
