//! Signals, also during checks, and the parent's death.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use ::nix::sys::signal::Signal;

use crate::nanny::{Nanny, PROGRAM, SLACK, arguments};
use crate::server::{Behavior, Blackhole, Server, refusing};

/// Time from a signal to the exit of a nanny during a check of this address, which takes a minute.
fn stop(address: SocketAddr, signal: Signal) -> Duration {
    let mut nanny = Nanny::http(address, "-t 60 --interval 60");
    nanny.wait_for("starting LVS client monitor");
    std::thread::sleep(Duration::from_millis(100));
    let before = Instant::now();
    nanny.signal(signal);
    nanny.wait_for(&format!("Terminating due to signal {}", signal as i32));
    assert_eq!(nanny.ended().code(), Some(0));
    before.elapsed()
}

#[test]
fn stop_takes_effect_during_check() {
    let hole = Blackhole::new();
    let silent = Server::up(Behavior::Hangs);
    let at_once = Duration::from_secs(1);
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        for address in [hole.address, silent.address] {
            // The machine may stall sometimes, the nanny never.
            let stops_at_once = || stop(address, signal) < at_once;
            assert!((0..5).any(|_| stops_at_once()), "{signal}");
        }
    }
}

#[test]
fn signals_force_out_in_and_normal() {
    let server = Server::up(Behavior::Hangs);
    let address = server.address;
    let mut nanny = Nanny::connecting(address, "-t 0.3 --interval 50ms -a 100");
    nanny.wait_for("[ active ]");
    nanny.signal(Signal::SIGUSR1);
    nanny.wait_for(&format!("signal 10: {address} out until further notice"));
    nanny.wait_for("[inactive]");
    nanny.never_logs("[ active ]", Duration::from_millis(300));
    nanny.signal(Signal::SIGHUP);
    nanny.wait_for(&format!("signal 1: {address} back to normal"));
    nanny.wait_for("[ active ]");

    nanny.signal(Signal::SIGUSR2);
    nanny.wait_for(&format!("signal 12: {address} in until further notice"));
    drop(server);
    nanny.wait_for("CONNECT to");
    nanny.never_logs("[inactive]", Duration::from_secs(1));
    nanny.signal(Signal::SIGHUP);
    nanny.wait_for("[inactive] shutting down");
    assert!(nanny.seen.iter().all(|line| !line.contains("Terminating")));
}

#[test]
fn forces_in_server_without_pass() {
    let address = refusing();
    let mut nanny = Nanny::connecting(address, "-t 0.3 --interval 50ms");
    nanny.wait_for("is not available yet");
    nanny.signal(Signal::SIGUSR2);
    nanny.wait_for("[ active ]");
    nanny.signal(Signal::SIGHUP);
    nanny.wait_for("[inactive]");
}

#[test]
fn forces_out_unchecked_and_failed_server() {
    let silent = Server::up(Behavior::Hangs);
    let address = silent.address;
    let mut nanny = Nanny::http(address, "-t 60 --interval 60");
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
fn stall_alone_does_not_remove_server() {
    let server = Server::up(Behavior::Hangs);
    let mut nanny = Nanny::connecting(server.address, "-t 0.3 --interval 100ms -a 100");
    nanny.wait_for("[ active ]");
    for _ in 0..3 {
        nanny.signal(Signal::SIGSTOP);
        std::thread::sleep(Duration::from_secs(1));
        nanny.signal(Signal::SIGCONT);
        nanny.never_logs("[inactive]", Duration::from_millis(350));
    }
}

#[test]
fn nanny_exits_when_parent_dies() {
    let server = Server::up(Behavior::Hangs);
    let more = "-n -c -t 60 --interval 60";
    let line = arguments(server.address, 80, more).join(" ");
    // The shell's child has the pipe; the line is logged after the parent was recorded.
    let script = format!("{PROGRAM} {line} & wait");
    let mut shell = Nanny::start(Command::new("/bin/sh").args(["-c", &script]));
    shell.wait_for("starting LVS client monitor");
    let before = Instant::now();
    shell.signal(Signal::SIGKILL);
    let logged = shell.wait_for("parent died: leaving the IPVS table to its successor");
    assert!(logged - before < SLACK);
    // The end of its output is the end of the nanny.
    shell.ended();
    assert!(before.elapsed() < SLACK * 2);
    assert!(shell.seen.iter().all(|line| !line.contains("Terminating")));
}
