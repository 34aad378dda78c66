//! Each way a server can fail: verdict, line, time bound.

use std::net::{Ipv6Addr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use ::nix::sys::signal::Signal;
use socket2::{Domain, Protocol, Socket, Type};

use crate::nanny::{DESCRIPTORS, Nanny, PAGES, PROGRAM, SLACK, arguments, is_gone, wait_until};
use crate::server::{Blackhole, Manner, PAGE, Server, refusing, refusing_datagrams};

/// Rules that suit [`fails`] where nothing comes before the timeout.
pub(crate) const RULES: &str = "-t 0.5 --interval 100ms -a 0";
/// The timeout of [`RULES`].
pub(crate) const TIMEOUT: Duration = Duration::from_millis(500);

/// For checks that are to pass, or to fail for another reason than the time, however busy the machine:
/// with these the first one that fails is told as with those. The timeout is longer than [`SLACK`].
pub(crate) const PATIENT: &str = "-t 30 --interval 100ms -a 0";

/// For checks that time out, but for which something else is to happen before.
const PAUSED: &str = "-t 3 --interval 100ms -a 0";
/// The timeout of [`PAUSED`].
const PAUSE: Duration = Duration::from_secs(3);

/// The rules that suit [`fails`] for a check that takes `least`.
pub(crate) fn rules(least: Duration) -> &'static str {
    if least.is_zero() { PATIENT } else { RULES }
}

/// The first check fails with this line, after at least `least` and soon after that.
#[track_caller]
pub(crate) fn fails(mut nanny: Nanny, line: &str, least: Duration) {
    let said = nanny.wait_for("[inactive]") - nanny.started;
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
    assert!(said >= least, "{said:?}");
    assert!(said <= least + SLACK, "{said:?}");
    goes_on_so(nanny);
}

/// It fails again and again, which leaves nothing behind in the nanny; and nothing is left of the nanny
/// when it has ended.
#[track_caller]
fn goes_on_so(mut nanny: Nanny) {
    nanny.never_says("[ active ]", TIMEOUT);
    let memory = nanny.memory();
    nanny.never_says("[ active ]", TIMEOUT * 2);
    nanny.rests_within(memory + PAGES);
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
    fails(Nanny::asking(address, PATIENT), &line, Duration::ZERO);
    fails(Nanny::connecting(address, PATIENT), &line, Duration::ZERO);
}

#[test]
fn dropped() {
    let hole = Blackhole::new();
    let line = format!("CONNECT to {} timed out", hole.address);
    fails(Nanny::asking(hole.address, RULES), &line, TIMEOUT);
}

#[test]
fn unreachable() {
    // TCP to the broadcast address has no route: the kernel refuses before it sends anything.
    let address = "255.255.255.255:80".parse().expect("an address");
    let line = "CONNECT to 255.255.255.255:80 failed: Network is unreachable";
    fails(Nanny::asking(address, PATIENT), line, Duration::ZERO);
}

#[test]
fn accepts_and_says_nothing() {
    let server = Server::up(Manner::Hangs);
    let line = format!("READ to {} timed out", server.address);
    fails(Nanny::asking(server.address, RULES), &line, TIMEOUT);
}

/// What follows "timed out" on loopback: nothing where no ping can be sent.
fn told(domain: Domain, protocol: Protocol) -> &'static str {
    let can_ask = [Type::DGRAM, Type::RAW]
        .into_iter()
        .any(|kind| Socket::new(domain, kind, Some(protocol)).is_ok());
    if can_ask {
        ": service down, the host answers a ping"
    } else {
        ""
    }
}

#[test]
fn the_host_of_a_dead_service_is_known_to_be_alive() {
    let told = told(Domain::IPV4, Protocol::ICMPV4);
    let hole = Blackhole::new();
    let line = format!("CONNECT to {} timed out{told}", hole.address);
    fails(Nanny::asking(hole.address, PAUSED), &line, PAUSE);
}

#[test]
fn a_host_that_has_accepted_a_connection_is_not_pinged() {
    let silent = Server::up(Manner::Hangs);
    let mut nanny = Nanny::asking(silent.address, RULES);
    nanny.wait_for("READ to");
    let line = format!("nanny: READ to {} timed out", silent.address);
    assert_eq!(nanny.seen.last(), Some(&line));
}

#[test]
fn what_this_router_lacks_is_not_blamed_on_the_server() {
    let server = Server::up(PAGE);
    let address = server.address;
    let line = arguments(address, 80, RULES).join(" ");
    // Room for the standard streams and the signals, and for no connection.
    let close = "for fd in 3 4 5 6 7 8 9; do eval \"exec $fd>&-\"; done";
    let limited = format!("{close}; ulimit -n 4; exec {PROGRAM} {line} -n");
    let mut nanny = Nanny::start(Command::new("sh").args(["-c", &limited]));
    nanny.wait_for(&format!(
        "CONNECT to {address} failed: this router: Too many open files"
    ));
}

#[test]
fn over_ipv6_as_over_ipv4() {
    let loopback = (Ipv6Addr::LOCALHOST, 0).into();
    if UdpSocket::bind(loopback).is_err() {
        // A machine without IPv6: the checks fail, and say so.
        let address = (Ipv6Addr::LOCALHOST, 80).into();
        let line = "CONNECT to [::1]:80 failed: ";
        return fails(Nanny::asking(address, PATIENT), line, Duration::ZERO);
    }
    let server = Server::up_at(loopback, PAGE);
    let address = server.address;
    let mut nanny = Nanny::asking(address, PATIENT);
    nanny.wait_for(&format!("[ active ] making {address} available"));
    drop(server);
    nanny.wait_for(&format!("CONNECT to {address} failed: Connection refused"));

    let silent = UdpSocket::bind(loopback).expect("bound");
    let address = silent.local_addr().expect("an address");
    let told = told(Domain::IPV6, Protocol::ICMPV6);
    let line = format!("READ to {address} timed out{told}");
    fails(Nanny::checking(address, PAUSED, &["-u"]), &line, PAUSE);

    let (address, _socket) = refusing_datagrams(loopback);
    let line = format!("READ to {address} failed: Connection refused");
    fails(
        Nanny::checking(address, PATIENT, &["-u"]),
        &line,
        Duration::ZERO,
    );
}

#[test]
fn closes_at_once() {
    let server = Server::up(Manner::Closes);
    let mut nanny = Nanny::asking(server.address, PATIENT);
    nanny.wait_for("[inactive]");
    // Which one depends on whether the close overtakes the request.
    let address = server.address;
    let lines = [
        format!("READ to {address} failed: closed before the whole reply came"),
        format!("READ to {address} failed: Connection reset by peer"),
        format!("SEND to {address} failed: Broken pipe"),
        format!("SEND to {address} failed: Connection reset by peer"),
    ];
    let said = |seen: &String| lines.iter().any(|line| seen.ends_with(line.as_str()));
    assert!(nanny.seen.iter().any(said), "{:#?}", nanny.seen);
    goes_on_so(nanny);
}

#[test]
fn resets() {
    let server = Server::up(Manner::Resets);
    let mut nanny = Nanny::asking(server.address, PATIENT);
    nanny.wait_for("[inactive]");
    goes_on_so(nanny);
}

#[test]
fn answers_half_and_closes() {
    let server = Server::up(Manner::Answers(b"HTT"));
    let line = format!(
        "READ to {} failed: closed before the whole reply came",
        server.address
    );
    fails(
        Nanny::asking(server.address, PATIENT),
        &line,
        Duration::ZERO,
    );
}

#[test]
fn answers_wrong() {
    let server = Server::up(Manner::Answers(b"SSH-2.0-OpenSSH_9.2\r\n"));
    let line = format!(
        "READ to {} failed: the reply is not as expected: \"SSH-\"",
        server.address
    );
    fails(
        Nanny::asking(server.address, PATIENT),
        &line,
        Duration::ZERO,
    );
}

#[test]
fn answers_too_slowly() {
    // No pause is as long as the timeout, but the fourth byte, the last that is waited for, comes
    // after three, and long after the timeout. A timeout for each read would let the server in.
    let pause = PAUSE * 4 / 5;
    let server = Server::up(Manner::ByteByByte(b"HTTP", pause));
    let line = format!("READ to {} timed out", server.address);
    fails(Nanny::asking(server.address, PAUSED), &line, PAUSE);
}

#[test]
fn answers_byte_by_byte_and_passes() {
    let server = Server::up(Manner::ByteByByte(
        b"HTTP/1.0 200 OK\r\n\r\n",
        Duration::from_millis(20),
    ));
    let mut nanny = Nanny::asking(server.address, PATIENT);
    nanny.passes(TIMEOUT * 3);
}

#[test]
fn answers_ten_million_bytes_and_passes_in_the_same_memory() {
    let server = Server::up(Manner::Floods);
    let mut nanny = Nanny::asking(server.address, "-t 15 --interval 10ms -a 0");
    nanny.wait_for("[ active ]");
    let before = nanny.memory();
    wait_until("it checks", || server.accepted() > 20);
    nanny.never_says("", Duration::from_millis(10));
    // From then on no check holds a reply.
    drop(server);
    nanny.rests_within(before + PAGES);
}

#[test]
fn a_failing_server_is_told_of_once_in_a_while() {
    let address = refusing();
    let mut nanny = Nanny::connecting(address, "-t 0.5 --interval 5ms -a 0");
    nanny.wait_for("[inactive]");
    nanny.never_says("CONNECT", Duration::from_secs(1));
    let _server = Server::up_at(address, PAGE);
    nanny.wait_for("[ active ]");
}
