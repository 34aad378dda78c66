//! A hundred thousand checks, which is two days of them, and some thousands of each other kind,
//! leak nothing: no descriptor, no memory, no connection. They run without pauses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::nanny::{DESCRIPTORS, LONG, Nanny, PAGES, wait_until};
use crate::script::File;
use crate::server::{Behavior, PAGE, Server, refusing};

/// The sockets with this address on either end in TIME_WAIT.
fn in_time_wait(address: SocketAddr) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's list");
    let IpAddr::V4(ip) = address.ip() else {
        panic!("{address} is in another list");
    };
    // In host byte order (proc(5)).
    let ip = u32::from_ne_bytes(ip.octets());
    let wanted = format!("{ip:08X}:{:04X}", address.port());
    table
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            Some((fields.next()?, fields.next()?, fields.next()?))
        })
        // State 6 is TIME_WAIT (include/net/tcp_states.h).
        .filter(|(local, remote, state)| {
            *state == "06" && [*local, *remote].contains(&wanted.as_str())
        })
        .count()
}

/// Waits until `made` has counted this many checks, without a time limit for each.
#[track_caller]
fn wait_until_made(checks: u64, made: impl Fn() -> u64) {
    let (mut last, mut end) = (0, Instant::now() + LONG);
    loop {
        let now = made();
        if now >= checks {
            return;
        }
        if now > last {
            (last, end) = (now, Instant::now() + LONG);
        }
        assert!(Instant::now() < end, "no more than {now} checks");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the process is sleeping.
fn is_asleep(nanny: &Nanny) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", nanny.pid()));
    stat.expect("it is running").contains(") S ")
}

/// Number of voluntary context switches of the process.
fn sleeps(nanny: &Nanny) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", nanny.pid()));
    let status = status.expect("it is running");
    let line = status
        .lines()
        .find(|line| line.starts_with("voluntary_ctxt_switches:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.expect("a count").parse().expect("a number")
}

/// Without a pause between checks, and with a long timeout for a busy machine.
const TIGHT: &str = "-t 15 --interval 0.000001 -a 0";

/// Runs this many checks, counted by `made`, of which the second half must allocate nothing.
fn pass_without_leaks(mut nanny: Nanny, checks: u64, made: impl Fn() -> u64) {
    nanny.wait_for("[ active ]");
    // By then every code path has been used, regardless of the order of events.
    wait_until_made(checks / 2, &made);
    let memory = nanny.memory();
    for look in 6..=10 {
        wait_until_made(checks * look / 10, &made);
        let descriptors = nanny.descriptors();
        assert!(descriptors <= DESCRIPTORS, "{descriptors}");
        nanny.has_one_child_at_most();
        // Four bytes a check would exceed this for each kind of check here.
        nanny.memory_settles_within(memory + PAGES);
    }
    nanny.never_logs("[inactive]", Duration::from_millis(10));
}

#[test]
fn connect_checks_do_not_leak() {
    // The server closes after the check: the check's side would keep TIME_WAIT.
    let server = Server::up(Behavior::Answers(b""));
    let nanny = Nanny::connecting(server.address, TIGHT);
    pass_without_leaks(nanny, 100_000, || server.accepted());
    assert_eq!(in_time_wait(server.address), 0);
}

#[test]
fn dialogue_checks_do_not_leak() {
    for check in [
        &["-s", r"GET / HTTP/1.0\r\n\r\n", "-x", "HTTP/1.* 200"][..],
        &["--regex", "-s", "x", "-x", r"^HTTP/1\.[01] (200|304)"],
    ] {
        let server = Server::up(PAGE);
        let nanny = Nanny::checking(server.address, TIGHT, check);
        pass_without_leaks(nanny, 15_000, || server.accepted());
        assert_eq!(in_time_wait(server.address), 0);
    }
}

#[test]
fn udp_checks_do_not_leak() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
    let address = server.local_addr().expect("an address");
    let echoed = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&echoed);
    // Ends with the test process: after the nanny's exit nothing arrives.
    std::thread::spawn(move || {
        let mut request = [0; 64];
        while let Ok((length, peer)) = server.recv_from(&mut request) {
            counter.fetch_add(1, Ordering::Relaxed);
            let _ = server.send_to(&request[..length], peer);
        }
    });
    let nanny = Nanny::checking(address, TIGHT, &["-u", "-s", "knock", "-x", "kn*ck"]);
    pass_without_leaks(nanny, 20_000, || echoed.load(Ordering::Relaxed));
}

#[test]
fn program_checks_do_not_leak() {
    let script = File::new("printf x >>\"$3\"");
    let runs = File::new("");
    let server = "127.0.0.1:9".parse().expect("an address");
    let nanny = Nanny::checking(server, TIGHT, &["-e", &script.command(&runs)]);
    pass_without_leaks(nanny, 5_000, || runs.text().len() as u64);
}

#[test]
fn failing_checks_do_not_leak() {
    let address = refusing();
    let mut nanny = Nanny::connecting(address, "-t 1 --interval 1ms -a 0");
    nanny.wait_for("[inactive]");
    let (memory, start) = (nanny.memory(), sleeps(&nanny));
    wait_until_made(3000, || sleeps(&nanny) - start);
    let descriptors = nanny.descriptors();
    assert!(descriptors <= DESCRIPTORS, "{descriptors}");
    nanny.memory_settles_within(memory + PAGES);
}

#[test]
fn wakes_for_timers_only() {
    let server = Server::up(PAGE);
    let mut nanny = Nanny::connecting(server.address, "-t 600 --interval 600 -a 0");
    nanny.wait_for("[ active ]");
    // On a busy machine the work after the log line may be delayed, and a preemption counts as a
    // context switch too.
    let mut before = 0;
    wait_until("it rests", || {
        std::thread::sleep(Duration::from_secs(2));
        let is_asleep = is_asleep(&nanny);
        let now = sleeps(&nanny);
        std::mem::replace(&mut before, now) == now && is_asleep
    });
}
