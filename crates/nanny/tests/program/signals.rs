//! Signals, in the middle of checks too, and the parent's death.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use ::nix::sys::signal::Signal;

use crate::nanny::{Nanny, PROGRAM, SLACK, arguments};
use crate::server::{Blackhole, Manner, Server, refusing};

/// How long a nanny that checks this address, which takes a minute, takes to end by a signal.
fn stop(address: SocketAddr, signal: Signal) -> Duration {
    let mut nanny = Nanny::asking(address, "-t 60 --interval 60");
    nanny.wait_for("starting LVS client monitor");
    std::thread::sleep(Duration::from_millis(100));
    let before = Instant::now();
    nanny.signal(signal);
    nanny.wait_for(&format!("Terminating due to signal {}", signal as i32));
    assert_eq!(nanny.ended().code(), Some(0));
    before.elapsed()
}

#[test]
fn a_stop_takes_effect_at_once_even_during_a_check() {
    let hole = Blackhole::new();
    let silent = Server::up(Manner::Hangs);
    let at_once = Duration::from_secs(1);
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        for address in [hole.address, silent.address] {
            // The machine may stand still now and then, the nanny never.
            let stops_at_once = || stop(address, signal) < at_once;
            assert!((0..5).any(|_| stops_at_once()), "{signal}");
        }
    }
}

#[test]
fn a_server_is_forced_out_and_in_and_back_to_normal() {
    let server = Server::up(Manner::Hangs);
    let address = server.address;
    let mut nanny = Nanny::connecting(address, "-t 0.3 --interval 50ms -a 100");
    nanny.wait_for("[ active ]");
    nanny.signal(Signal::SIGUSR1);
    nanny.wait_for(&format!("signal 10: {address} out until further notice"));
    nanny.wait_for("[inactive]");
    nanny.never_says("[ active ]", Duration::from_millis(300));
    nanny.signal(Signal::SIGHUP);
    nanny.wait_for(&format!("signal 1: {address} back to normal"));
    nanny.wait_for("[ active ]");

    nanny.signal(Signal::SIGUSR2);
    nanny.wait_for(&format!("signal 12: {address} in until further notice"));
    drop(server);
    nanny.wait_for("CONNECT to");
    nanny.never_says("[inactive]", Duration::from_secs(1));
    nanny.signal(Signal::SIGHUP);
    nanny.wait_for("[inactive] shutting down");
    assert!(nanny.seen.iter().all(|line| !line.contains("Terminating")));
}

#[test]
fn a_server_that_never_passed_can_be_forced_in() {
    let address = refusing();
    let mut nanny = Nanny::connecting(address, "-t 0.3 --interval 50ms");
    nanny.wait_for("is not available yet");
    nanny.signal(Signal::SIGUSR2);
    nanny.wait_for("[ active ]");
    nanny.signal(Signal::SIGHUP);
    nanny.wait_for("[inactive]");
}

#[test]
fn a_server_is_forced_out_before_the_first_verdict_and_after_it_failed() {
    let silent = Server::up(Manner::Hangs);
    let address = silent.address;
    let mut nanny = Nanny::asking(address, "-t 60 --interval 60");
    nanny.wait_for("starting LVS client monitor");
    nanny.signal(Signal::SIGUSR1);
    nanny.wait_for(&format!("signal 10: {address} out until further notice"));
    nanny.wait_for(&format!("[inactive] shutting down {address} on request"));

    let mut nanny = Nanny::connecting(refusing(), "-t 0.3 --interval 50ms");
    nanny.wait_for("is not available yet");
    nanny.signal(Signal::SIGUSR1);
    nanny.wait_for("on request");
}

#[test]
fn a_nanny_that_was_stopped_looks_before_it_judges() {
    let server = Server::up(Manner::Hangs);
    let mut nanny = Nanny::connecting(server.address, "-t 0.3 --interval 100ms -a 100");
    nanny.wait_for("[ active ]");
    for _ in 0..3 {
        nanny.signal(Signal::SIGSTOP);
        std::thread::sleep(Duration::from_secs(1));
        nanny.signal(Signal::SIGCONT);
        nanny.never_says("[inactive]", Duration::from_millis(350));
    }
}

#[test]
fn the_parents_death_ends_a_nanny() {
    let server = Server::up(Manner::Hangs);
    let more = "-n -c -t 60 --interval 60";
    let line = arguments(server.address, 80, more).join(" ");
    // The shell's child has the pipe; the line is said after the parent was noted.
    let script = format!("{PROGRAM} {line} & wait");
    let mut shell = Nanny::start(Command::new("/bin/sh").args(["-c", &script]));
    shell.wait_for("starting LVS client monitor");
    let before = Instant::now();
    shell.signal(Signal::SIGKILL);
    let said = shell.wait_for("the parent is gone: leaving the table to its successor");
    assert!(said - before < SLACK);
    // The end of its output is the end of the nanny.
    shell.ended();
    assert!(before.elapsed() < SLACK * 2);
    assert!(shell.seen.iter().all(|line| !line.contains("Terminating")));
}
