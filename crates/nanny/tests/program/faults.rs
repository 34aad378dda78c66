//! Each failure of a server: status, log line, time limit.

use std::net::{Ipv6Addr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use ::nix::sys::signal::Signal;
use socket2::{Domain, Protocol, Socket, Type};

use crate::nanny::{DESCRIPTORS, Nanny, PAGES, PROGRAM, SLACK, arguments, is_gone, wait_until};
use crate::server::{Behavior, Blackhole, PAGE, Server, refusing, refusing_datagrams};

/// Arguments for [`fails`] without a wait before the timeout.
pub(crate) const RULES: &str = "-t 0.5 --interval 100ms -a 0";
/// The timeout of [`RULES`].
pub(crate) const TIMEOUT: Duration = Duration::from_millis(500);

/// For checks that must pass, or fail before the timeout on a busy machine: the first failure is
/// logged as with the others. The timeout is longer than [`SLACK`].
pub(crate) const LONG_RULES: &str = "-t 30 --interval 100ms -a 0";

/// For checks that time out after another event.
const PAUSED: &str = "-t 3 --interval 100ms -a 0";
/// The timeout of [`PAUSED`].
const PAUSE: Duration = Duration::from_secs(3);

/// The arguments of [`fails`] for a check that takes `least`.
pub(crate) fn rules(least: Duration) -> &'static str {
    if least.is_zero() { LONG_RULES } else { RULES }
}

/// The first check fails with this line, after at least `least` and soon after that.
#[track_caller]
pub(crate) fn fails(mut nanny: Nanny, line: &str, least: Duration) {
    let logged = nanny.wait_for("[inactive]") - nanny.started;
    assert!(
        nanny
            .seen
            .iter()
            .any(|seen| seen.starts_with(&format!("nanny: {line}"))),
        "{:#?}",
        nanny.seen
    );
    assert!(
        nanny
            .seen
            .iter()
            .any(|seen| seen.ends_with("is not available yet"))
    );
    assert!(logged >= least, "{logged:?}");
    assert!(logged <= least + SLACK, "{logged:?}");
    goes_on_so(nanny);
}

/// Repeated failures leak nothing in the nanny, and nothing of the nanny remains after its exit.
#[track_caller]
fn goes_on_so(mut nanny: Nanny) {
    nanny.never_logs("[ active ]", TIMEOUT);
    let memory = nanny.memory();
    nanny.never_logs("[ active ]", TIMEOUT * 2);
    nanny.memory_settles_within(memory + PAGES);
    let descriptors = nanny.descriptors();
    assert!(descriptors <= DESCRIPTORS, "{descriptors}");
    nanny.has_one_child_at_most();
    let children = nanny.children();
    nanny.signal(Signal::SIGTERM);
    assert_eq!(nanny.ended().code(), Some(0));
    for child in children {
        wait_until("its child is gone", || is_gone(child));
    }
}

#[test]
fn refused() {
    let address = refusing();
    let line = format!("CONNECT to {address} failed: Connection refused");
    fails(Nanny::http(address, LONG_RULES), &line, Duration::ZERO);
    fails(
        Nanny::connecting(address, LONG_RULES),
        &line,
        Duration::ZERO,
    );
}

#[test]
fn dropped() {
    let hole = Blackhole::new();
    let line = format!("CONNECT to {} timed out", hole.address);
    fails(Nanny::http(hole.address, RULES), &line, TIMEOUT);
}

#[test]
fn unreachable() {
    // TCP to the broadcast address has no route: the kernel refuses it before sending a packet.
    let address = "255.255.255.255:80".parse().expect("an address");
    let line = "CONNECT to 255.255.255.255:80 failed: Network is unreachable";
    fails(Nanny::http(address, LONG_RULES), line, Duration::ZERO);
}

#[test]
fn accepts_without_reply() {
    let server = Server::up(Behavior::Hangs);
    let line = format!("READ to {} timed out", server.address);
    fails(Nanny::http(server.address, RULES), &line, TIMEOUT);
}

/// The suffix of "timed out" on loopback: empty if no ping can be sent.
fn suffix_for(domain: Domain, protocol: Protocol) -> &'static str {
    let can_ping = [Type::DGRAM, Type::RAW]
        .into_iter()
        .any(|kind| Socket::new(domain, kind, Some(protocol)).is_ok());
    if can_ping {
        ": service down, the host answers a ping"
    } else {
        ""
    }
}

#[test]
fn timeout_reports_reachable_host() {
    let suffix = suffix_for(Domain::IPV4, Protocol::ICMPV4);
    let hole = Blackhole::new();
    let line = format!("CONNECT to {} timed out{suffix}", hole.address);
    fails(Nanny::http(hole.address, PAUSED), &line, PAUSE);
}

#[test]
fn connected_host_is_not_pinged() {
    let silent = Server::up(Behavior::Hangs);
    let mut nanny = Nanny::http(silent.address, RULES);
    nanny.wait_for("READ to");
    let line = format!("nanny: READ to {} timed out", silent.address);
    assert_eq!(nanny.seen.last(), Some(&line));
}

#[test]
fn local_resource_failure_names_router() {
    let server = Server::up(PAGE);
    let address = server.address;
    let line = arguments(address, 80, RULES).join(" ");
    // Enough for the standard streams and the signals, and for no connection.
    let close = "for fd in 3 4 5 6 7 8 9; do eval \"exec $fd>&-\"; done";
    let limited = format!("{close}; ulimit -n 4; exec {PROGRAM} {line} -n");
    let mut nanny = Nanny::start(Command::new("sh").args(["-c", &limited]));
    nanny.wait_for(&format!(
        "CONNECT to {address} failed: this router: Too many open files"
    ));
}

#[test]
fn fails_over_ipv6() {
    let loopback = (Ipv6Addr::LOCALHOST, 0).into();
    if UdpSocket::bind(loopback).is_err() {
        // A machine without IPv6: the checks fail with this error.
        let address = (Ipv6Addr::LOCALHOST, 80).into();
        let line = "CONNECT to [::1]:80 failed: ";
        return fails(Nanny::http(address, LONG_RULES), line, Duration::ZERO);
    }
    let server = Server::up_at(loopback, PAGE);
    let address = server.address;
    let mut nanny = Nanny::http(address, LONG_RULES);
    nanny.wait_for(&format!("[ active ] making {address} available"));
    drop(server);
    nanny.wait_for(&format!("CONNECT to {address} failed: Connection refused"));

    let silent = UdpSocket::bind(loopback).expect("bound");
    let address = silent.local_addr().expect("an address");
    let suffix = suffix_for(Domain::IPV6, Protocol::ICMPV6);
    let line = format!("READ to {address} timed out{suffix}");
    fails(Nanny::checking(address, PAUSED, &["-u"]), &line, PAUSE);

    let (address, _socket) = refusing_datagrams(loopback);
    let line = format!("READ to {address} failed: Connection refused");
    fails(
        Nanny::checking(address, LONG_RULES, &["-u"]),
        &line,
        Duration::ZERO,
    );
}

#[test]
fn closes_at_once() {
    let server = Server::up(Behavior::Closes);
    let mut nanny = Nanny::http(server.address, LONG_RULES);
    nanny.wait_for("[inactive]");
    // Which of the two depends on whether the close overtakes the request.
    let address = server.address;
    let lines = [
        format!("READ to {address} failed: connection closed before complete reply"),
        format!("READ to {address} failed: Connection reset by peer"),
        format!("SEND to {address} failed: Broken pipe"),
        format!("SEND to {address} failed: Connection reset by peer"),
    ];
    let logged = |seen: &String| lines.iter().any(|line| seen.ends_with(line.as_str()));
    assert!(nanny.seen.iter().any(logged), "{:#?}", nanny.seen);
    goes_on_so(nanny);
}

#[test]
fn resets() {
    let server = Server::up(Behavior::Resets);
    let mut nanny = Nanny::http(server.address, LONG_RULES);
    nanny.wait_for("[inactive]");
    goes_on_so(nanny);
}

#[test]
fn replies_partially_and_closes() {
    let server = Server::up(Behavior::Answers(b"HTT"));
    let line = format!(
        "READ to {} failed: connection closed before complete reply",
        server.address
    );
    fails(
        Nanny::http(server.address, LONG_RULES),
        &line,
        Duration::ZERO,
    );
}

#[test]
fn replies_unexpectedly() {
    let server = Server::up(Behavior::Answers(b"SSH-2.0-OpenSSH_9.2\r\n"));
    let line = format!(
        "READ to {} failed: unexpected reply: \"SSH-\"",
        server.address
    );
    fails(
        Nanny::http(server.address, LONG_RULES),
        &line,
        Duration::ZERO,
    );
}

#[test]
fn replies_too_slowly() {
    // No pause is as long as the timeout, but the fourth byte, the last expected one, arrives after
    // three, long after the timeout. A timeout for each read would let the server in.
    let pause = PAUSE * 4 / 5;
    let server = Server::up(Behavior::ByteByByte(b"HTTP", pause));
    let line = format!("READ to {} timed out", server.address);
    fails(Nanny::http(server.address, PAUSED), &line, PAUSE);
}

#[test]
fn reply_in_single_bytes_passes() {
    let server = Server::up(Behavior::ByteByByte(
        b"HTTP/1.0 200 OK\r\n\r\n",
        Duration::from_millis(20),
    ));
    let mut nanny = Nanny::http(server.address, LONG_RULES);
    nanny.passes(TIMEOUT * 3);
}

#[test]
fn long_reply_passes_in_constant_memory() {
    let server = Server::up(Behavior::Floods);
    let mut nanny = Nanny::http(server.address, "-t 15 --interval 10ms -a 0");
    nanny.wait_for("[ active ]");
    let before = nanny.memory();
    wait_until("it checks", || server.accepted() > 20);
    nanny.never_logs("", Duration::from_millis(10));
    // From then on no check holds a reply.
    drop(server);
    nanny.memory_settles_within(before + PAGES);
}

#[test]
fn repeated_failure_is_rate_limited() {
    let address = refusing();
    let mut nanny = Nanny::connecting(address, "-t 0.5 --interval 5ms -a 0");
    nanny.wait_for("[inactive]");
    nanny.never_logs("CONNECT", Duration::from_secs(1));
    let _server = Server::up_at(address, PAGE);
    nanny.wait_for("[ active ]");
}
