//! The watch of a failover service: exit status and timing.

use std::process::Command;
use std::time::{Duration, Instant};

use ::nix::sys::signal::Signal;

use crate::nanny::{Nanny, PROGRAM, SLACK};
use crate::server::{PAGE, Server, refusing};

const TIMEOUT: Duration = Duration::from_secs(3);
const INTERVAL: Duration = Duration::from_millis(100);

fn watch(address: std::net::SocketAddr) -> Nanny {
    let line = format!(
        "-n --fos -h {} -p {} -t 3 --interval 100ms",
        address.ip(),
        address.port()
    );
    Nanny::start(Command::new(PROGRAM).args(line.split_whitespace()))
}

#[test]
fn exits_0_when_service_fails() {
    let server = Server::up(PAGE);
    let address = server.address;
    let mut nanny = watch(address);
    nanny.wait_for(&format!("starting FOS client monitor for {address}"));
    nanny.wait_for(&format!("[ active ] {address} is up"));
    nanny.never_logs("[inactive]", TIMEOUT * 4 / 3);
    let before = Instant::now();
    drop(server);
    let down = format!("[inactive] {address} is down due to connection failure");
    let took = nanny.wait_for(&down) - before;
    // On a stalled machine the last pass may be a while ago.
    assert!(took >= TIMEOUT / 2, "{took:?} is too early");
    assert!(took <= TIMEOUT + INTERVAL + SLACK, "{took:?} is too late");
    assert_eq!(nanny.ended().code(), Some(0));
}

#[test]
fn exits_1_when_service_never_came_up() {
    let address = refusing();
    let mut nanny = watch(address);
    nanny.wait_for(&format!("[inactive] {address} is not available yet"));
    let line = format!("[inactive] {address} did not come up within 3 s");
    let logged = nanny.wait_for(&line) - nanny.started;
    assert!(logged >= TIMEOUT, "{logged:?}");
    assert!(logged <= TIMEOUT + SLACK, "{logged:?}");
    assert_eq!(nanny.ended().code(), Some(1));
}

#[test]
fn late_service_is_watched() {
    let address = refusing();
    let mut nanny = watch(address);
    nanny.wait_for("is not available yet");
    let _server = Server::up_at(address, PAGE);
    nanny.wait_for("is up");
    nanny.never_logs("[inactive]", TIMEOUT * 4 / 3);
}

#[test]
fn termination_by_signal_exits_1() {
    let server = Server::up(PAGE);
    let mut nanny = watch(server.address);
    nanny.wait_for("is up");
    nanny.signal(Signal::SIGTERM);
    nanny.wait_for("Terminating due to signal 15");
    assert_eq!(nanny.ended().code(), Some(1));
}

#[test]
fn forced_out_service_exits_0() {
    let server = Server::up(PAGE);
    let mut nanny = watch(server.address);
    nanny.wait_for("is up");
    nanny.signal(Signal::SIGUSR1);
    nanny.wait_for("on request");
    assert_eq!(nanny.ended().code(), Some(0));
}

#[test]
fn forced_in_service_without_pass_exits_1() {
    let address = refusing();
    let mut nanny = watch(address);
    nanny.wait_for("is not available yet");
    nanny.signal(Signal::SIGUSR2);
    nanny.wait_for("is up");
    nanny.never_logs("[inactive]", TIMEOUT * 4 / 3);
    nanny.signal(Signal::SIGHUP);
    nanny.wait_for("is not available yet");
    nanny.wait_for("did not come up within 3 s");
    assert_eq!(nanny.ended().code(), Some(1));
}
