//! A hundred thousand checks, which is two days of them, leave nothing behind: no descriptor, no
//! memory, no connection. They are made one right after the other.

use std::time::{Duration, Instant};

use crate::nanny::{DESCRIPTORS, LONG, Nanny};
use crate::server::{Manner, PAGE, Server, refusing};

/// How long all checks of one test may take, on a busy machine.
const ENDURANCE: Duration = Duration::from_secs(120);

/// The sockets with this port on either end that are in TIME_WAIT.
fn in_time_wait(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's list");
    let port = format!(":{port:04X}");
    table
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            Some((fields.next()?, fields.next()?, fields.next()?))
        })
        // State 6 is TIME_WAIT (include/net/tcp_states.h).
        .filter(|(local, remote, state)| {
            *state == "06" && (local.ends_with(&port) || remote.ends_with(&port))
        })
        .count()
}

/// How many times the process has gone to sleep of its own accord.
fn sleeps(nanny: &Nanny) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", nanny.pid()));
    let status = status.expect("it lives");
    let line = status
        .lines()
        .find(|line| line.starts_with("voluntary_ctxt_switches:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.expect("a count").parse().expect("a number")
}

/// Without a pause between checks, and with patience for a busy machine.
const TIGHT: &str = "-t 10 --interval 0.000001 -a 0";

/// So many checks pass, and at ten looks in between everything is as it was after the first of them.
fn pass_and_leave_nothing_behind(server: &Server, mut nanny: Nanny, checks: u64) {
    nanny.wait_for("[ active ]");
    let wait_until = |checks| {
        let end = Instant::now() + ENDURANCE;
        while server.accepted() < checks {
            assert!(Instant::now() < end, "only {} checks", server.accepted());
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    wait_until(checks / 100);
    let memory = nanny.memory();
    for look in 1..=10 {
        wait_until(checks * look / 10);
        let descriptors = nanny.descriptors();
        assert!(descriptors <= DESCRIPTORS, "{descriptors}");
        assert_eq!(nanny.memory(), memory, "after {} checks", server.accepted());
    }
    assert_eq!(in_time_wait(server.address.port()), 0);
    nanny.never_says("[inactive]", Duration::from_millis(10));
}

#[test]
fn checks_that_ask_leave_nothing_behind() {
    let server = Server::up(PAGE);
    let nanny = Nanny::asking(server.address, TIGHT);
    pass_and_leave_nothing_behind(&server, nanny, 20_000);
}

#[test]
fn checks_that_connect_leave_nothing_behind() {
    // A server that closes when the check has: the check's side would keep TIME_WAIT.
    let server = Server::up(Manner::Answers(b""));
    let nanny = Nanny::connecting(server.address, TIGHT);
    pass_and_leave_nothing_behind(&server, nanny, 100_000);
}

#[test]
fn checks_that_fail_leave_nothing_behind() {
    let address = refusing();
    let mut nanny = Nanny::connecting(address, "-t 1 --interval 1ms -a 0");
    nanny.wait_for("[inactive]");
    let (memory, start) = (nanny.memory(), sleeps(&nanny));
    let end = Instant::now() + LONG;
    while sleeps(&nanny) < start + 3000 {
        assert!(
            Instant::now() < end,
            "only {} checks",
            sleeps(&nanny) - start
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    let descriptors = nanny.descriptors();
    assert!(descriptors <= DESCRIPTORS, "{descriptors}");
    assert_eq!(nanny.memory(), memory);
}

#[test]
fn it_wakes_for_its_timers_only() {
    let server = Server::up(PAGE);
    let mut nanny = Nanny::connecting(server.address, "-t 60 --interval 60 -a 0");
    nanny.wait_for("[ active ]");
    std::thread::sleep(Duration::from_millis(100));
    let before = sleeps(&nanny);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(sleeps(&nanny), before);
}
